"""ENCRYPTED_VOLUMES: volumes that are attached are encrypted, with the key asked for if any."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._parameters import one_of

_ENCRYPTED = {
    "attachments": [{"instanceId": "i-1"}],
    "encrypted": True,
    "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k",
}


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    volume = item.configuration or {}
    if not volume.get("attachments"):
        return NOT_APPLICABLE
    if not volume.get("encrypted"):
        return non_compliant("The volume is attached and not encrypted.")
    wanted = parameters.get("kmsId")
    if wanted and not one_of([wanted], volume.get("kmsKeyId")):
        return non_compliant("The volume is encrypted with another key.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="ENCRYPTED_VOLUMES",
    name="encrypted-volumes",
    types=("AWS::EC2::Volume",),
    parameters=(Parameter(name="kmsId"),),
    evaluate=_evaluate,
    cases=(
        Case(
            name="not attached",
            expect="NOT_APPLICABLE",
            configuration={"attachments": [], "encrypted": False},
        ),
        Case(
            name="attached, plain",
            expect="NON_COMPLIANT",
            configuration={"attachments": [{}, {"instanceId": "i-1"}], "encrypted": False},
        ),
        Case(name="attached, encrypted", expect="COMPLIANT", configuration=_ENCRYPTED),
        Case(name="the key by id", expect="COMPLIANT", configuration=_ENCRYPTED, parameters={"kmsId": "k"}),
        Case(
            name="the key by ARN",
            expect="COMPLIANT",
            configuration=_ENCRYPTED,
            parameters={"kmsId": "arn:aws:kms:us-east-1:123456789012:key/k"},
        ),
        Case(
            name="another key",
            expect="NON_COMPLIANT",
            configuration=_ENCRYPTED,
            parameters={"kmsId": "other"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
