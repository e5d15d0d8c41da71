"""VPC_DEFAULT_SECURITY_GROUP_CLOSED: the default security group of a VPC lets nothing in or out."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    NOT_APPLICABLE,
    Case,
    ManagedRule,
    Verdict,
    non_compliant,
)
from triptych.services.config.rules._ingress import group


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    configuration = item.configuration or {}
    if configuration.get("groupName") != "default":
        return NOT_APPLICABLE
    for name, way in (("ipPermissions", "inbound"), ("ipPermissionsEgress", "outbound")):
        if configuration.get(name):
            return non_compliant(f"The default security group has {way} rules.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="VPC_DEFAULT_SECURITY_GROUP_CLOSED",
    name="vpc-default-security-group-closed",
    types=("AWS::EC2::SecurityGroup",),
    evaluate=_evaluate,
    cases=(
        Case(
            name="closed",
            expect="COMPLIANT",
            configuration={"groupName": "default", "ipPermissions": [], "ipPermissionsEgress": []},
        ),
        Case(
            name="in",
            expect="NON_COMPLIANT",
            configuration=group("tcp", 22, 22, "10.0.0.0/8") | {"groupName": "default"},
        ),
        Case(
            name="out",
            expect="NON_COMPLIANT",
            configuration={"groupName": "default", "ipPermissionsEgress": [{"ipProtocol": "-1"}]},
        ),
        Case(name="another group", expect="NOT_APPLICABLE", configuration=group("tcp", 22, 22)),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
