"""Every function of metric math does what its cases say."""

from __future__ import annotations

from itertools import chain

import pytest

from triptych.query.metric_math import FUNCTIONS, MathError, Series, Value, Window, evaluate, parse
from triptych.query.metric_math.function import Case, Function

cases = pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=f"{f.name}: {c.expression}") for f in FUNCTIONS.values() for c in f.cases],
)
functions = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))


def row(text: str, start: int) -> dict[int, float]:
    return {start + 60 * i: float(v) for i, v in enumerate(text.split()) if v != "-"}


def shown(value: Value) -> str:
    """A value in the words of a case, without the row's trailing timestamps known."""
    if isinstance(value, list):
        return f"[{' | '.join(shown(one) for one in value)}]"
    return str(dict(value.points())) if isinstance(value, Series) else f"scalar {value}"


def expected(case: Case) -> str:
    if case.expected.startswith("scalar "):
        return f"scalar {float(case.expected.removeprefix('scalar '))}"
    if case.expected.startswith("["):
        rows = [r for r in case.expected.strip("[]").split("|") if r.strip()]
        return f"[{' | '.join(str(row(r, case.start)) for r in rows)}]"
    return str(row(case.expected, case.start))


@cases
def test_a_case(case: Case) -> None:
    length = max((len(text.split()) for text in case.given.values()), default=1)
    window = Window(case.start, case.start + 60 * length, 60)
    given = {
        name: Series(tuple(points), tuple(points.values()), name, name, 60)
        for name, points in ((name, row(text, case.start)) for name, text in case.given.items())
    }
    if case.expected.startswith("error: "):
        with pytest.raises(MathError) as caught:
            evaluate(parse(case.expression), given, window)
        assert case.expected.removeprefix("error: ") in caught.value.message
        assert 0 <= caught.value.position <= len(case.expression)
        return
    assert shown(evaluate(parse(case.expression), given, window)) == expected(case)


@functions
def test_a_function_is_complete(function: Function) -> None:
    assert function.cases
    assert any(f"{function.name}(" in case.expression for case in function.cases)
    assert function.docs.endswith(".")
    assert function.name.isupper()
    words = set(chain.from_iterable(chain.from_iterable(function.lists())))
    assert words <= {"S", "TS", "TS[]", "string", "metric"} | {w for w in words if w.isupper() and len(w) > 2}


def test_every_documented_function_is_known() -> None:
    documented = """ABS ANOMALY_DETECTION_BAND AVG CEIL DATAPOINT_COUNT DB_PERF_INSIGHTS DIFF DIFF_TIME FILL FIRST
    LAST FLOOR IF INSIGHT_RULE_METRIC LAMBDA LOG LOG10 MAX METRIC_COUNT METRICS MIN MINUTE HOUR DAY DATE MONTH YEAR
    EPOCH PERIOD RATE REMOVE_EMPTY RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV SUM TIME_SERIES"""
    assert set(FUNCTIONS) == set(documented.split())
