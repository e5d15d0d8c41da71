"""Schedules: AWS's documented examples, and what is no schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from triptych.services.events.schedule import InvalidSchedule, parse_schedule

NOW = datetime(2026, 11, 20, 13, 7, 30, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("rate(1 minute)", "2026-11-20 13:08:00"),
        ("rate(5 minutes)", "2026-11-20 13:12:00"),
        ("rate(1 day)", "2026-11-21 13:07:00"),
        ("cron(0 10 * * ? *)", "2026-11-21 10:00:00"),
        ("cron(15 12 * * ? *)", "2026-11-21 12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-20 18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01 08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-11-20 13:15:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-20 13:10:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20 13:10:00"),
        ("cron(0/30 20-2 ? * MON-FRI *)", "2026-11-20 20:00:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-12-07 09:00:00"),
        ("cron(0 9 ? * FRI#2 *)", "2026-12-11 09:00:00"),
        ("cron(0 9 L * ? *)", "2026-11-30 09:00:00"),
        ("cron(0 9 ? * 6L *)", "2026-11-27 09:00:00"),
        ("cron(0 9 22W * ? *)", "2026-11-23 09:00:00"),
        ("cron(0 0 ? * L *)", "2026-11-21 00:00:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29 00:00:00"),
        ("cron(0 0 1 1 ? 2030/5)", "2030-01-01 00:00:00"),
        ("cron(0 0 1 1 ? 2020)", None),
        ("cron(0 0 31 2 ? *)", None),
    ],
)
def test_when_it_is_due(text: str, due: str | None) -> None:
    found = parse_schedule(text).next_after(NOW, since=NOW.replace(second=0))
    assert (found and f"{found:%Y-%m-%d %H:%M:%S}") == due


def test_a_rate_keeps_its_rhythm() -> None:
    rate = parse_schedule("rate(10 minutes)")
    since = datetime(2026, 1, 1, 0, 3, tzinfo=UTC)
    assert rate.next_after(datetime(2026, 1, 1, 5, 13, tzinfo=UTC), since=since) == datetime(
        2026, 1, 1, 5, 23, tzinfo=UTC
    )
    assert rate.next_after(datetime(2026, 1, 1, 5, 12, tzinfo=UTC), since=since) == datetime(
        2026, 1, 1, 5, 13, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 seconds)", "rate(-5 minutes)", "5 minutes",
        "cron(0 10 * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)", "cron(0 10 0 * ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 ? * MON#6 *)",
        "cron(0 10 * FOO ? *)", "cron(0/0 10 * * ? *)", "cron(0 10 32W * ? *)", "cron(0 10 * * ? 1969)",
    ],
)  # fmt: skip
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_schedule(text)
