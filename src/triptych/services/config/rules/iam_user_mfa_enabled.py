"""IAM_USER_MFA_ENABLED: every user has a second factor."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant
from triptych.services.config.rules._credentials import ask_devices


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    return COMPLIANT if item.supplementary["devices"] else non_compliant("The user has no MFA device.")


RULE = ManagedRule(
    identifier="IAM_USER_MFA_ENABLED",
    name="iam-user-mfa-enabled",
    types=("AWS::IAM::User",),
    triggers=frozenset({"periodic"}),
    asks=ask_devices,
    evaluate=_evaluate,
    cases=(
        Case(
            name="a device",
            expect="COMPLIANT",
            replies={"ListMFADevices": {"MFADevices": [{"SerialNumber": "s"}]}},
        ),
        Case(name="none", expect="NON_COMPLIANT", replies={"ListMFADevices": {"MFADevices": []}}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
