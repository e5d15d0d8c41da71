"""What the server tells Python before it serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from triptych.edge.serve import settle_memory


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_what_starting_made_is_not_looked_through_again() -> None:
    made = {"a model": ["with members"]}
    settle_memory()
    assert all(each is not made for each in gc.get_objects())
    assert gc.get_threshold()[0] > 10_000


@pytest.mark.usefixtures("collector")
def test_garbage_of_requests_is_still_found() -> None:
    settle_memory()
    around: list[object] = []
    around.append(around)
    del around
    assert gc.collect() >= 1
