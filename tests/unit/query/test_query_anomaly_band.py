"""Anomaly detection models on generated series: what they expect, how wide they are, what they do not believe."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel import limits
from triptych.query.anomaly_band import Band, Training, band, train, training_ends

HOUR, DAY = 3600, 86_400
START = 1_760_313_600
"""A Monday, 00:00 UTC."""
UTC_ONLY = Training()

Shape = Callable[[int, random.Random], float]


def series(shape: Shape, *, days: float, period: int, seed: int = 1) -> list[tuple[int, float]]:
    chance = random.Random(seed)
    return [(at, shape(at, chance)) for at in range(START, START + int(days * DAY), period)]


def inside(found: Band, points: list[tuple[int, float]], width: float) -> float:
    """The part of the points that is in the band; all of them must have one."""
    verdicts = []
    for at, value in points:
        known = found.at(at)
        assert known is not None
        verdicts.append(abs(value - known[0]) <= width * known[1])
    return sum(verdicts) / len(verdicts)


def parts(
    shape: Shape, *, history: float, asked: float, period: int, training: Training = UTC_ONLY
) -> tuple[Band, list[tuple[int, float]]]:
    """The band of what comes after so many days of history, and what did come."""
    points = series(shape, days=history + asked, period=period)
    begin, end = START + int(history * DAY), START + int((history + asked) * DAY)
    return band(points, period=period, start=begin, end=end, training=training), [
        point for point in points if point[0] >= begin
    ]


def noise(at: int, chance: random.Random) -> float:
    return chance.gauss(10, 1)


def daily(at: int, chance: random.Random) -> float:
    return 100 + 50 * math.sin(2 * math.pi * at / DAY) + chance.gauss(0, 3)


def is_weekend(at: int) -> bool:
    return datetime.fromtimestamp(at, UTC).weekday() >= 5


def weekly(at: int, chance: random.Random) -> float:
    busy = 200 + 100 * math.sin(2 * math.pi * at / DAY)
    return (0.3 if is_weekend(at) else 1) * busy + chance.gauss(0, 5)


def growing(at: int, chance: random.Random) -> float:
    return 20 * (at - START) / DAY + daily(at, chance)


def batch(at: int, chance: random.Random) -> float:
    return chance.gauss(10, 1) + (100 if at % HOUR == 0 else 0)


@pytest.mark.parametrize("period", [60, 300, 3600])
@pytest.mark.parametrize(
    ("shape", "history", "asked", "deviation"),
    [(noise, 14, 1, 1), (daily, 14, 1, 3), (daily, 2, 1, 3), (weekly, 14, 7, 5), (growing, 14, 1, 3), (growing, 5, 1, 3)],
)  # fmt: skip
def test_clean_points_are_inside_and_spikes_are_not(
    shape: Shape, history: float, asked: float, deviation: float, period: int
) -> None:
    found, points = parts(shape, history=history, asked=asked, period=period)
    assert inside(found, points, 3) >= 0.95
    assert inside(found, points, 2) >= 0.85
    for side in (-12, 12):
        spikes = [(at, value + side * deviation) for at, value in points]
        assert inside(found, spikes, 3) <= 0.05


def test_a_weekend_is_a_surprise_until_two_were_seen() -> None:
    _, points = parts(weekly, history=14, asked=7, period=300)
    weekend = [point for point in points if is_weekend(point[0])]
    found, _ = parts(weekly, history=5, asked=7, period=300)
    assert inside(found, [(at - 9 * DAY, value) for at, value in weekend], 3) < 0.5
    found, _ = parts(weekly, history=14, asked=7, period=300)
    assert inside(found, weekend, 3) >= 0.95


def test_a_job_of_every_hour_is_expected() -> None:
    found, points = parts(batch, history=3, asked=1, period=60)
    assert inside(found, [point for point in points if point[0] % HOUR == 0], 3) >= 0.9
    assert inside(found, [(at, value + 100) for at, value in points if at % HOUR], 3) == 0


def test_what_never_moves_may_be_rounded_and_nothing_else() -> None:
    found = train(
        series(lambda at, _: 45.2, days=14, period=300), period=300, end=START + 14 * DAY, training=UTC_ONLY
    )
    assert found is not None
    assert found.at(START + 14 * DAY) == pytest.approx((45.2, 0.0452))


def test_an_outage_in_the_past_bends_nothing() -> None:
    broken = range(START + 5 * DAY, START + 5 * DAY + 12 * HOUR)
    clean, points = parts(daily, history=14, asked=1, period=300)
    found, _ = parts(
        lambda at, chance: daily(at, chance) * (at not in broken), history=14, asked=1, period=300
    )
    assert inside(found, points, 3) >= 0.95
    middle = START + 14 * DAY + 12 * HOUR
    kept, bent = clean.at(middle), found.at(middle)
    assert kept is not None
    assert bent is not None
    assert bent == pytest.approx(kept, rel=0.15)


def test_a_change_that_lasts_is_believed_after_half_of_three_days() -> None:
    def level(at: int, chance: random.Random) -> float:
        return daily(at, chance) + (200 if at >= START + 12 * DAY else 0)

    for days, believed in ((13, False), (13.75, True), (14, True)):
        found, points = parts(level, history=days, asked=0.2, period=300)
        assert (inside(found, points, 3) > 0.9) is believed


def test_gaps_are_no_matter() -> None:
    chance = random.Random(5)
    points = series(daily, days=15, period=300)
    kept = [
        (at, value)
        for at, value in points
        if chance.random() < 0.5 and not START + 4 * DAY <= at < START + 6 * DAY
    ]
    begin = START + 14 * DAY
    found = band(kept, period=300, start=begin, end=begin + DAY, training=UTC_ONLY)
    assert inside(found, [point for point in points if point[0] >= begin], 3) >= 0.95


def test_points_that_are_no_numbers_do_not_train() -> None:
    points = series(noise, days=1, period=300)
    begin = START + DAY
    wanted = train(points, period=300, end=begin, training=UTC_ONLY)
    found = train(
        sorted([*points, (START + 150, math.inf), (START + 450, math.nan)]),
        period=300,
        end=begin,
        training=UTC_ONLY,
    )
    assert wanted is not None
    assert found is not None
    assert found.at(begin) == wanted.at(begin)


@pytest.mark.parametrize(
    ("seconds", "period", "enough"),
    [(3 * HOUR, 60, True), (3 * HOUR - 60, 60, False), (11 * HOUR, HOUR, False), (12 * HOUR, HOUR, True), (0, 60, False)],
)  # fmt: skip
def test_how_much_is_enough(seconds: int, period: int, enough: bool) -> None:
    points = series(noise, days=seconds / DAY, period=period)
    found = train(points, period=period, end=START + seconds, training=UTC_ONLY)
    assert (found is not None) is enough


def test_only_two_weeks_before_the_end_are_looked_at() -> None:
    end = START + 30 * DAY
    old = [(at, 1000.0) for at in range(START, end - limits.ANOMALY_HISTORY_SECONDS, HOUR)]
    new = [(at, 10.0) for at in range(end - limits.ANOMALY_HISTORY_SECONDS, end, HOUR)]
    later = [(at, 5000.0) for at in range(end, end + DAY, HOUR)]
    found = train(old + new + later, period=HOUR, end=end, training=UTC_ONLY)
    assert found is not None
    assert found.at(end) == (10.0, 0.01)
    # A period that is not over at the end is not known then.
    assert train(new[-12:], period=HOUR, end=end, training=UTC_ONLY) is not None
    assert train(new[-12:], period=HOUR, end=end - 1, training=UTC_ONLY) is None


def test_excluded_ranges_do_not_train() -> None:
    fair = range(START + 10 * DAY, START + 14 * DAY)

    def shape(at: int, chance: random.Random) -> float:
        return daily(at, chance) + (500 if at in fair else 0)

    points = [
        (at, daily(at, random.Random(at))) for at in range(START + 14 * DAY, START + 14 * DAY + HOUR, 300)
    ]
    found, _ = parts(shape, history=14, asked=0.1, period=300)
    assert inside(found, points, 3) < 0.1
    training = Training(excluded=((fair.start, fair.stop),))
    found, _ = parts(shape, history=14, asked=0.1, period=300, training=training)
    assert inside(found, points, 3) > 0.9


def test_a_day_moves_with_daylight_saving_time() -> None:
    """Clocks in Berlin went back on 2025-10-26: what is done at 9 is done an hour later in UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    begin = int(datetime(2025, 10, 26, 12, tzinfo=UTC).timestamp())

    def office(at: int) -> float:
        return 100.0 if 9 <= datetime.fromtimestamp(at, berlin).hour < 17 else 10.0

    history = [(at, office(at) + at % 7) for at in range(begin - 10 * DAY, begin, 900)]
    asked = [(at, office(at) + 3) for at in range(begin, begin + DAY, 900)]
    local = band(history, period=900, start=begin, end=begin + DAY, training=Training(zone="Europe/Berlin"))
    assert inside(local, asked, 3) == 1
    assert inside(band(history, period=900, start=begin, end=begin + DAY, training=UTC_ONLY), asked, 3) < 0.95


