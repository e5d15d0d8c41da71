"""IAM_ROOT_ACCESS_KEY_CHECK: the root user has no access key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    return {"summary": (await call("iam", "GetAccountSummary", {}))["SummaryMap"]}


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    present = item.supplementary["summary"].get("AccountAccessKeysPresent", 0)
    return non_compliant("The root user has an access key.") if present else COMPLIANT


RULE = ManagedRule(
    identifier="IAM_ROOT_ACCESS_KEY_CHECK",
    name="iam-root-access-key-check",
    types=(ACCOUNT,),
    triggers=frozenset({"periodic"}),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(
            name="none",
            expect="COMPLIANT",
            replies={"GetAccountSummary": {"SummaryMap": {"AccountAccessKeysPresent": 0}}},
        ),
        Case(
            name="one",
            expect="NON_COMPLIANT",
            replies={"GetAccountSummary": {"SummaryMap": {"AccountAccessKeysPresent": 1}}},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
