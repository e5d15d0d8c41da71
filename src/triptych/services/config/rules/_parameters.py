"""Values of rule parameters: all of them are text, whatever they mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["boolean", "integer", "is_true", "one_of", "ports", "ranges", "values"]


def values(text: str | None) -> list[str]:
    """A comma-separated list, without the spaces people put into it."""
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def is_true(text: str | None) -> bool:
    return (text or "").strip().lower() == "true"


def ranges(text: str | None) -> list[tuple[int, int]]:
    """``443,1020-1025`` -> the ranges, both ends included."""
    found = []
    for one in values(text):
        low, _, high = one.partition("-")
        found.append((int(low), int(high or low)))
    return found


def integer(text: str) -> str:
    """What is wrong with a whole number that is not negative; nothing if nothing is."""
    return "" if text.strip().isdecimal() else "a whole number is expected"


def boolean(text: str) -> str:
    return "" if text.strip().lower() in {"true", "false"} else "true or false is expected"


def ports(text: str) -> str:
    """What is wrong with a list of ports and ranges of ports."""
    try:
        found = ranges(text)
    except ValueError:
        found = [(-1, -1)]
    if all(0 <= low <= high <= 65535 for low, high in found):
        return ""
    return "ports and ranges such as 443,1020-1025 are expected"


def one_of(wanted: Iterable[str], identifier: str | None) -> bool:
    """Whether a key is among those wanted, which may be named by ARN or by id."""
    if not identifier:
        return False
    return _key_id(identifier) in {_key_id(one) for one in wanted}


def _key_id(name: str) -> str:
    return name.partition(":key/")[2] or name