def test_models_are_of_whole_hours_and_few() -> None:
    assert list(training_ends(START + 10, START + 20)) == [START]
    assert list(training_ends(START + 10, START + 2 * HOUR)) == [START, START + HOUR]
    assert list(training_ends(START, START + DAY)) == [START + hour * HOUR for hour in range(0, 24, 3)]
    assert len(training_ends(START + 1, START + 14 * DAY)) <= limits.ANOMALY_MODELS
    assert list(training_ends(START + 10, START)) == [START]


def test_what_comes_later_changes_nothing() -> None:
    points = series(daily, days=3, period=300)
    begin = START + 2 * DAY
    found = band(points, period=300, start=begin, end=begin + HOUR, training=UTC_ONLY)
    wild = [(at, value if at < begin else 1e6) for at, value in points]
    assert band(wild, period=300, start=begin, end=begin + HOUR, training=UTC_ONLY).at(begin) == found.at(
        begin
    )


VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=36, max_size=120)


@given(VALUES, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-1_000_000, 1_000_000))
def test_models_scale_and_move_with_their_values(values: list[float], scale: float, shift: int) -> None:
    end = START + 300 * len(values)

    def told(changed: list[float]) -> tuple[float, float]:
        points = [(START + 300 * i, value) for i, value in enumerate(changed)]
        model = train(points, period=300, end=end, training=UTC_ONLY)
        assert model is not None
        return model.at(end + 300)

    expected, deviation = told(values)
    assert deviation >= 0
    assert told([scale * value for value in values]) == pytest.approx((scale * expected, scale * deviation))
    mirrored, same = told([-value for value in values])
    assert (mirrored, same) == pytest.approx((-expected, deviation))
    moved, moved_deviation = told([value + shift for value in values])
    assert moved == pytest.approx(expected + shift)
    # The allowance for rounding depends on the size; beyond it a band is as wide wherever it lies.
    allowance = max(abs(value) + abs(shift) for value in values) / 1000
    assert abs(moved_deviation - deviation) <= allowance * 1.001


@given(VALUES)
def test_models_are_the_same_every_time(values: list[float]) -> None:
    points = [(START + 300 * i, value) for i, value in enumerate(values)]
    end = START + 300 * len(values)
    first, second = (train(points, period=300, end=end, training=UTC_ONLY) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.at(end) == second.at(end)
