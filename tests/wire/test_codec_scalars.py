"""Single values: every spelling AWS's clients use is read, ours are the ones AWS writes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from triptych.wire.scalars import (
    Malformed,
    bool_of,
    bytes_of,
    epoch_seconds,
    float_of,
    float_text,
    int_of,
    moment_of,
    moment_text,
)

MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "spelling",
    [
        1704164645,
        1704164645.0,
        "1704164645",
        "1.704164645E9",
        "2024-01-02T03:04:05Z",
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05.000000000Z",
        "2024-01-02T04:04:05+01:00",
        "20240102T030405Z",
        "Tue, 02 Jan 2024 03:04:05 GMT",
        datetime(2024, 1, 2, 4, 4, 5, tzinfo=timezone(timedelta(hours=1))),
        datetime(2024, 1, 2, 3, 4, 5),  # noqa: DTZ001 - a naive one means UTC
    ],
)
def test_moments_are_read_in_every_spelling(spelling: object) -> None:
    assert moment_of(spelling) == MOMENT
    assert moment_of(spelling).tzinfo is UTC


@pytest.mark.parametrize(
    "nonsense", ["", "soon", "2024-13-01T00:00:00Z", 1e300, math.nan, True, None, [], "Tue, nonsense"]
)
def test_nonsense_is_no_moment(nonsense: object) -> None:
    with pytest.raises(Malformed, match="timestamp must follow ISO8601"):
        moment_of(nonsense)


def test_moments_are_written_with_milliseconds_only_where_there_are_some() -> None:
    later = MOMENT + timedelta(milliseconds=120, microseconds=7)
    assert (epoch_seconds(MOMENT), epoch_seconds(later)) == (1704164645, 1704164645.12)
    assert isinstance(epoch_seconds(MOMENT), int)
    assert moment_text(MOMENT, "iso8601") == "2024-01-02T03:04:05Z"
    assert moment_text(later, "iso8601") == "2024-01-02T03:04:05.120Z"
    assert moment_text(later, "rfc822") == "Tue, 02 Jan 2024 03:04:05 GMT"
    assert moment_text(later, "unixtimestamp") == "1704164645.12"
    assert epoch_seconds(datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC)) == -0.5


@pytest.mark.parametrize(
    ("number", "text"), [(1.5, "1.5"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (3, "3.0")]
)
def test_numbers_keep_their_value(number: float, text: str) -> None:
    assert float_text(number) == text
    assert float_of(text) == number


def test_not_a_number_keeps_its_name() -> None:
    assert float_text(math.nan) == "NaN"
    assert math.isnan(float_of("NaN"))


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (float_of, "x"),
        (int_of, "1.5"),
        (int_of, str(1 << 63)),
        (lambda text: int_of(text, "integer"), str(1 << 31)),
        (bool_of, "yes"),
        (bytes_of, "a"),
        (bytes_of, "ä==="),
    ],
)
def test_other_text_is_malformed(read, text: str) -> None:
    with pytest.raises(Malformed):
        read(text)
