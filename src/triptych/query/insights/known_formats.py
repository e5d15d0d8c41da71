"""Fields of lines that are no JSON but whose form AWS knows: VPC Flow Logs, Route 53 query logs, Lambda. Pure.

``field_of`` is such a field as SQL, ``fields_of`` are all of one message. Flow logs in the default format, version 2.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from triptych.query.insights.value import Value, call, literal

__all__ = ["NAMES", "field_of", "fields_of"]


@dataclass(frozen=True, slots=True)
class _Words:
    """Lines of words with a blank between; ``pattern`` tells them from all others."""

    pattern: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What ``pattern`` finds first, times ``factor`` if that is not 0."""

    pattern: str
    factor: float = 0


_WORDS = (
    _Words(
        r"[0-9]+ (?:[0-9]{12}|unknown) eni-[^ ]+(?: [^ ]+){7} [0-9]+ [0-9]+ (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)",
        ("version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets",
         "bytes", "startTime", "endTime", "action", "logStatus"),
    ),
    _Words(
        r"[0-9.]+ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z Z[0-9A-Z]+ [^ ]+ [^ ]+ [^ ]+ (?:UDP|TCP) [^ ]+ [^ ]+ [^ ]+",
        ("version", "queryTimestamp", "hostZoneId", "queryName", "queryType", "responseCode", "protocol",
         "edgeLocation", "resolverIp", "ednsClientSubnet"),
    ),
)  # fmt: skip

_REPORT = r"^REPORT RequestId: [^\t\n]*\t(?:[^\n]*\t)?"
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_MEGABYTE = 1_000_000
"""AWS gives memory in bytes and counts a million to the MB of the line."""
_LAMBDA: Mapping[str, _Found] = {
    "@type": _Found(r"^(START|END|REPORT) RequestId: "),
    "@requestId": _Found(rf"^(?:(?:START|END|REPORT) RequestId: |(?:[^\t\n]*\t){{1,2}})({_UUID})"),
    "@duration": _Found(_REPORT + r"Duration: ([0-9.]+) ms"),
    "@billedDuration": _Found(_REPORT + r"Billed Duration: ([0-9.]+) ms"),
    "@initDuration": _Found(_REPORT + r"Init Duration: ([0-9.]+) ms"),
    "@memorySize": _Found(_REPORT + r"Memory Size: ([0-9]+) MB", _MEGABYTE),
    "@maxMemoryUsed": _Found(_REPORT + r"Max Memory Used: ([0-9]+) MB", _MEGABYTE),
    "@xrayTraceId": _Found(r"(?s)^REPORT RequestId: .*\nXRAY TraceId: ([^\t\n]+)"),
    "@xraySegmentId": _Found(r"(?s)^REPORT RequestId: .*\nXRAY TraceId: [^\n]*\tSegmentId: ([^\t\n]+)"),
}
NAMES = frozenset(_LAMBDA)
"""Names with an ``@`` that some lines have."""


def field_of(name: str, message: exp.Expr, otherwise: exp.Expr) -> Value:
    """The field of a message; ``otherwise`` is what it is in lines of no known form."""
    found = _LAMBDA.get(name)
    if found is not None:
        text = call("extract", message, literal(found.pattern))
        if found.factor:
            return Value(call("multiply", call("toFloat64OrNull", text), literal(found.factor)), "number")
        return Value(call("nullIf", text, literal("")), "text")
    branches: list[exp.Expr] = []
    for words in _WORDS:
        if name in words.names:
            place = literal(words.names.index(name) + 1)
            branches += [
                call("match", message.copy(), literal(f"^(?:{words.pattern})$")),
                call("arrayElement", call("splitByChar", literal(" "), message.copy()), place),
            ]
    return Value(call("multiIf", *branches, otherwise) if branches else otherwise, "text")


def fields_of(message: str) -> dict[str, str]:
    """Every field of a line of a known form, in their order; empty for all other lines."""
    for words in _WORDS:
        if re.fullmatch(words.pattern, message):
            return dict(zip(words.names, message.split(" "), strict=True))
    found: dict[str, str] = {}
    for name, field in _LAMBDA.items():
        if match := re.search(field.pattern, message):
            text = match.group(1)
            found[name] = str(int(text) * int(field.factor)) if field.factor else text
    return found
