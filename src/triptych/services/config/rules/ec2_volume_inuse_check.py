"""EC2_VOLUME_INUSE_CHECK: volumes are attached, and go with their instance if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._parameters import boolean, is_true


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    attachments = (item.configuration or {}).get("attachments") or ()
    if not attachments:
        return non_compliant("The volume is not attached to an instance.")
    if is_true(parameters.get("deleteOnTermination")) and not all(
        one.get("deleteOnTermination") for one in attachments
    ):
        return non_compliant("The volume stays when its instance is terminated.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="EC2_VOLUME_INUSE_CHECK",
    name="ec2-volume-inuse-check",
    types=("AWS::EC2::Volume",),
    parameters=(Parameter(name="deleteOnTermination", check=boolean),),
    evaluate=_evaluate,
    cases=(
        Case(name="not attached", expect="NON_COMPLIANT", configuration={"attachments": []}),
        Case(
            name="attached",
            expect="COMPLIANT",
            configuration={"attachments": [{"deleteOnTermination": False}]},
        ),
        Case(
            name="stays, but should go",
            expect="NON_COMPLIANT",
            configuration={"attachments": [{"deleteOnTermination": False}]},
            parameters={"deleteOnTermination": "true"},
        ),
        Case(
            name="goes",
            expect="COMPLIANT",
            configuration={"attachments": [{"deleteOnTermination": True}]},
            parameters={"deleteOnTermination": "true"},
        ),
        Case(
            name="may stay",
            expect="COMPLIANT",
            configuration={"attachments": [{"deleteOnTermination": False}]},
            parameters={"deleteOnTermination": "false"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
