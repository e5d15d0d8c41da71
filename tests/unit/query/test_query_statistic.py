"""Statistics: what their names mean, and exact values against a list that is simply sorted and cut."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.query.statistic import Statistic, StatisticError, evaluate, parse


@pytest.mark.parametrize(
    ("text", "kind", "low", "high", "percent"),
    [
        ("SampleCount", "SampleCount", None, None, False),
        ("Average", "Average", None, None, False),
        ("Sum", "Sum", None, None, False),
        ("Minimum", "Minimum", None, None, False),
        ("Maximum", "Maximum", None, None, False),
        ("p99", "p", None, "99", True),
        ("p99.9", "p", None, "99.9", True),
        ("p0", "p", None, "0", True),
        ("p100", "p", None, "100", True),
        ("p0.0123456789", "p", None, "0.0123456789", True),
        ("tm90", "TM", None, "90", True),
        ("tc90.5", "TC", None, "90.5", True),
        ("ts90", "TS", None, "90", True),
        ("wm98", "WM", None, "98", True),
        ("IQM", "TM", "25", "75", True),
        ("TM(10%:90%)", "TM", "10", "90", True),
        ("TM(:95%)", "TM", None, "95", True),
        ("TM(95%)", "TM", None, "95", True),
        ("TM(10%:)", "TM", "10", None, True),
        ("TM(150:1000)", "TM", "150", "1000", False),
        ("TC(0.005:0.030)", "TC", "0.005", "0.030", False),
        ("TC(:0.5)", "TC", None, "0.5", False),
        ("TS(80%:)", "TS", "80", None, True),
        ("WM(80:500)", "WM", "80", "500", False),
        ("PR(:300)", "PR", None, "300", False),
        ("PR(100:2000)", "PR", "100", "2000", False),
        ("PR(10:)", "PR", "10", None, False),
    ],
)
def test_names(text: str, kind: str, low: str | None, high: str | None, percent: bool) -> None:
    statistic = parse(text)
    bounds = [None if bound is None else Decimal(bound) for bound in (low, high)]
    assert statistic == Statistic(text, kind, *bounds, percent=percent)
    assert statistic.from_sets == (kind in {"SampleCount", "Average", "Sum", "Minimum", "Maximum"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a statistic"),
        ("average", "is not a statistic"),
        ("p", "is not a statistic"),
        ("p-1", "is not a statistic"),
        ("P99", "is not a statistic"),
        ("p9 9", "is not a statistic"),
        ("p٩٩", "is not a statistic"),
        ("p99.12345678901", "is not a statistic"),
        ("p101", "between 0 and 100"),
        ("TM(10%:101%)", "between 0 and 100"),
        ("pr300", "is not a statistic"),
        ("tm(10%:90%)", "is not a statistic"),
        ("TM", "is not a statistic"),
        ("TM()", "has no range"),
        ("TM(:)", "has no range"),
        ("TM(5)", "has no range"),
        ("TM(10%:500)", "mixes"),
        ("PR(10%:90%)", "PR takes fixed values"),
        ("TM(90%:10%)", "must be below"),
        ("TC(5:5)", "must be below"),
        ("TM(1:2:3)", "is not a statistic"),
        ("IQM(1:2)", "is not a statistic"),
    ],
)
def test_what_is_no_statistic(text: str, words: str) -> None:
    with pytest.raises(StatisticError) as caught:
        parse(text)
    assert words in caught.value.message


ONE_TO_TEN = [float(n) for n in range(1, 11)]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SampleCount", ONE_TO_TEN, 10),
        ("Sum", ONE_TO_TEN, 55),
        ("Average", ONE_TO_TEN, 5.5),
        ("Minimum", ONE_TO_TEN, 1),
        ("Maximum", ONE_TO_TEN, 10),
        ("p50", ONE_TO_TEN, 5),
        ("p51", ONE_TO_TEN, 6),
        ("p90", ONE_TO_TEN, 9),
        ("p0", ONE_TO_TEN, 1),
        ("p100", ONE_TO_TEN, 10),
        ("p99.9", [float(n) for n in range(1, 1001)], 999),  # 0.999 is no binary fraction; places are exact
        ("tm90", ONE_TO_TEN, 5),
        ("TM(10%:90%)", ONE_TO_TEN, 5.5),
        ("TM(10%:90%)", [7.0] * 10, 7),
        ("tm95", ONE_TO_TEN, (45 + 5) / 9.5),
        ("IQM", ONE_TO_TEN, (3 * 0.5 + 4 + 5 + 6 + 7 + 8 * 0.5) / 5),
        ("TM(2:5)", ONE_TO_TEN, 4),
        ("TM(10:20)", ONE_TO_TEN, None),
        ("TC(2:5)", ONE_TO_TEN, 3),
        ("TC(10:20)", ONE_TO_TEN, 0),
        ("tc90", ONE_TO_TEN, 9),
        ("tc95", ONE_TO_TEN, 9.5),
        ("TC(:2)", ONE_TO_TEN, 2),
        ("ts90", ONE_TO_TEN, 45),
        ("TS(80%:)", ONE_TO_TEN, 19),
        ("TS(10:20)", ONE_TO_TEN, 0),
        ("PR(:3)", ONE_TO_TEN, 30),
        ("PR(3:6)", ONE_TO_TEN, 30),
        ("PR(6:)", ONE_TO_TEN, 40),
        ("PR(10:)", ONE_TO_TEN, 0),
        ("wm90", ONE_TO_TEN, 5.4),  # 10 counts as 9
        ("WM(10%:90%)", ONE_TO_TEN, 5.5),  # 1 counts as 2 and 10 as 9
        ("WM(3:8)", ONE_TO_TEN, (3 * 3 + 4 + 5 + 6 + 7 + 8 * 3) / 10),
        ("WM(:0%)", ONE_TO_TEN, 1),
        ("WM(100%:)", ONE_TO_TEN, 10),
        ("p50", [-3.0, -2.0, -1.0], -2),
        ("p99", [4.0], 4),
    ],
)
def test_values(text: str, values: list[float], expected: float | None) -> None:
    found = evaluate(parse(text), values[::-1], [1.0] * len(values))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_nothing_has_no_statistic() -> None:
    for text in ("SampleCount", "Sum", "p50", "TC(:5)", "PR(:5)", "WM(1:2)", "IQM"):
        assert evaluate(parse(text), [], []) is None
        assert evaluate(parse(text), [5.0], [0.0]) is None


def second_opinion(text: str, values: list[float], counts: list[int]) -> float | None:
    """Every value a thousand times for every time it counts, sorted, and cut at whole places."""
    many = sorted(v for v, c in zip(values, counts, strict=True) for _ in range(1000 * c))
    plain = sorted(v for v, c in zip(values, counts, strict=True) for _ in range(c))
    if not plain:
        return None
    kind, low, high = text[:2].upper(), 0, len(many)
    inside = re.sub(r"[^0-9.:%]", "", text)
    if text == "IQM":
        kind, inside = "TM", "25%:75%"
    if "%" in inside or "(" not in text:
        left, _, right = inside.replace("%", "").rpartition(":")
        low = round(len(many) * float(left) / 100) if left else 0
        high = round(len(many) * float(right) / 100) if right else len(many)
        kept, unit, edges = many[low:high], 1000, None
    else:
        left, _, right = inside.partition(":")
        edges = (float(left) if left else -math.inf, float(right) if right else math.inf)
        kept, unit = [v for v in plain if v > edges[0] and not v > edges[1]], 1
    if text.startswith("p"):
        return kept[-1] if kept else plain[0]
    if kind == "WM":
        if edges:
            return sum(edges[0] if v <= edges[0] else min(v, edges[1]) for v in plain) / len(plain)
        return (kept[0] * low + sum(kept) + kept[-1] * (len(many) - high)) / len(many)
    return {
        "TM": lambda: sum(kept) / len(kept) if kept else None,
        "TC": lambda: len(kept) / unit,
        "TS": lambda: sum(kept) / unit,
        "PR": lambda: 100 * len(kept) / len(plain),
    }[kind]()


tenths = st.integers(0, 1000).map(lambda n: f"{n // 10}.{n % 10}")
names = st.one_of(
    tenths.map(lambda n: f"p{n}"),
    st.tuples(st.sampled_from(["tm", "wm", "tc", "ts"]), tenths.filter(lambda n: n != "0.0")).map("".join),
    st.just("IQM"),
    st.tuples(st.sampled_from(["TM", "WM", "TC", "TS"]), st.integers(0, 99), st.integers(1, 100))
    .filter(lambda t: t[1] < t[2])
    .map(lambda t: f"{t[0]}({t[1]}%:{t[2]}%)"),
    st.tuples(st.sampled_from(["TM", "WM", "TC", "TS", "PR"]), st.integers(0, 19), st.integers(1, 20))
    .filter(lambda t: t[1] < t[2])
    .map(lambda t: f"{t[0]}({t[1]}:{t[2]})"),
    st.tuples(st.sampled_from(["TM", "WM", "TC", "TS", "PR"]), st.integers(0, 20)).map(
        lambda t: f"{t[0]}(:{t[1]})"
    ),
    st.tuples(st.sampled_from(["TM", "WM", "TC", "TS"]), st.integers(0, 99)).map(
        lambda t: f"{t[0]}({t[1]}%:)"
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    text=names,
    points=st.lists(st.tuples(st.integers(0, 40).map(lambda n: n / 2), st.integers(0, 3)), max_size=8),
)
def test_a_sorted_list_agrees(text: str, points: list[tuple[float, int]]) -> None:
    values, counts = [v for v, _ in points], [c for _, c in points]
    ours = evaluate(parse(text), values, [float(c) for c in counts])
    expected = second_opinion(text, values, counts)
    assert ours == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-9))
