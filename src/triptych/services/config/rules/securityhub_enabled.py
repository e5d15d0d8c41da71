"""SECURITYHUB_ENABLED: Security Hub is enabled in the region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    ACCOUNT,
    COMPLIANT,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)
from triptych.services.config.resource_type import Call


async def _ask(call: Call, _item: Item) -> Mapping[str, Any]:
    try:
        return {"hub": await call("securityhub", "DescribeHub", {})}
    except ServiceError as error:
        if error.code not in ("InvalidAccessException", "ResourceNotFoundException"):
            raise
        return {"hub": None}


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    return (
        COMPLIANT
        if item.supplementary["hub"]
        else non_compliant("Security Hub is not enabled in the region.")
    )


RULE = ManagedRule(
    identifier="SECURITYHUB_ENABLED",
    name="securityhub-enabled",
    types=(ACCOUNT,),
    triggers=frozenset({"periodic"}),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(
            name="on",
            expect="COMPLIANT",
            replies={"DescribeHub": {"HubArn": "arn:aws:securityhub:us-east-1:1:hub/default"}},
        ),
        Case(
            name="off",
            expect="NON_COMPLIANT",
            replies={"DescribeHub": ServiceError("InvalidAccessException", "not subscribed", status=401)},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
