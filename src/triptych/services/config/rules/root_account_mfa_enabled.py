"""ROOT_ACCOUNT_MFA_ENABLED: the root user signs in with a second factor."""

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
    enabled = item.supplementary["summary"].get("AccountMFAEnabled")
    return COMPLIANT if enabled else non_compliant("The root user has no MFA device.")


RULE = ManagedRule(
    identifier="ROOT_ACCOUNT_MFA_ENABLED",
    name="root-account-mfa-enabled",
    types=(ACCOUNT,),
    triggers=frozenset({"periodic"}),
    asks=_ask,
    evaluate=_evaluate,
    cases=(
        Case(
            name="on",
            expect="COMPLIANT",
            replies={"GetAccountSummary": {"SummaryMap": {"AccountMFAEnabled": 1}}},
        ),
        Case(
            name="off",
            expect="NON_COMPLIANT",
            replies={"GetAccountSummary": {"SummaryMap": {"AccountMFAEnabled": 0}}},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
