"""Conditions: ``{"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}``. Pure.

A key the request does not have fails a condition, unless it is negated (``StringNotEquals``), ends in ``IfExists`` or
begins with ``ForAllValues:``; ``Null`` asks just that. Of several wanted values one must fit; of a negated operator's,
none.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from triptych.query.resource_policy.text import InvalidPolicy, Keys, fits, text

__all__ = ["Condition", "conditions", "many"]

Test = Callable[[str, Keys], bool]
"""Whether a value of the request is the one wanted."""
Making = Callable[[str, str], Test]
"""From what is wanted, as a policy of some version writes it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator about one key.

    :param wanted: a test for each value of the policy. :param each: how the values of a key with several count.
    """

    key: str
    wanted: tuple[Test, ...]
    negated: bool = False
    each: Literal["", "all", "any"] = ""
    if_exists: bool = False

    def holds(self, keys: Keys) -> bool:
        values = keys.get(self.key) or ()
        if not values:
            return self.each == "all" or (self.each == "" and (self.if_exists or self.negated))
        verdicts = [any(test(value, keys) for test in self.wanted) for value in values]
        if self.each:
            found = [verdict != self.negated for verdict in verdicts]
            return all(found) if self.each == "all" else any(found)
        return any(verdicts) != self.negated


@dataclass(frozen=True, slots=True)
class _Null:
    """``Null``: whether the request lacks the key."""

    key: str
    wanted: frozenset[bool]

    def holds(self, keys: Keys) -> bool:
        return (not keys.get(self.key)) in self.wanted


def conditions(found: Any, *, version: str) -> tuple[Condition | _Null, ...]:
    """A statement's conditions, which must all hold. Raises InvalidPolicy."""
    if not isinstance(found, Mapping) or not all(isinstance(keys, Mapping) for keys in found.values()):
        raise InvalidPolicy("Condition must be operators over keys and values.")
    return tuple(
        _condition(name, str(key).lower(), [_plain(each) for each in many(wanted)], version)
        for name, keys in found.items()
        for key, wanted in keys.items()
    )


def _condition(name: str, key: str, wanted: list[str], version: str) -> Condition | _Null:
    word = name.lower()
    if word == "null":
        return _Null(key, frozenset(_truth(each) for each in wanted))
    each: Literal["", "all", "any"] = ""
    if word.startswith("forallvalues:"):
        word, each = word.removeprefix("forallvalues:"), "all"
    elif word.startswith("foranyvalue:"):
        word, each = word.removeprefix("foranyvalue:"), "any"
    if_exists = word.endswith("ifexists")
    word = word.removesuffix("ifexists")
    plain = word.replace("not", "", 1)
    making = _OPERATORS.get(plain)
    if making is None or (word != plain and plain in _NEVER_NEGATED):
        raise InvalidPolicy(f"Condition operator {name} is not supported.")
    tests = tuple(making(value, version) for value in wanted)
    return Condition(key, tests, negated=word != plain, each=each, if_exists=if_exists)


def many(value: Any) -> list[Any]:
    """Policies write one of something without its list."""
    return list(value) if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    """Policies write truth and numbers as JSON or as texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidPolicy("Values of conditions must be texts, numbers or truth values.")


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise InvalidPolicy(f"{value} is neither true nor false.")
    return value.lower() == "true"


# What a value is wanted to be: each makes a test of a policy's text.


def _equal(wanted: str, version: str) -> Test:
    pattern = text(wanted, version, wild=False)
    return lambda value, keys: fits(value, pattern, keys)


def _equal_folded(wanted: str, version: str) -> Test:
    pattern = text(wanted.lower(), version, wild=False)
    return lambda value, keys: fits(
        value.lower(), pattern, {k: [each.lower() for each in v] for k, v in keys.items()}
    )


def _like(wanted: str, version: str) -> Test:
    pattern = text(wanted, version, wild=True)
    return lambda value, keys: fits(value, pattern, keys)


_COLON = re.compile(r":(?![^${}]*\})")
"""Between parts, not in the name of a variable."""


def _arn(wanted: str, version: str) -> Test:
    """Part by part: a star does not reach over a colon, but in the last part."""
    parts = [text(part, version, wild=True) for part in _COLON.split(wanted, 5)]

    def test(value: str, keys: Keys) -> bool:
        given = value.split(":", 5)
        return len(given) == len(parts) == 6 and all(map(lambda v, p: fits(v, p, keys), given, parts))

    return test


def _number(compare: Callable[[float, float], bool]) -> Making:
    return _ordered(float, compare, "number")


def _date(compare: Callable[[float, float], bool]) -> Making:
    return _ordered(_moment, compare, "date")


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool], what: str) -> Making:
    def making(wanted: str, _: str) -> Test:
        try:
            bound = read(wanted)
        except ValueError:
            raise InvalidPolicy(f"{wanted} is not a {what}.") from None

        def test(value: str, _: Keys) -> bool:
            try:
                return compare(read(value), bound)
            except ValueError:
                return False

        return test

    return making


def _moment(value: str) -> float:
    """Seconds since 1970, of those or of a date in ISO 8601."""
    try:
        return float(value)
    except ValueError:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _bool(wanted: str, _: str) -> Test:
    truth = _truth(wanted)
    return lambda value, _: value.lower() == ("true" if truth else "false")


def _address(wanted: str, _: str) -> Test:
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        raise InvalidPolicy(f"{wanted} is not an IP address or a range of them.") from None

    def test(value: str, _: Keys) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


_OPERATORS: Mapping[str, Making] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_folded,
    "stringlike": _like,
    "arnequals": _arn,  # not less than ArnLike
    "arnlike": _arn,
    "numericequals": _number(operator.eq),
    "numericlessthan": _number(operator.lt),
    "numericlessthanequals": _number(operator.le),
    "numericgreaterthan": _number(operator.gt),
    "numericgreaterthanequals": _number(operator.ge),
    "dateequals": _date(operator.eq),
    "datelessthan": _date(operator.lt),
    "datelessthanequals": _date(operator.le),
    "dategreaterthan": _date(operator.gt),
    "dategreaterthanequals": _date(operator.ge),
    "bool": _bool,
    "ipaddress": _address,
}
"""By name without ``Not``."""
_NEVER_NEGATED = frozenset({"bool"}) | {name for name in _OPERATORS if name.endswith(("than", "thanequals"))}
