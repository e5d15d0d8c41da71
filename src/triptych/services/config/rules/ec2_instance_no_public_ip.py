"""EC2_INSTANCE_NO_PUBLIC_IP: an instance has no public IPv4 address, of its own or of an interface."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    instance = item.configuration or {}
    associations = (one.get("association") or {} for one in instance.get("networkInterfaces") or ())
    public = [instance.get("publicIpAddress"), *(one.get("publicIp") for one in associations)]
    for address in filter(None, public):
        return non_compliant(f"The instance has the public address {address}.")
    return COMPLIANT


RULE = ManagedRule(
    identifier="EC2_INSTANCE_NO_PUBLIC_IP",
    name="ec2-instance-no-public-ip",
    types=("AWS::EC2::Instance",),
    evaluate=_evaluate,
    cases=(
        Case(
            name="private",
            expect="COMPLIANT",
            configuration={"publicIpAddress": None, "networkInterfaces": [{"association": None}]},
        ),
        Case(name="public", expect="NON_COMPLIANT", configuration={"publicIpAddress": "54.214.1.2"}),
        Case(
            name="public at an interface",
            expect="NON_COMPLIANT",
            configuration={"networkInterfaces": [{"association": {"publicIp": "54.214.1.2"}}]},
        ),
        Case(name="IPv6 does not count", expect="COMPLIANT", configuration={"ipv6Address": "2001:db8::1"}),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
