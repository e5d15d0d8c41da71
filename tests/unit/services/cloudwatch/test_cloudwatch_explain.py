"""The why table says what the decision rests on; a rehearsal changes state where the evaluator says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.evaluate import Slot, Watch, decide
from triptych.services.cloudwatch.alarms.explain import explain
from triptych.services.cloudwatch.alarms.rehearsal import PHASES, phases, plan, rehearse

NOON = 1_790_000_040 // 60 * 60


def watch(m: int, n: int, treatment: str = "missing", **more) -> Watch:
    return Watch(
        periods=n, needed=m, comparison="GreaterThanThreshold", threshold=1.0, treatment=treatment, **more
    )


def slots(text: str, samples: float | None = None) -> list[Slot]:
    """``0 - X``, oldest first; the evaluation range, newest first."""
    values = [{"-": None, "0": 0.0, "X": 5.0}[mark] for mark in text.split()]
    return [
        Slot(NOON - 60 * age, value, samples if value is not None else None)
        for age, value in enumerate(reversed(values))
    ]


@pytest.mark.parametrize(
    ("m", "treatment", "data", "fates", "sentence"),
    [
        (
            2,
            "missing",
            "X 0 X 0 X",
            ["counted", "counted", "counted", "spare", "spare"],
            "2 of 3 breach, 2 are needed: ALARM.",
        ),
        (
            2,
            "notBreaching",
            "- - - 0 X",
            ["counted", "counted", "notBreaching", "missing", "missing"],
            "1 of 3 breach, 2 are needed: OK. 1 missing one is treated as notBreaching.",
        ),
        (
            2,
            "breaching",
            "- - - 0 -",
            ["breaching", "counted", "breaching", "missing", "missing"],
            "2 of 3 breach, 2 are needed: ALARM. 2 missing ones are treated as breaching.",
        ),
        (
            3,
            "ignore",
            "- - - - X",
            ["counted", "ignore", "ignore", "ignore", "ignore"],
            "1 of 3 breach, 3 are needed: too few datapoints to tell, the alarm keeps its state.",
        ),
        (
            1,
            "missing",
            "- - - - -",
            ["missing"] * 5,
            "There is no datapoint in the 5 periods looked at: INSUFFICIENT_DATA.",
        ),
        (
            3,
            "missing",
            "- - X - -",
            ["missing", "missing", "counted", "missing", "missing"],
            "The only datapoint breaches, the oldest is 3 or more periods old: ALARM.",
        ),
    ],
)
def test_every_period_says_what_became_of_it(m, treatment, data, fates, sentence) -> None:
    told = explain(watch(m, 3, treatment), slots(data))
    assert [each.fate for each in told.periods] == fates
    assert told.sentence == sentence


def test_a_datapoint_of_too_few_samples_is_named() -> None:
    told = explain(watch(1, 1, samples_needed=10.0), slots("0 0 X", samples=3.0))
    assert told.periods[0].fate == "too few samples"
    assert told.verdict.state is None
    assert "too few samples" in told.sentence


@given(
    st.lists(st.sampled_from(["-", "0", "X"]), min_size=7, max_size=7),
    st.integers(1, 5),
    st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
)
def test_the_table_adds_up_to_the_decision(marks, needed, treatment) -> None:
    w, data = watch(needed, 5, treatment), slots(" ".join(marks))
    told = explain(w, data)
    assert told.verdict == decide(w, data)
    counting = [each for each in told.periods if each.fate in ("counted", "breaching", "notBreaching")]
    if told.verdict.filled or len(told.verdict.real) == w.periods:
        assert len(counting) == w.periods or treatment in ("missing", "ignore")
        assert (told.breaching >= needed) == (told.verdict.state == "ALARM")


def metric(**more) -> MetricWatch:
    return MetricWatch(
        **{
            "comparison": "GreaterThanThreshold",
            "threshold": 1.0,
            "evaluation_periods": 2,
            "period": 60,
            "namespace": "N",
            "metric_name": "M",
            "statistic": "Sum",
            "treat_missing_data": "notBreaching",
            **more,
        }
    )


def test_a_rehearsal_fires_where_two_periods_in_a_row_breach() -> None:
    values = {0: {NOON + 60 * i: (5.0 if i in (3, 4, 9) else 0.0, 1.0) for i in range(12)}}
    found = rehearse(metric(), values, plan(metric(), start=NOON, end=NOON + 720).moments)
    assert [(each.at - NOON, each.before, each.after) for each in found] == [
        (0, "INSUFFICIENT_DATA", "OK"),
        (300, "OK", "ALARM"),
        (360, "ALARM", "OK"),
    ]
    assert found[1].reason.startswith("Threshold Crossed: 2 datapoints [5.0 (")


@pytest.mark.parametrize(
    ("period", "periods", "step"),
    [
        (10, 1, 10),
        (60, 3, 60),
        (300, 1, 60),
        (600, 1, 60),
        (900, 1, 180),
        (3600, 1, 360),
        (86400, 1, 8640),
        (86400, 7, 10800),
    ],
)
def test_long_periods_are_rehearsed_in_few_phases(period, periods, step) -> None:
    m = metric(period=period, evaluation_periods=periods)
    planned = plan(m, start=NOON, end=NOON + 20 * period)
    assert planned.step == step
    assert len(phases(m, planned.moments)) <= PHASES
    assert planned.step % m.interval == 0
