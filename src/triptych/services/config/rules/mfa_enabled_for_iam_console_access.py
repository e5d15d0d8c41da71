"""MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS: whoever signs in to the console does so with a second factor."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._credentials import ask_console


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    if item.supplementary["password"] is None:
        return NOT_APPLICABLE
    return (
        COMPLIANT
        if item.supplementary["devices"]
        else non_compliant("The user has a password and no MFA device.")
    )


_PASSWORD: dict[str, object] = {"GetLoginProfile": {"LoginProfile": {"UserName": "u"}}}
_DEVICE: dict[str, object] = {"ListMFADevices": {"MFADevices": [{"SerialNumber": "s"}]}}
_NO_DEVICE: dict[str, object] = {"ListMFADevices": {"MFADevices": []}}


RULE = ManagedRule(
    identifier="MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS",
    name="mfa-enabled-for-iam-console-access",
    types=("AWS::IAM::User",),
    triggers=frozenset({"periodic"}),
    asks=ask_console,
    evaluate=_evaluate,
    cases=(
        Case(name="a device", expect="COMPLIANT", replies={**_PASSWORD, **_DEVICE}),
        Case(name="none", expect="NON_COMPLIANT", replies={**_PASSWORD, **_NO_DEVICE}),
        Case(
            name="no password",
            expect="NOT_APPLICABLE",
            replies={**_NO_DEVICE, "GetLoginProfile": ServiceError("NoSuchEntity", "none", status=404)},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
