"""INCOMING_SSH_DISABLED (restricted-ssh): nobody lets the whole internet in at port 22."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant

_SSH = 22
_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    for permission in (item.configuration or {}).get("ipPermissions") or ():
        if _covers_ssh(permission):
            for source in _sources(permission):
                if source in _EVERYWHERE:
                    return non_compliant(f"Port 22 is open to {source}.")
    return COMPLIANT


def _covers_ssh(permission: Mapping[str, Any]) -> bool:
    """Protocol -1 is everything, and then ports mean nothing; TCP also goes by its number."""
    protocol = str(permission.get("ipProtocol"))
    if protocol == "-1":
        return True
    low, high = permission.get("fromPort"), permission.get("toPort")
    if protocol not in {"tcp", "6"} or low is None or high is None:
        return False
    return bool(low == -1 or low <= _SSH <= high)


def _sources(permission: Mapping[str, Any]) -> list[str]:
    return [
        *permission.get("ipRanges", ()),
        *(entry.get("cidrIp") for entry in permission.get("ipv4Ranges", ())),
        *(entry.get("cidrIpv6") for entry in permission.get("ipv6Ranges", ())),
    ]


def _rule(
    protocol: str = "tcp",
    low: int | None = 22,
    high: int | None = 22,
    v4: str | None = None,
    v6: str | None = None,
) -> dict[str, object]:
    return {
        "ipPermissions": [
            {
                "ipProtocol": protocol,
                "fromPort": low,
                "toPort": high,
                "ipv4Ranges": [{"cidrIp": v4}] if v4 else [],
                "ipRanges": [v4] if v4 else [],
                "ipv6Ranges": [{"cidrIpv6": v6}] if v6 else [],
            }
        ]
    }


RULE = ManagedRule(
    identifier="INCOMING_SSH_DISABLED",
    name="restricted-ssh",
    types=("AWS::EC2::SecurityGroup",),
    triggers=frozenset({"change", "periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(name="no rules", expect="COMPLIANT", configuration={"ipPermissions": []}),
        Case(name="open to all", expect="NON_COMPLIANT", configuration=_rule(v4="0.0.0.0/0")),
        Case(name="open to all of IPv6", expect="NON_COMPLIANT", configuration=_rule(v6="::/0")),
        Case(name="open to one network", expect="COMPLIANT", configuration=_rule(v4="10.0.0.0/8")),
        Case(
            name="a range around 22",
            expect="NON_COMPLIANT",
            configuration=_rule(low=0, high=65535, v4="0.0.0.0/0"),
        ),
        Case(name="another port", expect="COMPLIANT", configuration=_rule(low=443, high=443, v4="0.0.0.0/0")),
        Case(name="UDP", expect="COMPLIANT", configuration=_rule("udp", v4="0.0.0.0/0")),
        Case(name="TCP by number", expect="NON_COMPLIANT", configuration=_rule("6", v4="0.0.0.0/0")),
        Case(
            name="every protocol",
            expect="NON_COMPLIANT",
            configuration=_rule("-1", low=None, high=None, v4="0.0.0.0/0"),
        ),
        Case(name="a group that is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="a bucket", expect="NOT_APPLICABLE", resource_type="AWS::S3::Bucket"),
    ),
)
