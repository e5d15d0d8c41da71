"""S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC: the account's public access block is as the parameters say; everything on where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Parameter, Verdict, non_compliant
from triptych.services.config.resource_type import Call
from triptych.services.config.rules._account import account_rule
from triptych.services.config.rules._parameters import boolean, is_true

_FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


async def _ask(call: Call, item: Item) -> Mapping[str, Any]:
    try:
        answer = await call("s3control", "GetPublicAccessBlock", {"AccountId": item.account})
    except ServiceError as error:
        if error.code != "NoSuchPublicAccessBlockConfiguration":
            raise
        return {"block": None}
    return {"block": answer["PublicAccessBlockConfiguration"]}


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    block = item.supplementary["block"]
    if block is None:
        return non_compliant("The account has no public access block.")
    wrong = [name for name in _FLAGS if bool(block.get(name)) != is_true(parameters.get(name, "true"))]
    return non_compliant(f"Not as wanted: {', '.join(wrong)}.") if wrong else COMPLIANT


def _replies(**changes: bool) -> dict[str, object]:
    block = {**dict.fromkeys(_FLAGS, True), **changes}
    return {"GetPublicAccessBlock": {"PublicAccessBlockConfiguration": block}}


RULE = account_rule(
    identifier="S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
    name="s3-account-level-public-access-blocks-periodic",
    parameters=tuple(Parameter(name=name, check=boolean) for name in _FLAGS),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(name="all on", expect="COMPLIANT", replies=_replies()),
        Case(name="one off", expect="NON_COMPLIANT", replies=_replies(IgnorePublicAcls=False)),
        Case(
            name="one off, as wanted",
            expect="COMPLIANT",
            replies=_replies(IgnorePublicAcls=False),
            parameters={"IgnorePublicAcls": "False"},
        ),
        Case(
            name="none",
            expect="NON_COMPLIANT",
            replies={
                "GetPublicAccessBlock": ServiceError(
                    "NoSuchPublicAccessBlockConfiguration", "none", status=404
                )
            },
        ),
    ),
)
