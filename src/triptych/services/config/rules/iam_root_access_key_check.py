"""IAM_ROOT_ACCESS_KEY_CHECK: the root user has no access key."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule, asking


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    present = item.supplementary["answer"].get("AccountAccessKeysPresent", 0)
    return non_compliant("The root user has an access key.") if present else COMPLIANT


RULE = account_rule(
    identifier="IAM_ROOT_ACCESS_KEY_CHECK",
    name="iam-root-access-key-check",
    asks=asking("iam", "GetAccountSummary", "SummaryMap"),
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
    ),
)
