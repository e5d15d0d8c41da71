"""Prefix ranges, stored time, and holders' names: pure."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.control.documents import successor
from triptych.control.holder import is_gone, own_name
from triptych.control.schema import micros, moment

NEAR_THE_EDGES = st.text(st.sampled_from("aZ\x00~\ud7ff\ue000\uffff\U00010000\U0010ffff"), max_size=4)


@given(NEAR_THE_EDGES, NEAR_THE_EDGES)
def test_the_successor_bounds_exactly_what_begins_with_the_prefix(prefix: str, text: str) -> None:
    end = successor(prefix)
    inside = text >= prefix and (end is None or text < end)
    assert inside == text.startswith(prefix)
    if end is not None:
        end.encode()  # a database must be able to take it


@given(st.integers(min_value=-(2**52), max_value=2**52))
def test_stored_time_is_exact(stored: int) -> None:
    time = moment(stored)
    assert micros(time) == stored
    assert micros(time.astimezone(timezone(timedelta(hours=5)))) == stored


def test_stored_time_keeps_its_order() -> None:
    moments = [datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]
    assert [micros(each) for each in moments] == [-1, 0]


def test_this_process_is_not_gone_and_a_dead_one_is() -> None:
    assert not is_gone(own_name("x"))
    code = "from triptych.control.holder import own_name; print(own_name('x'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert is_gone(done.stdout.strip())


def test_a_process_number_used_again_does_not_fool_us() -> None:
    place, pid, started, nonce = own_name("x").rsplit("/", 3)
    assert pid == str(os.getpid())
    if started == "-":
        pytest.skip("no /proc")
    assert is_gone(f"{place}/{pid}/{int(started) - 1}/{nonce}")
    assert not is_gone(f"{place}/{pid}/-/{nonce}")


@pytest.mark.parametrize("holder", ["", "x", "elsewhere/1/1/x", "a/b/c/d/e", "///"])
def test_what_cannot_be_known_is_not_gone(holder: str) -> None:
    assert not is_gone(holder)
