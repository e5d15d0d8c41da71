"""A second opinion on Metrics Insights, written apart from the first: a loop over characters, dictionaries, fractions.

Knows nothing of ``triptych``. A sample is (dimensions, second, count, sum, minimum, maximum).
"""

from __future__ import annotations

from fractions import Fraction

Sample = tuple[dict[str, str], int, float, float, float, float]
Line = tuple[str, dict[int, float]]
"""What a series is called, and its points."""


def words(text: str) -> list[str]:
    """A name comes with a ``"`` before it, a value with a ``'``, anything else in capitals with a space."""
    found: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in "\"'":
            said = ""
            while text[at] != char:
                if text[at] == "\\":
                    at += 1
                said += text[at]
                at += 1
            at += 1
            found.append(char + said)
        elif char.isalnum() or char == "_":
            said = char
            while at < len(text) and (text[at].isalnum() or text[at] == "_"):
                said += text[at]
                at += 1
            found.append('"' + said)
        elif not char.isspace():
            found.append(" " + char)
    return found


def keyword(word: str) -> str:
    return word[1:].upper() if word[0] == '"' else word[1:]


def clauses(text: str) -> dict[str, list[str]]:
    """Each clause's words by its first; what is quoted is never taken for one, as generated names are none."""
    found: dict[str, list[str]] = {}
    name = ""
    for word in words(text):
        if word[0] == '"' and keyword(word) in {"SELECT", "FROM", "WHERE", "GROUP", "ORDER", "LIMIT"}:
            name = keyword(word)
            found[name] = []
        else:
            found[name].append(word)
    return found


def summary(name: str, samples: list[Sample]) -> float:
    count = sum(Fraction(each[2]) for each in samples)
    total = sum(Fraction(each[3]) for each in samples)
    return {
        "SUM": lambda: float(total),
        "COUNT": lambda: float(count),
        "AVG": lambda: float(total) / float(count),
        "MIN": lambda: min(each[4] for each in samples),
        "MAX": lambda: max(each[5] for each in samples),
    }[name]()


def rank(name: str, points: list[float]) -> float:
    exact = sum(map(Fraction, points), Fraction(0))
    return {
        "SUM": lambda: float(exact),
        "COUNT": lambda: float(len(points)),
        "AVG": lambda: float(exact / len(points)),
        "MIN": lambda: min(points),
        "MAX": lambda: max(points),
    }[name]()


def run(text: str, samples: list[Sample], period: int) -> list[Line]:
    """The series, in order. ``samples`` are those of the query's metric, each series' namespace and name alike."""
    said = clauses(text)
    function = keyword(said["SELECT"][0])
    kept = [each for each in samples if wanted(said, each[0])]
    labels = [word[1:] for word in said.get("GROUP", [])[1:] if word != " ,"]
    groups: dict[tuple[str, ...], dict[int, list[Sample]]] = {}
    for each in kept:
        key = tuple(each[0].get(label, "") for label in labels)
        groups.setdefault(key, {}).setdefault(each[1] // period * period, []).append(each)
    if not labels and not groups:
        groups = {(): {}}
    lines = []
    for key, periods in groups.items():
        points = {at: summary(function, periods[at]) for at in sorted(periods)}
        lines.append((tuple(part or "Other" for part in key), key, points))
    lines.sort(key=lambda line: line[:2])
    if "ORDER" in said:
        how = [keyword(word) for word in said["ORDER"]]
        lines.sort(
            key=lambda line: rank(how[1], list(line[2].values())) if line[2] else 0.0, reverse="DESC" in how
        )
    most = int(said["LIMIT"][0][1:]) if "LIMIT" in said else 500
    return [(" ".join(shown) or said["SELECT"][2][1:], points) for shown, _, points in lines[:most]]


def wanted(said: dict[str, list[str]], dimensions: dict[str, str]) -> bool:
    source = said["FROM"]
    if keyword(source[0]) == "SCHEMA" and len(source) > 1:
        names = [word[1:] for word in source[1:] if word[0] == '"'][1:]
        if set(names) != set(dimensions):
            return False
    rest = [word for word in said.get("WHERE", []) if keyword(word) != "AND" or word[0] != '"']
    while rest:
        label, *operator = rest[0][1:], *(word[1:] for word in rest[1:] if word[0] == " ")
        negated = operator[0] == "!"
        value = rest[3 if negated else 2][1:]
        if (dimensions.get(label, "") == value) == negated:
            return False
        rest = rest[4 if negated else 3 :]
    return True
