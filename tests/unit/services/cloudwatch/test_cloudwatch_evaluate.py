"""The alarm decision: AWS's own tables, a second opinion on generated data, and the words for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.services.cloudwatch.alarms.evaluate import Limits, Slot, Verdict, Watch, decide, significant
from triptych.services.cloudwatch.alarms.explain import explain
from triptych.services.cloudwatch.alarms.reason import java_double, reason, reason_data, stamp

NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())


def watch(m: int, n: int, treatment: str = "missing", **more) -> Watch:
    return Watch(
        periods=n, needed=m, comparison="GreaterThanThreshold", threshold=1.0, treatment=treatment, **more
    )


def slots(text: str, *, samples: float | None = None) -> list[Slot]:
    """``0 - X`` as AWS draws it, oldest first; the evaluation range, newest first."""
    values = [{"-": None, "0": 0.0, "X": 5.0}[mark] for mark in text.split()]
    return [
        Slot(NOON - 60 * age, value, samples if value is not None else None)
        for age, value in enumerate(reversed(values))
    ]


KEEP = None
I = "INSUFFICIENT_DATA"  # noqa: E741 - as in AWS's table


@pytest.mark.parametrize(
    ("m", "data", "missing", "ignore", "breaching", "not_breaching"),
    [
        # "Configuring how CloudWatch alarms treat missing data", first table: 3 of 3
        (3, "0 - X - X", "OK", "OK", "OK", "OK"),
        (3, "- - - - 0", "OK", "OK", "OK", "OK"),
        (3, "- - - - -", I, KEEP, "ALARM", "OK"),
        (3, "0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "- - X - -", "ALARM", KEEP, "ALARM", "OK"),
        # second table: 2 of 3
        (2, "0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 - X - -", "OK", "OK", "ALARM", "OK"),
        (2, "- - - - 0", "OK", "OK", "ALARM", "OK"),
        (2, "- - - X -", "ALARM", KEEP, "ALARM", "OK"),
        # "Avoiding premature transitions to alarm state"
        (3, "- - - - X", KEEP, KEEP, "ALARM", "OK"),
        (3, "- - - X -", KEEP, KEEP, "ALARM", "OK"),
    ],
)
def test_the_tables_of_the_user_guide(m, data, missing, ignore, breaching, not_breaching):
    said = {
        kind: decide(watch(m, 3, kind), slots(data)).state
        for kind in ("missing", "ignore", "breaching", "notBreaching")
    }
    assert said == {
        "missing": missing,
        "ignore": ignore,
        "breaching": breaching,
        "notBreaching": not_breaching,
    }


def opinion(m: int, n: int, treatment: str, marks: list[str]) -> str | None:
    """The same question answered the long way round: by what the missing datapoints might have been.

    ``marks`` oldest first. The newest N real ones count; what lacks is filled by treatment. For missing and
    ignore, a decision needs evidence that no filling could overturn, or a non-breaching datapoint (OK).
    """
    seen = [mark for mark in marks if mark != "-"][-n:]
    lacking = n - len(seen)
    filler = {"breaching": "X", "notBreaching": "0"}.get(treatment)
    if filler is not None or lacking == 0:
        return "ALARM" if (seen + [filler] * lacking).count("X") >= m else "OK"
    outcomes = {"ALARM" if seen.count("X") + extra >= m else "OK" for extra in range(lacking + 1)}
    if outcomes == {"ALARM"}:
        return "ALARM"
    if not seen:
        return I if treatment == "missing" else KEEP
    if "0" in seen:
        return "OK"
    first = len(marks) - marks.index("X")
    if len(seen) < len([mark for mark in marks if mark != "-"]):
        raise AssertionError("lacking means that all real ones were used")
    return "ALARM" if treatment == "missing" and first >= m else KEEP


@given(
    data=st.data(),
    n=st.integers(1, 6),
    treatment=st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
)
def test_a_naive_second_opinion(data, n, treatment):
    m = data.draw(st.integers(1, n))
    marks = data.draw(st.lists(st.sampled_from("-0X"), min_size=n + 2, max_size=n + 2))
    assert decide(watch(m, n, treatment), slots(" ".join(marks))).state == opinion(m, n, treatment, marks)


def test_few_samples_keep_the_state_only_if_asked_for():
    few, many = slots("- - X", samples=999), slots("- - X", samples=1001)
    assert significant(0.99) == pytest.approx(1000)
    assert significant(0.2) == pytest.approx(50)
    careful = watch(1, 1, samples_needed=significant(0.99))
    assert decide(careful, few).state is None
    assert decide(careful, many).state == "ALARM"
    assert decide(watch(1, 1), few).state == "ALARM"


@pytest.mark.parametrize(
    ("m", "n", "treatment", "m_of_n", "data", "text"),
    [
        (1, 1, "missing", False, "- - X", "Threshold Crossed: 1 datapoint [5.0 (20/11/26 12:00:00)] was greater than the threshold (1.0)."),
        (1, 1, "missing", False, "- - 0", "Threshold Crossed: 1 datapoint [0.0 (20/11/26 12:00:00)] was not greater than the threshold (1.0)."),
        (1, 1, "missing", True, "- - X", "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (20/11/26 12:00:00)] was greater than the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."),
        (3, 5, "missing", True, "0 0 X 0 X 0 0", "Threshold Crossed: 3 out of the last 5 datapoints [0.0 (20/11/26 12:00:00), 0.0 (20/11/26 11:59:00), 0.0 (20/11/26 11:57:00)] were not greater than the threshold (1.0) (minimum 3 datapoints for ALARM -> OK transition)."),
        (1, 20, "notBreaching", True, "- " * 21 + "X", "Threshold Crossed: 1 out of the last 20 datapoints [5.0 (20/11/26 12:00:00)] was greater than the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition)."),
        (5, 5, "missing", True, "0 0 X X X X X", "Threshold Crossed: 5 out of the last 5 datapoints were greater than the threshold (1.0). The most recent datapoints which crossed the threshold: [5.0 (20/11/26 12:00:00), 5.0 (20/11/26 11:59:00), 5.0 (20/11/26 11:58:00), 5.0 (20/11/26 11:57:00), 5.0 (20/11/26 11:56:00)] (minimum 5 datapoints for OK -> ALARM transition)."),
        (2, 2, "breaching", False, "- - - -", "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."),
        (1, 1, "notBreaching", False, "- - -", "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."),
        (2, 3, "breaching", True, "- - - - 0", "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching]."),
        (1, 1, "missing", False, "- - -", "Insufficient Data: 1 datapoint was unknown."),
        (5, 5, "missing", False, "- - - - - - -", "Insufficient Data: 5 datapoints were unknown."),
    ],
)  # fmt: skip
def test_reasons_are_cloudwatchs(m, n, treatment, m_of_n, data, text):
    looked = watch(m, n, treatment)
    verdict = decide(looked, slots(data))
    assert reason(looked, verdict, m_of_n=m_of_n) == text


def test_reason_data():
    looked = watch(2, 2)
    seen = slots("0 - X X", samples=3.0)
    verdict = decide(looked, seen)
    at = datetime(2026, 11, 20, 12, 1, 0, 345678, tzinfo=UTC)
    data = reason_data(looked, verdict, seen, at=at, period=60, statistic="Sum", unit="Count")
    assert data == (
        '{"version":"1.0","queryDate":"2026-11-20T12:01:00.345+0000","startDate":"2026-11-20T11:59:00.000+0000",'
        '"unit":"Count","statistic":"Sum","period":60,"recentDatapoints":[5.0,5.0],"threshold":1.0,'
        '"evaluatedDatapoints":[{"timestamp":"2026-11-20T12:00:00.000+0000","sampleCount":3.0,"value":5.0},'
        '{"timestamp":"2026-11-20T11:59:00.000+0000","sampleCount":3.0,"value":5.0}]}'
    )


LIMITS = Limits(0.5, 4.5)


@pytest.mark.parametrize(
    ("comparison", "values", "breaching", "text", "said"),
    [
        ("LessThanLowerOrGreaterThanUpperThreshold", [5.0, 0.0], 2,
         "Thresholds Crossed: 2 out of the last 2 datapoints [0.0 (20/11/26 12:00:00), 5.0 (20/11/26 11:59:00)] were less "
         "than the lower thresholds [0.5, 0.5] or greater than the upper thresholds [4.5, 4.5] (minimum 2 datapoints for "
         "OK -> ALARM transition).",
         {"recentLowerThresholds": [0.5, 0.5], "recentUpperThresholds": [4.5, 4.5]}),
        ("GreaterThanUpperThreshold", [5.0, 0.0], 1,
         "Thresholds Crossed: 1 out of the last 2 datapoints [0.0 (20/11/26 12:00:00)] was not greater than the upper "
         "thresholds [4.5] (minimum 1 datapoint for ALARM -> OK transition).",
         {"recentUpperThresholds": [4.5, 4.5]}),
        ("LessThanLowerThreshold", [0.5, 4.5], 0,
         "Thresholds Crossed: 2 out of the last 2 datapoints [4.5 (20/11/26 12:00:00), 0.5 (20/11/26 11:59:00)] were not "
         "less than the lower thresholds [0.5, 0.5] (minimum 1 datapoint for ALARM -> OK transition).",
         {"recentLowerThresholds": [0.5, 0.5]}),
    ],
)  # fmt: skip
def test_the_reasons_of_a_band(comparison, values, breaching, text, said):
    looked = Watch(periods=2, needed=2, comparison=comparison, threshold=None)
    seen = [Slot(NOON - 60 * age, value, None, LIMITS) for age, value in enumerate(reversed(values))]
    seen += [Slot(NOON - 60 * age, None) for age in (2, 3)]
    verdict = decide(looked, seen)
    assert verdict.state == ("ALARM" if breaching == 2 else "OK")
    assert reason(looked, verdict, m_of_n=False) == text
    told = explain(looked, seen)
    assert told.breaching == breaching
    assert [each.limits for each in told.periods] == [LIMITS, LIMITS, None, None]
    at = datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
    data = msgspec.json.decode(reason_data(looked, verdict, seen, at=at, period=60, statistic="", unit=""))
    assert {name: value for name, value in data.items() if "hreshold" in name} == said
    assert data["recentDatapoints"] == values
    single = {"threshold": next(iter(said.values()))[0]} if len(said) == 1 else {}
    assert (
        data["evaluatedDatapoints"][0]
        == {"timestamp": stamp(at - timedelta(minutes=1)), "value": values[1]} | single
    )


def test_reason_data_of_nothing_has_no_start_and_stays_small():
    looked = watch(200, 200)
    seen = slots("- " * 202)
    data = reason_data(
        looked, Verdict("INSUFFICIENT_DATA"), seen, at=datetime(2026, 1, 1, tzinfo=UTC), period=60, statistic="", unit=""
    )  # fmt: skip
    assert len(data) <= 4000
    read = msgspec.json.decode(data)
    assert "startDate" not in read
    assert read["recentDatapoints"] == []
    assert read["evaluatedDatapoints"][0] == {"timestamp": "2026-11-20T12:00:00.000+0000"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5.0"), (0.0, "0.0"), (99.50160229693434, "99.50160229693434"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"),
        (0.0001, "1.0E-4"), (0.00098765, "9.8765E-4"), (-25e9, "-2.5E10"), (1e300, "1.0E300"), (1.5e-7, "1.5E-7"), (9999999.0, "9999999.0"),
    ],
)  # fmt: skip
def test_numbers_look_like_javas(value, text):
    assert java_double(value) == text
    assert float(text) == value


def test_stamps():
    assert stamp(datetime(2024, 10, 26, 19, 0, 38, 853999, tzinfo=UTC)) == "2024-10-26T19:00:38.853+0000"
