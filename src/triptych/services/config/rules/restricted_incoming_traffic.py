"""RESTRICTED_INCOMING_TRAFFIC: nobody lets the whole internet in at the ports that are blocked."""

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
from triptych.services.config.rules._parameters import integer, ports, ranges

_NAMES = tuple(f"blockedPort{number}" for number in range(1, 6))
_DEFAULTS = (20, 21, 3389, 3306, 4333)


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    blocked = _blocked(parameters)
    for protocol, low, high in openings(item):
        for port in blocked:
            if protocol in {"tcp", "all"} and low <= port <= high:
                return non_compliant(f"TCP port {port} is open to the internet.")
    return COMPLIANT


def _blocked(parameters: Mapping[str, str]) -> list[int]:
    """The ports asked for; AWS's five when none is. A range of ports is blocked at each of them."""
    asked = [int(parameters[name]) for name in _NAMES if name in parameters]
    for low, high in ranges(parameters.get("blockedPorts")):
        asked.extend(range(low, high + 1))
    return asked or list(_DEFAULTS)


RULE = ManagedRule(
    identifier="RESTRICTED_INCOMING_TRAFFIC",
    name="restricted-common-ports",
    types=("AWS::EC2::SecurityGroup",),
    triggers=frozenset({"change", "periodic"}),
    parameters=(
        *(Parameter(name=name, check=integer) for name in _NAMES),
        Parameter(name="blockedPorts", check=ports),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="no rules", expect="COMPLIANT", configuration={"ipPermissions": []}),
        Case(name="a blocked port", expect="NON_COMPLIANT", configuration=group("tcp", 3389, 3389)),
        Case(
            name="a blocked port, in IPv6", expect="NON_COMPLIANT", configuration=group("tcp", 21, 21, "::/0")
        ),
        Case(name="within a range", expect="NON_COMPLIANT", configuration=group("tcp", 3000, 4000)),
        Case(name="every protocol", expect="NON_COMPLIANT", configuration=group("-1", None, None)),
        Case(name="UDP", expect="COMPLIANT", configuration=group("udp", 3389, 3389)),
        Case(name="another port", expect="COMPLIANT", configuration=group("tcp", 443, 443)),
        Case(name="one network", expect="COMPLIANT", configuration=group("tcp", 3389, 3389, "10.0.0.0/8")),
        Case(
            name="another port asked for",
            expect="NON_COMPLIANT",
            configuration=group("tcp", 443, 443),
            parameters={"blockedPort1": "443"},
        ),
        Case(
            name="a list asked for",
            expect="NON_COMPLIANT",
            configuration=group("tcp", 443, 443),
            parameters={"blockedPorts": "80, 400-500"},
        ),
        Case(
            name="defaults replaced",
            expect="COMPLIANT",
            configuration=group("tcp", 3389, 3389),
            parameters={"blockedPort1": "443"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
