"""SECURITYHUB_ENABLED: Security Hub is enabled in the region."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, Verdict, non_compliant
from triptych.services.config.rules._account import account_rule, asking

_DISABLED = ("InvalidAccessException", "ResourceNotFoundException")


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    enabled = item.supplementary["answer"]
    return COMPLIANT if enabled else non_compliant("Security Hub is not enabled in the region.")


RULE = account_rule(
    identifier="SECURITYHUB_ENABLED",
    name="securityhub-enabled",
    asks=asking("securityhub", "DescribeHub", "HubArn", none=_DISABLED),
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
    ),
)
