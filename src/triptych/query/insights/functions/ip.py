"""IP addresses in text: isValidIp, isValidIpV4, isValidIpV6, isIpInSubnet, isIpv4InSubnet, isIpv6InSubnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place, constant_text
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.value import Value, as_text, call, let, literal, truth

_IS = {4: "isIPv4String", 6: "isIPv6String"}
_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - nothing is bound to


def _valid(*versions: int) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        return truth(let(as_text(values[0]), lambda text: _is(text, versions)))

    return lower


def _is(text: exp.Expr, versions: tuple[int, ...]) -> exp.Expr:
    """False, not NULL, where there is no text."""
    tests = [call("ifNull", call(_IS[version], text.copy()), literal(0)) for version in versions]
    return tests[0] if len(tests) == 1 else call("or", *tests)


def _inside(*versions: int) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
        written, where = constant_text(node, 1, values), node.arguments[1]
        try:
            subnet = ipaddress.ip_network(written, strict=False)
        except ValueError as error:
            raise MalformedQuery(f"No subnet in CIDR notation: {error}", where.start, where.end) from None
        if subnet.version not in versions:
            message = f"{node.name} takes an IPv{versions[0]} subnet"
            raise MalformedQuery(message, where.start, where.end)
        version = subnet.version

        def use(text: exp.Expr) -> exp.Expr:
            # The engine fails on text that is no address, so it only sees addresses.
            given = call("ifNull", text, literal(""))
            address = call("if", call(_IS[version], given), given.copy(), literal(_ANY[version]))
            inside = call("isIPAddressInRange", address, place.bind(str(subnet)))
            return call("and", _is(text, (version,)), inside)

        return truth(let(as_text(values[0]), use))

    return lower


FUNCTIONS = (
    Function(
        name="isValidIp",
        docs="Whether the text is an IPv4 or IPv6 address.",
        least=1,
        most=1,
        lower=_valid(4, 6),
        cases=(
            Case("isValidIp('10.0.0.1')", "1"),
            Case("isValidIp('::1')", "1"),
            Case("isValidIp('10.0.0')", "0"),
            Case("isValidIp(missing)", "0"),
        ),
    ),
    Function(
        name="isValidIpV4",
        docs="Whether the text is an IPv4 address.",
        least=1,
        most=1,
        lower=_valid(4),
        cases=(Case("isValidIpV4('10.0.0.1')", "1"), Case("isValidIpV4('::1')", "0")),
    ),
    Function(
        name="isValidIpV6",
        docs="Whether the text is an IPv6 address.",
        least=1,
        most=1,
        lower=_valid(6),
        cases=(Case("isValidIpV6('10.0.0.1')", "0"), Case("isValidIpV6('2001:db8::1')", "1")),
    ),
    Function(
        name="isIpInSubnet",
        docs="Whether the text is an address of the subnet, such as '10.0.0.0/8' or '2001:db8::/32'.",
        least=2,
        most=2,
        lower=_inside(4, 6),
        cases=(
            Case("isIpInSubnet(ip, '10.0.0.0/8')", "1", ('{"ip": "10.9.8.7"}',)),
            Case("isIpInSubnet(ip, '10.0.0.0/8')", "0", ('{"ip": "11.9.8.7"}',)),
            Case("isIpInSubnet(ip, '10.0.0.0/8')", "0", ('{"ip": "not an address"}',)),
            Case("isIpInSubnet(ip, '10.0.0.0/8')", "0"),
            Case("isIpInSubnet('2001:db8::1', '2001:db8::/32')", "1"),
        ),
    ),
    Function(
        name="isIpv4InSubnet",
        docs="Whether the text is an IPv4 address of the subnet.",
        least=2,
        most=2,
        lower=_inside(4),
        cases=(
            Case("isIpv4InSubnet('192.168.1.9', '192.168.1.0/24')", "1"),
            Case("isIpv4InSubnet('::1', '0.0.0.0/0')", "0"),
        ),
    ),
    Function(
        name="isIpv6InSubnet",
        docs="Whether the text is an IPv6 address of the subnet.",
        least=2,
        most=2,
        lower=_inside(6),
        cases=(
            Case("isIpv6InSubnet('fe80::1', 'fe80::/10')", "1"),
            Case("isIpv6InSubnet('1.2.3.4', '::/0')", "0"),
        ),
    ),
)
