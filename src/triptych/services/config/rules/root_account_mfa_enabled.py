"""ROOT_ACCOUNT_MFA_ENABLED: the root user signs in with a second factor."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule, asking


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    enabled = item.supplementary["answer"].get("AccountMFAEnabled")
    return COMPLIANT if enabled else non_compliant("The root user has no MFA device.")


RULE = account_rule(
    identifier="ROOT_ACCOUNT_MFA_ENABLED",
    name="root-account-mfa-enabled",
    asks=asking("iam", "GetAccountSummary", "SummaryMap"),
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
    ),
)
