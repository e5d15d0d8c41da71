"""Metric math as a language: what it reads, what it refuses and where, and the naive interpreter's second opinion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_metric_math import Line, Thing, interpret

from triptych.query.metric_math import (
    DROPPED,
    MathError,
    Series,
    Value,
    Window,
    evaluate,
    evaluation,
    parse,
    references,
)
from triptych.query.search_expression import compile_search

WINDOW = Window(0, 240, 60)


def series(*values: float | None, period: int = 60, label: str = "") -> Series:
    points = {i * period: float(v) for i, v in enumerate(values) if v is not None}
    return Series(tuple(points), tuple(points.values()), label, "", period)


def minutes(value: Value) -> list[float | None]:
    assert isinstance(value, Series)
    points = dict(value.points())
    return [points.get(t) for t in WINDOW.grid(60)]


METRICS = {
    "metric1": series(30, 20, 0, 0, label="one"),
    "metric2": series(20, None, 20, None, label="two"),
    "empty": series(),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # the page's table of comparison and logical operators
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
        # missing values of one of two series are 0, and a point that would divide by zero is dropped
        ("metric1 + metric2", [50, 20, 20, 0]),
        ("metric1 - metric2", [10, 20, -20, 0]),
        ("metric1 / metric2", [1.5, None, 0, None]),
        ("metric2 / metric1", [20 / 30, 0, None, None]),
        ("metric2 == 20", [1, None, 1, None]),
        ("metric1 == metric2", [0, 0, 0, 1]),
        ("metric1 != metric2", [1, 1, 1, 0]),
        ("metric1 || metric2", [1, 1, 1, 0]),
        ("metric1 OR metric2", [1, 1, 1, 0]),
        ("metric1 && metric2", [1, 0, 0, 0]),
        ("metric2 * empty", [0, None, 0, None]),
        ("-metric2", [-20, None, -20, None]),
        # precedence
        ("metric2 + 2 * 3", [26, None, 26, None]),
        ("(metric2 + 2) * 3", [66, None, 66, None]),
        ("-metric2 ^ 2", [-400, None, -400, None]),
        ("metric2 * 0 + 2 ^ 3 ^ 2", [512, None, 512, None]),
        ("metric2 * 0 + 2 ^ -1", [0.5, None, 0.5, None]),
        ("metric2 - 5 - 3", [12, None, 12, None]),
        ("metric2 / 2 / 2", [5, None, 5, None]),
        ("metric1 > 10 OR metric1 > 25 AND metric1 < 0", [1, 1, 0, 0]),
        ("metric2 + 1 > 20 == 1", [1, None, 1, None]),
        ("metric2 - -.5e1", [25, None, 25, None]),
        # scalars that cannot be computed drop what they touch
        ("metric2 + MAX(empty)", [None] * 4),
        ("metric2 > AVG(empty)", [None] * 4),
        ("IF(AVG(empty), metric1, metric2)", [None] * 4),
        # the roots of negative values are dropped, and what is missing then counts as 0
        ("metric1 ^ 0.5 - (0 - metric2) ^ 0.5", [math.sqrt(30), math.sqrt(20), 0, 0]),
    ],
)
def test_operators(expression: str, expected: list[float | None]) -> None:
    found = minutes(evaluate(parse(expression), METRICS, WINDOW))
    if expression.startswith("metric1 ^"):
        expected = [
            math.sqrt(30),
            math.sqrt(20),
            0.0,
            0.0,
        ]  # roots of negative values are dropped, then count as 0
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "words", "position"),
    [
        ("", "ends early", 0),
        ("m1 +", "ends early", 4),
        ("(m1", "')' is missing", 3),
        ("m1 m2", "Unexpected 'm2'", 3),
        ("m1 and m2", "did you mean 'AND'?", 3),
        ("m1 & m2", "did you mean '&&'?", 3),
        ("m1 = 2", "did you mean '=='?", 3),
        ("!m1", "no negation", 0),
        ("m1 # 2", "Unexpected character '#'", 3),
        ("5m", "A number may not be followed by letters", 0),
        ("m1 * 1e999", "too large", 5),
        ("'abc", "does not end", 0),
        ("'abc'", "neither a metric nor a function", 0),
        ("REPEAT", "neither a metric nor a function", 0),
        ("m1 + DESC", "no value", 5),
        ("-'x'", "no value", 1),
        ("AVERAGE(m1)", "Function 'AVERAGE' not found", 0),
        ("2 * STDEV(m1)", "Function 'STDEV' not found, did you mean 'STDDEV'?", 4),
        ("avg(m1)", "Function 'avg' not found, did you mean 'AVG'?", 0),
        ("ABS()", "ABS does not take 0 arguments, it is ABS(TS) or ABS(TS[])", 0),
        ("SUM(m1, m2)", "SUM does not take 2 arguments", 0),
        ("SUM('m1')", "SUM takes no string", 4),
        ("FILL(m1, REPEATED)", "did you mean 'REPEAT'?", 9),
        ("METRICS(FOO)", "'FOO' is not understood", 8),
        ("SEARCH('(a OR', 'Sum')", "A term is missing", 13),
        ("SEARCH('a', 'Sum', 61)", "61 is not 1, 5, 10", 8),
        ("SEARCH(m1, 'Sum')", "in quotes", 0),
        ("m1, m2", "Unexpected ','", 2),
        ("[m1", "']' is missing", 3),
        ("(" * 65 + "m1" + ")" * 65, "nested more than 64 deep", 65),
        ("-" * 65 + "m1", "nested more than 64 deep", 65),
        ("m1" + "^2" * 65, "nested more than 64 deep", 131),
        ("m1 + " * 410, "allowed", 2048),
    ],
)
def test_what_cannot_be_read(expression: str, words: str, position: int) -> None:
    with pytest.raises(MathError) as caught:
        parse(expression)
    assert words in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("expression", "words", "position"),
    [
        (
            "metric1 + metrik2",
            "'metrik2' is not the Id of a metric or an expression here, did you mean 'metric2'?",
            10,
        ),
        ("[metric1, 5]", "not scalars", 10),
        ("[metric1] + [metric2]", "Unsupported operand types for +: 'TS[]' and 'TS[]'", 10),
        ("SUM(AVG(metric1))", "SUM(TS) or SUM(TS[]) does not take (S)", 0),
        ("FIRST(metric1)", "does not take (TS)", 0),
        ("SORT([metric1], AVG, 3)", "SORT", 0),
        ("SLICE([metric1], 0.5)", "SLICE: a position in an array is a whole number", 0),
        ("PERIOD(e1)", "PERIOD(metric) does not take (TS)", 0),
        ("SEARCH('metric', 'Sum')", "cannot be used here", 0),
    ],
)
def test_what_cannot_be_computed(expression: str, words: str, position: int) -> None:
    with pytest.raises(MathError) as caught:
        evaluate(
            parse(expression), METRICS | {"e1": METRICS["metric1"]}, WINDOW, metrics=["metric1", "metric2"]
        )
    assert words in caught.value.message
    assert caught.value.position == position


def test_a_long_chain_is_not_deep() -> None:
    expression = parse("+".join(["m1"] * 600))
    assert minutes(evaluate(expression, {"m1": series(1, 2)}, WINDOW)) == [600, 1200, None, None]
    assert references(expression) == {"m1"}


def test_references_are_found_everywhere() -> None:
    expression = parse("IF(a > 1, FILL([b, -c], d), MIN(METRICS('e'))) * f ^ 2")
    assert references(expression) == {"a", "b", "c", "d", "f"}


def test_dropped_points_are_said() -> None:
    dropped = evaluation(parse("1 / (metric1 - 20)"), METRICS, WINDOW)
    assert minutes(dropped.value) == [0.1, None, -0.05, -0.05]
    assert dropped.messages == (DROPPED,)
    assert evaluation(parse("metric1 + metric2"), METRICS, WINDOW).messages == ()
    assert evaluation(parse("TIME_SERIES(1 / 0)"), METRICS, WINDOW).messages == (DROPPED,)


def test_labels_stay_while_a_series_is_one() -> None:
    for expression in (
        "metric1 * 2",
        "2 - metric1",
        "-metric1",
        "CEIL(metric1)",
        "FILL(metric1, 0)",
        "DIFF(metric1)",
    ):
        value = evaluate(parse(expression), METRICS, WINDOW)
        assert isinstance(value, Series)
        assert value.label == "one"
    array = evaluate(parse("METRICS() / metric2"), METRICS, WINDOW)
    assert isinstance(array, list)
    assert [one.label for one in array] == ["", "", ""]
    combined = evaluate(parse("metric1 + metric2"), METRICS, WINDOW)
    assert isinstance(combined, Series)
    assert combined.label == ""


def test_metrics_are_not_expressions() -> None:
    environment = METRICS | {"e1": series(9, 9, 9, 9)}
    only = evaluate(parse("SUM(METRICS())"), environment, WINDOW, metrics={"metric1", "metric2"})
    assert minutes(only) == [50, 20, 20, 0]
    assert minutes(evaluate(parse("SUM(METRICS())"), environment, WINDOW)) == [59, 29, 29, 9]


def test_an_expression_of_an_expression_may_be_an_array() -> None:
    environment = {"e1": [series(1, 2), series(None, 5)]}
    assert minutes(evaluate(parse("SUM(e1)"), environment, WINDOW)) == [1, 7, None, None]
    assert evaluate(parse("MAX(SUM(e1) * 2)"), environment, WINDOW) == 14


def test_search_finds_what_it_is_given() -> None:
    expression = parse("SUM(SEARCH(' {AWS/EC2,InstanceId} CPU ', 'Average', 300)) / 2")
    search = compile_search(" {AWS/EC2,InstanceId} CPU ", "Average", 300)
    assert expression.searches == (search,)
    found = evaluate(expression, {}, WINDOW, searches={search: (series(1, 2), series(3))})
    assert minutes(found) == [2, 1, None, None]
    nothing = evaluate(expression, {}, WINDOW, searches={search: ()})
    assert minutes(nothing) == [None] * 4


def test_series_of_different_periods_share_the_finest_grid() -> None:
    environment = {"m1": series(1, 2, 3, 4), "m5": series(10, 20, period=120)}
    value = evaluate(parse("m1 + m5"), environment, WINDOW)
    assert minutes(value) == [11, 2, 23, 4]
    assert isinstance(value, Series)
    assert value.period == 60


def test_a_window_rounds_its_start_down() -> None:
    value = evaluate(parse("TIME_SERIES(1)"), {}, Window(90, 200, 60))
    assert isinstance(value, Series)
    assert value.timestamps == (60, 120, 180)
    shifted = evaluate(parse("TIME_SERIES(1)"), {}, Window(90, 200, 60, origin=15))
    assert isinstance(shifted, Series)
    assert shifted.timestamps == (75, 135, 195)


def test_making_too_many_points_is_refused() -> None:
    for expression in ("TIME_SERIES(1)", "FILL(m1, 0)", "HOUR(m1)"):
        with pytest.raises(MathError, match="is too long"):
            evaluate(parse(expression), {"m1": series(1, period=1)}, Window(0, 10**6, 1))


# The second opinion.

KEYS = ("alpha", "beta", "gamma")
OPERATORS = ["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "AND", "OR", "&&", "||"]
REDUCING = ["AVG", "MAX", "MIN", "STDDEV", "SUM", "DATAPOINT_COUNT"]
SHAPING = ["ABS", "CEIL", "FLOOR", "LOG", "LOG10", "DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"]
CLOCKS = ["MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"]


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int = 3) -> str:
    def inner(sub: str) -> str:
        return draw(expressions(sub, depth - 1))

    def one_of(*options: str) -> str:
        return draw(st.sampled_from(options))

    if kind == "S":
        match (
            one_of("number", "number", "reduce", "count", "period", "operate", "minus") if depth else "number"
        ):
            case "number":
                return one_of("0", "1", "2", "3", "0.5", "100")
            case "reduce":
                return f"{one_of(*REDUCING)}({inner('TS')})"
            case "count":
                return f"METRIC_COUNT({inner('TS[]')})"
            case "period":
                return f"PERIOD({one_of(*KEYS)})"
            case "minus":
                return f"-{inner('S')}"
            case _:
                return f"({inner('S')} {one_of(*OPERATORS)} {inner('S')})"
    if kind == "TS":
        choices = (
            "metric",
            "operate",
            "power",
            "minus",
            "shape",
            "reduce",
            "fill",
            "if",
            "clock",
            "pick",
            "constant",
        )
        match one_of(*choices) if depth else "metric":
            case "metric":
                return one_of(*KEYS)
            case "operate":
                left, right = one_of("TS,TS", "TS,S", "S,TS").split(",")
                # without parentheses, so that precedence is compared as well
                return f"{inner(left)} {one_of(*OPERATORS)} {inner(right)}"
            case "power":
                return f"({inner('TS')}) ^ {one_of('0', '1', '2', '0.5', '-1')}"
            case "minus":
                return f"-{inner('TS')}"
            case "shape":
                return f"{one_of(*SHAPING)}({inner('TS')})"
            case "reduce":
                return f"{one_of(*REDUCING)}({inner('TS[]')})"
            case "fill":
                return f"FILL({inner('TS')}, {one_of('REPEAT', 'LINEAR', inner('S'), inner('TS'))})"
            case "if":
                test, yes = inner(one_of("TS", "TS", "S")), inner(one_of("TS", "S"))
                if one_of("two", "three") == "two":
                    return f"IF({inner('TS')}, {yes})"
                if one_of("scalars", "series", "series") == "scalars":
                    return f"TIME_SERIES(IF({inner('S')}, {inner('S')}, {inner('S')}))"
                return f"IF({test}, {yes}, {inner('TS')})"
            case "clock":
                return f"{one_of(*CLOCKS)}({inner('TS')})"
            case "pick":
                return f"{one_of('FIRST', 'LAST')}({inner('TS[]')})"
            case _:
                return f"TIME_SERIES({inner('S')})"
    match (
        one_of("literal", "metrics", "operate", "shape", "fill", "sort", "slice", "remove")
        if depth
        else "literal"
    ):
        case "literal":
            return f"[{inner('TS') if depth else 'alpha'}, {one_of(*KEYS)}]"
        case "metrics":
            return one_of("METRICS()", 'METRICS("a")', 'METRICS("mm")', 'METRICS("none")')
        case "operate":
            return f"({inner('TS[]')} {one_of(*OPERATORS)} {inner(one_of('TS', 'S'))})"
        case "shape":
            return f"{one_of(*SHAPING)}({inner('TS[]')})"
        case "fill":
            return f"FILL({inner('TS[]')}, {one_of('REPEAT', 'LINEAR', inner('S'), inner('TS'))})"
        case "sort":
            by, order, limit = (
                one_of("AVG", "MAX", "MIN", "SUM"),
                one_of("ASC", "DESC"),
                one_of("", ", 1", ", 5"),
            )
            return f"SORT({inner('TS[]')}, {by}, {order}{limit})"
        case "slice":
            return f"SLICE({inner('TS[]')}, {one_of('0', '1', '0, 1', '1, 2', '2, 1')})"
        case _:
            return f"REMOVE_EMPTY({inner('TS[]')})"


def lines() -> st.SearchStrategy[Line]:
    values = st.integers(-20, 20).map(lambda n: n / 4)

    def line(period: int) -> st.SearchStrategy[Line]:
        times = st.dictionaries(st.integers(-1, 5).map(lambda i: i * period), values, max_size=6)
        return times.map(lambda points: Line(dict(sorted(points.items())), period))

    return st.sampled_from([60, 60, 60, 120]).flatmap(line)


def comparable(thing: Thing | Value) -> object:
    """Both kinds of values as plain data; NaN is written as a word so that it equals itself."""
    if isinstance(thing, list):
        return [comparable(one) for one in thing]
    if isinstance(thing, Line):
        return (thing.points, thing.period)
    if isinstance(thing, Series):
        return (dict(thing.points()), thing.period)
    return "NaN" if math.isnan(thing) else thing


@settings(max_examples=600, deadline=None)
@given(
    text=st.sampled_from(["S", "TS", "TS", "TS[]"]).flatmap(expressions),
    metrics=st.fixed_dictionaries({key: lines() for key in KEYS}),
    start=st.sampled_from([0, 30, 60]),
)
def test_a_second_interpreter_agrees(text: str, metrics: dict[str, Line], start: int) -> None:
    environment = {
        key: Series(tuple(line.points), tuple(line.points.values()), key, key, line.period)
        for key, line in metrics.items()
    }
    ours = evaluate(parse(text), environment, Window(start, 300, 60))
    assert comparable(ours) == comparable(interpret(text, metrics, start, 300, 60))


@settings(max_examples=300, deadline=None)
@given(text=st.text("m12ABS()[]-+*/^<>=!&|AND OR,.'\" e_", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse(text)
    except MathError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert parsed.text == text
