"""VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS: what is open to the whole internet is open only at the ports authorized."""

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
from triptych.services.config.rules._ingress import group, openings
from triptych.services.config.rules._parameters import ports, ranges


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    authorized = {
        "tcp": ranges(parameters.get("authorizedTcpPorts")),
        "udp": ranges(parameters.get("authorizedUdpPorts")),
    }
    for protocol, low, high in openings(item):
        for one in ("tcp", "udp") if protocol == "all" else (protocol,):
            if one in authorized and not _covered(low, high, authorized[one]):
                return non_compliant(f"{one.upper()} ports {low}-{high} are open to the internet.")
    return COMPLIANT


def _covered(low: int, high: int, authorized: list[tuple[int, int]]) -> bool:
    """Whether the ranges cover every port from ``low`` to ``high``, together."""
    for first, last in sorted(authorized):
        if first > low:
            return False
        low = max(low, last + 1)
        if low > high:
            return True
    return False


RULE = ManagedRule(
    identifier="VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",
    name="vpc-sg-open-only-to-authorized-ports",
    types=("AWS::EC2::SecurityGroup",),
    triggers=frozenset({"change", "periodic"}),
    parameters=(
        Parameter(name="authorizedTcpPorts", check=ports),
        Parameter(name="authorizedUdpPorts", check=ports),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="no rules", expect="COMPLIANT", configuration={"ipPermissions": []}),
        Case(name="open, nothing authorized", expect="NON_COMPLIANT", configuration=group("tcp", 443, 443)),
        Case(
            name="open at an authorized port",
            expect="COMPLIANT",
            configuration=group("tcp", 443, 443),
            parameters={"authorizedTcpPorts": "80, 443"},
        ),
        Case(
            name="open within an authorized range",
            expect="COMPLIANT",
            configuration=group("udp", 1021, 1022),
            parameters={"authorizedUdpPorts": "1020-1025"},
        ),
        Case(
            name="adjoining ranges",
            expect="COMPLIANT",
            configuration=group("tcp", 80, 83),
            parameters={"authorizedTcpPorts": "82-90,80-81"},
        ),
        Case(
            name="a gap between ranges",
            expect="NON_COMPLIANT",
            configuration=group("tcp", 80, 83),
            parameters={"authorizedTcpPorts": "80-81,83"},
        ),
        Case(
            name="authorized for the other protocol",
            expect="NON_COMPLIANT",
            configuration=group("udp", 443, 443),
            parameters={"authorizedTcpPorts": "443"},
        ),
        Case(
            name="every protocol",
            expect="NON_COMPLIANT",
            configuration=group("-1", None, None),
            parameters={"authorizedTcpPorts": "0-65535"},
        ),
        Case(name="ICMP has no ports", expect="COMPLIANT", configuration=group("icmp", -1, -1)),
        Case(name="one network", expect="COMPLIANT", configuration=group("tcp", 22, 22, "10.0.0.0/8")),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
