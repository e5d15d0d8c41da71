"""ACCESS_KEYS_ROTATED: no active access key is older than so many days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

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
from triptych.services.config.rules._credentials import ask_keys
from triptych.services.config.rules._parameters import integer


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    most, now = int(parameters["maxAccessKeyAge"]), item.supplementary[EVALUATED]
    for key in item.supplementary["keys"]:
        days = (now - key["CreateDate"]).days
        if key.get("Status") == "Active" and days > most:
            return non_compliant(
                f"The access key {key['AccessKeyId']} is {days} days old; {most} are allowed."
            )
    return COMPLIANT


def _replies(*keys: tuple[str, datetime]) -> dict[str, object]:
    listed = [
        {"AccessKeyId": f"AKIA{n:016}", "Status": status, "CreateDate": made}
        for n, (status, made) in enumerate(keys)
    ]
    return {"ListAccessKeys": {"AccessKeyMetadata": listed}}


_OLD, _NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = {"maxAccessKeyAge": "90"}


RULE = ManagedRule(
    identifier="ACCESS_KEYS_ROTATED",
    name="access-keys-rotated",
    types=("AWS::IAM::User",),
    triggers=frozenset({"periodic"}),
    parameters=(Parameter(name="maxAccessKeyAge", required=True, check=integer),),
    asks=ask_keys,
    evaluate=_evaluate,
    cases=(
        Case(name="new", expect="COMPLIANT", replies=_replies(("Active", _NEW)), parameters=_DAYS),
        Case(
            name="old",
            expect="NON_COMPLIANT",
            replies=_replies(("Active", _NEW), ("Active", _OLD)),
            parameters=_DAYS,
        ),
        Case(
            name="old, not active", expect="COMPLIANT", replies=_replies(("Inactive", _OLD)), parameters=_DAYS
        ),
        Case(name="none", expect="COMPLIANT", replies=_replies(), parameters=_DAYS),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
