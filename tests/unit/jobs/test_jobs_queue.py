"""The retry decision and the rhythm of periodic work: pure."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from triptych.jobs.cron import due_at, settled
from triptych.jobs.kind import Retry
from triptych.jobs.queue import outcome
from triptych.kernel.ids import Ids

START = datetime(2024, 1, 1, tzinfo=UTC)


def test_delays_double_up_to_the_longest_and_then_it_is_over() -> None:
    retry = Retry(max_attempts=6, first_delay_seconds=1, max_delay_seconds=6)
    for seed in range(20):
        ids = Ids(random.Random(seed))
        delays = [outcome(retry, attempt, ids) for attempt in range(1, 7)]
        for delay, longest in zip(delays[:-1], (1, 2, 4, 6, 6), strict=True):
            assert delay is not None
            assert longest / 2 <= delay <= longest
        assert delays[-1] is None


def test_what_failed_together_does_not_come_back_together() -> None:
    ids = Ids(random.Random(1))
    assert len({outcome(Retry(), 3, ids) for _ in range(10)}) == 10


def test_a_million_attempts_do_not_overflow() -> None:
    assert outcome(Retry(max_attempts=2_000_000), 1_000_000, Ids(random.Random(1))) is not None


@given(
    seconds=st.floats(min_value=0.5, max_value=1e6),
    late=st.floats(min_value=0, max_value=1e7),
)
def test_one_run_makes_up_for_all_missed_periods_and_keeps_the_rhythm(seconds: float, late: float) -> None:
    period = timedelta(seconds=seconds)
    now = due_at(START, seconds) + timedelta(seconds=late)
    stands_for = settled(START, seconds, now)
    assert START < stands_for <= now
    assert due_at(stands_for, seconds) > now, "a second run would follow at once"
    assert (stands_for - START) % period == timedelta(0)
