"""Insights queries row by row in plain Python: the second opinion on what the lake answers.

Only the reader is shared with the real thing; values are None, str, float, bool, or Time.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import math
import re
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.query.insights import FUNCTIONS, tree
from triptych.query.insights.program import read

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Time:
    ms: int


def decimal(value: float) -> str:
    """The shortest digits that mean the number, with an exponent below 1e-6 and from 1e21 on."""
    if value == 0:
        return "0"
    sign, text = ("-" if value < 0 else ""), repr(abs(value))
    digits, _, exponent = text.partition("e")
    whole, _, part = digits.partition(".")
    part = "" if part == "0" else part
    point = len(whole) + int(exponent or 0)
    digits = (whole + part).lstrip("0")
    point -= len(whole + part) - len(digits)
    digits = digits.rstrip("0") or "0"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if 0 < point <= 21:
        if len(digits) <= point:
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}e{point - 1}"


def text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Time):
        return f"{EPOCH + timedelta(milliseconds=value.ms):%Y-%m-%d %H:%M:%S.}{value.ms % 1000:03d}"
    return decimal(value) if math.isfinite(value) else None


def number(value: Any) -> float | None:
    if isinstance(value, Time):
        return float(value.ms)
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) and math.isfinite(float(value)) else None
    return None if value is None else float(value)


def condition(value: Any) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    found = number(value)
    return None if found is None else found != 0


def json_leaf(message: str, name: str) -> str | None:
    try:
        document = here = json.loads(message)
    except ValueError:
        return None
    for part in name.split("."):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            here = document.get(name) if isinstance(document, dict) else None
            break
    if here is None or isinstance(here, dict | list):
        return None
    return here if isinstance(here, str) else text(here if isinstance(here, bool) else float(here))


FLOW = ["version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes",
        "startTime", "endTime", "action", "logStatus"]  # fmt: skip
REPORTED = {
    "@duration": "Duration",
    "@billedDuration": "Billed Duration",
    "@maxMemoryUsed": "Max Memory Used",
}


def known_field(message: str, name: str) -> Any:
    """A field of VPC Flow Logs and Lambda lines, by splitting them."""
    words = message.split(" ")
    if name in FLOW and len(words) == 14 and words[2].startswith("eni-") and words[13] == "OK":
        return words[FLOW.index(name)]
    first, *parts = message.split("\t")
    if name == "@type" and first.split(" ")[0] in {"START", "END", "REPORT"}:
        return first.split(" ")[0]
    reported = dict(part.split(": ") for part in parts if ": " in part)
    if name in REPORTED and first.startswith("REPORT ") and REPORTED[name] in reported:
        amount, unit = reported[REPORTED[name]].split(" ")
        return float(amount) * 1_000_000 if unit == "MB" else amount
    return None


class Row(dict):
    """Named values; ``event`` is what it was before stats: (message, time, number)."""

    event: tuple[str, int, int] | None = None

    def get_field(self, name: str) -> Any:
        if name in self:
            return self[name]
        if not self.event:
            return None
        known = known_field(self.event[0], name)
        in_json = name[1:] if name.startswith("@@") else name
        return json_leaf(self.event[0], in_json) if known is None else known


def value(node: Any, row: Row) -> Any:
    match node:
        case tree.Field():
            return row.get_field(node.name)
        case tree.Text() | tree.Number() | tree.Truth():
            return node.value
        case tree.Not():
            found = condition(value(node.operand, row))
            return None if found is None else not found
        case tree.Negative():
            found = number(value(node.operand, row))
            return None if found is None else -found
        case tree.Like():
            given = text(value(node.operand, row))
            if given is None:
                return None
            return re.search(node.pattern, given) is not None if node.regex else node.pattern in given
        case tree.Within():
            tests = [
                compare("=", value(node.operand, row), value(c, row), node.operand, c) for c in node.choices
            ]
            return True if True in tests else None if None in tests else False
        case tree.Binary(operator="and"):
            both = (condition(value(node.left, row)), condition(value(node.right, row)))
            return False if False in both else None if None in both else True
        case tree.Binary(operator="or"):
            both = (condition(value(node.left, row)), condition(value(node.right, row)))
            return True if True in both else None if None in both else False
        case tree.Binary(operator="=" | "!=" | "<" | "<=" | ">" | ">="):
            left, right = value(node.left, row), value(node.right, row)
            return compare(node.operator, left, right, node.left, node.right)
        case tree.Binary():
            return arithmetic(node.operator, number(value(node.left, row)), number(value(node.right, row)))
        case tree.Call():
            return function(node, row)
    raise AssertionError(node)


def compare(operator: str, a: Any, b: Any, left: Any, right: Any) -> bool | None:
    if a is None or b is None:
        return None
    words = isinstance(left, tree.Text) or isinstance(right, tree.Text)
    if words and ((isinstance(a, str) and isinstance(b, str)) or isinstance(a, Time) or isinstance(b, Time)):
        pair: Any = (text(a), text(b))
    elif isinstance(a, str) and isinstance(b, str):
        pair = (
            (number(a), number(b))
            if isinstance(left, tree.Field) and isinstance(right, tree.Field)
            else (None,)
        )
        pair = (a, b) if None in pair else pair
    else:
        pair = (number(a), number(b))
        if None in pair:
            return None if operator not in ("=", "!=") else operator == "!="
    first, second = (part.encode() if isinstance(part, str) else part for part in pair)
    return {
        "=": first == second,
        "!=": first != second,
        "<": first < second,
        "<=": first <= second,
        ">": first > second,
        ">=": first >= second,
    }[operator]


def arithmetic(operator: str, a: float | None, b: float | None) -> float | None:
    if a is None or b is None or (operator in "/%" and b == 0):
        return None
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "%":
            return math.fmod(a, b)
    raise AssertionError(operator)


def function(node: tree.Call, row: Row) -> Any:
    name = FUNCTIONS[node.name.lower()].name
    if name == "bin":
        return Time(floor(row["@timestamp"].ms, node.arguments[0]))
    if name == "datefloor":
        stamp = value(node.arguments[0], row)
        return None if stamp is None else Time(floor(stamp.ms, node.arguments[1]))
    found = [value(argument, row) for argument in node.arguments]
    texts = [text(each) for each in found]
    first = texts[0] if texts else None
    numbers = [n for each in found if (n := number(each)) is not None]
    match name:
        case "abs" | "ceil" | "floor":
            by = {"abs": abs, "ceil": math.ceil, "floor": math.floor}[name]
            return float(by(numbers[0])) if numbers else None
        case "greatest":
            return max(numbers, default=None)
        case "least":
            return min(numbers, default=None)
        case "sqrt":
            return math.sqrt(numbers[0]) if numbers and numbers[0] >= 0 else None
        case "toMillis":
            return number(found[0])
        case "ispresent":
            return found[0] is not None
        case "coalesce":
            return next((each for each in found if each is not None), None)
        case "isValidIp":
            return is_address(first)
        case "isIpInSubnet":
            subnet = ipaddress.ip_network(texts[1], strict=False)
            return is_address(first) and ipaddress.ip_address(first) in subnet
        case "isempty":
            return not first
        case "isblank":
            return not (first or "").strip(" \t\n\r\v\f")
        case "concat":
            return "".join(each or "" for each in texts)
        case "strcontains":
            return texts[1] is not None and texts[1] in (first or "")
    if first is None:
        return None
    match name:
        case "trim" | "ltrim" | "rtrim":
            characters = texts[1] if len(texts) > 1 else " \t\n\r\v\f"
            return {"trim": first.strip, "ltrim": first.lstrip, "rtrim": first.rstrip}[name](characters)
        case "strlen":
            return float(len(first))
        case "toupper":
            return first.upper()
        case "tolower":
            return first.lower()
        case "replace":
            return first.replace(texts[1], texts[2])
        case "substr":
            if None in (counts := [number(each) for each in found[1:]]):
                return None
            start, *rest = (int(max(0, count)) for count in counts)
            return first[start:][: rest[0] if rest else None]
    raise AssertionError(name)


def is_address(given: str | None) -> bool:
    try:
        ipaddress.ip_address(given or "")
    except ValueError:
        return False
    return True


def floor(ms: int, period: Any) -> int:
    size = period.count * {"s": 1000, "m": 60_000, "h": 3_600_000, "ms": 1}[period.unit]
    return ms // size * size


def chunks(given: str) -> list[bytes]:
    return [
        (f"{len(piece):08d}{piece}" if piece[0] in "0123456789" else piece).encode()
        for piece in re.findall(r"[0-9]+|[^0-9]+", given)
    ]


def sort_key(given: Any) -> tuple[Any, ...]:
    """Missing, then what is no number, then numbers."""
    if given is None:
        return (0,)
    if isinstance(given, str):
        as_number = number(given)
        return (1, chunks(given)) if as_number is None else (2, as_number, chunks(given))
    return (2, number(given), [])


def aggregated(node: Any, rows: list[Row]) -> Any:
    if isinstance(node, tree.Binary):
        return arithmetic(
            node.operator, number(aggregated(node.left, rows)), number(aggregated(node.right, rows))
        )
    if not isinstance(node, tree.Call):
        return value(node, Row())
    name = FUNCTIONS[node.name.lower()].name
    if name == "count" and (not node.arguments or isinstance(node.arguments[0], tree.Star)):
        return float(len(rows))
    values = [value(node.arguments[0], row) for row in rows]
    there = [each for each in values if each is not None]
    if name == "count":
        return float(len(there))
    if name == "count_distinct":
        return float(len({text(each) for each in there}))
    if name in ("earliest", "latest"):
        pick = min if name == "earliest" else max
        return value(node.arguments[0], pick(rows, key=lambda row: row.event[1:])) if rows else None
    if name in ("sortsFirst", "sortsLast"):
        return (min if name == "sortsFirst" else max)(there, key=sort_key, default=None)
    numbers = [n for each in there if (n := number(each)) is not None]
    if not numbers:
        return None
    match name:
        case "sum":
            return math.fsum(numbers)
        case "avg":
            return math.fsum(numbers) / len(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "pct":
            numbers.sort()
            place = (len(numbers) - 1) * node.arguments[1].value / 100
            low = int(place)
            high = min(low + 1, len(numbers) - 1)
            return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
        case "stddev":
            return statistics.stdev(numbers) if len(numbers) > 1 else None
    raise AssertionError(name)


def run(query: str, events: list[tuple[str, int, int]]) -> tuple[list[dict[str, Any]], int]:
    """``events``: (message, milliseconds, number). The rows as shown values by name, and how many events matched."""
    rows = []
    for event in events:
        row = Row({"@message": event[0], "@timestamp": Time(event[1])})
        row.event = event
        rows.append(row)
    rows.sort(key=lambda row: row.event[1:], reverse=True)
    shown: list[str] = []
    matched: int | None = None
    for step in read(query):
        read_, name = step.read, step.command.name
        if not step.command.keeps_events and matched is None:
            matched = len(rows)
        if name in ("fields", "display"):
            for row in rows:
                row.update([(each.name, value(each.expression, row)) for each in read_])
            shown = list(
                dict.fromkeys([*(shown if name == "fields" else []), *(each.name for each in read_)])
            )
        elif name == "filter":
            rows = [row for row in rows if condition(value(read_, row))]
        elif name == "sort":
            for key in reversed(read_):
                rows.sort(
                    key=lambda row, key=key: sort_key(value(key.expression, row)), reverse=key.descending
                )
        elif name == "limit":
            rows = rows[:read_]
        elif name == "parse":
            for row in rows:
                given = text(value(read_.operand, row))
                found = None if given is None else re.search(read_.pattern.removeprefix("(?-s)"), given)
                row.update({name: found and (found[number] or "") for name, number in read_.groups.items()})
        elif name == "dedup":
            kept, seen = [], set()
            for row in rows:
                keys = tuple(text(value(each, row)) for each in read_)
                if None in keys or keys not in seen:
                    kept.append(row)
                    seen.add(keys)
            rows = kept
        elif name == "stats":
            rows, shown = grouped(read_, rows)
        else:
            raise AssertionError(name)
    shown = shown or ["@timestamp", "@message"]
    answer = [{name: row.get_field(name) for name in shown} for row in rows]
    return answer, len(rows) if matched is None else matched


def grouped(stats: Any, rows: list[Row]) -> tuple[list[Row], list[str]]:
    groups: dict[tuple[Any, ...], list[Row]] = {} if stats.keys else {(): rows}
    for row in rows if stats.keys else ():
        groups.setdefault(tuple(value(each.expression, row) for each in stats.keys), []).append(row)
    found = []
    for keys, members in groups.items():
        made = Row(zip((each.name for each in stats.keys), keys, strict=True))
        made.update({each.name: aggregated(each.expression, members) for each in stats.aggregations})
        found.append(made)

    def compare_rows(a: Row, b: Row) -> int:
        for each in stats.keys:
            first, second = sort_key(a[each.name]), sort_key(b[each.name])
            if first != second:
                newest_first = isinstance(a[each.name] or b[each.name], Time)
                return (1 if newest_first else -1) if first < second else (-1 if newest_first else 1)
        return 0

    found.sort(key=functools.cmp_to_key(compare_rows))
    return found, [each.name for each in (*stats.keys, *stats.aggregations)]
