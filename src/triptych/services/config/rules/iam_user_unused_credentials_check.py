"""IAM_USER_UNUSED_CREDENTIALS_CHECK: no password and no active access key is left unused for so many days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    EVALUATED,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._credentials import ask_usage
from triptych.services.config.rules._parameters import integer


def _unused(used: datetime | None, made: datetime, now: datetime) -> int:
    return (now - (used or made)).days


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    most, now, found = (
        int(parameters["maxCredentialUsageAge"]),
        item.supplementary[EVALUATED],
        item.supplementary,
    )
    if profile := found["password"]:
        days = _unused(found["user"].get("PasswordLastUsed"), profile["CreateDate"], now)
        if days > most:
            return non_compliant(f"The password was not used for {days} days; {most} are allowed.")
    for key in found["keys"]:
        days = _unused(key["LastUsedDate"], key["CreateDate"], now)
        if key.get("Status") == "Active" and days > most:
            return non_compliant(
                f"The access key {key['AccessKeyId']} was not used for {days} days; {most} are allowed."
            )
    return COMPLIANT


_OLD, _NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = {"maxCredentialUsageAge": "90"}


def _replies(
    *, password: datetime | None = None, key: datetime | None = None, status: str = "Active"
) -> dict[str, Any]:
    """Credentials made long ago, and when they were last used."""
    return {
        "GetUser": {"User": {"UserName": "u", **({"PasswordLastUsed": password} if password else {})}},
        "GetLoginProfile": {"LoginProfile": {"UserName": "u", "CreateDate": _OLD}},
        "ListAccessKeys": {
            "AccessKeyMetadata": [
                {"AccessKeyId": "AKIA0123456789ABCDEF", "Status": status, "CreateDate": _OLD}
            ]
        },
        "GetAccessKeyLastUsed": {"AccessKeyLastUsed": {"LastUsedDate": key} if key else {}},
    }


RULE = ManagedRule(
    identifier="IAM_USER_UNUSED_CREDENTIALS_CHECK",
    name="iam-user-unused-credentials-check",
    types=("AWS::IAM::User",),
    triggers=frozenset({"periodic"}),
    parameters=(Parameter(name="maxCredentialUsageAge", required=True, check=integer),),
    asks=ask_usage,
    evaluate=_evaluate,
    cases=(
        Case(name="used", expect="COMPLIANT", replies=_replies(password=_NEW, key=_NEW), parameters=_DAYS),
        Case(
            name="the password was never used",
            expect="NON_COMPLIANT",
            replies=_replies(key=_NEW),
            parameters=_DAYS,
        ),
        Case(
            name="the key was never used",
            expect="NON_COMPLIANT",
            replies=_replies(password=_NEW),
            parameters=_DAYS,
        ),
        Case(
            name="long ago",
            expect="NON_COMPLIANT",
            replies=_replies(password=_NEW, key=_OLD),
            parameters=_DAYS,
        ),
        Case(
            name="the key is not active",
            expect="COMPLIANT",
            replies=_replies(password=_NEW, status="Inactive"),
            parameters=_DAYS,
        ),
        Case(
            name="no password",
            expect="COMPLIANT",
            replies={
                **_replies(key=_NEW),
                "GetLoginProfile": ServiceError("NoSuchEntity", "none", status=404),
            },
            parameters=_DAYS,
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
