"""Identifiers: unpredictable by default, repeatable with a seed."""

from __future__ import annotations

import random
import uuid

from triptych.kernel.ids import UPPER_ALNUM, Ids


def test_ids_are_distinct_and_well_formed() -> None:
    ids = Ids()
    drawn = {ids.uuid() for _ in range(5000)}
    assert len(drawn) == 5000
    assert all(uuid.UUID(text).version == 4 for text in drawn)
    assert set(ids.text(2000, UPPER_ALNUM)) == set(UPPER_ALNUM)


def test_every_bit_is_drawn() -> None:
    source = Ids()._source
    for bits in (1, 7, 8, 9, 128):
        values = [source.getrandbits(bits) for _ in range(400)]
        assert max(values) < 2**bits
        assert all(
            any(value >> bit & 1 for value in values) and not all(value >> bit & 1 for value in values)
            for bit in range(bits)
        )


def test_two_servers_draw_apart_and_a_seed_repeats() -> None:
    assert Ids().uuid() != Ids().uuid()
    assert [Ids(random.Random(1)).uuid() for _ in range(2)] == [Ids(random.Random(1)).uuid()] * 2
    assert 0.0 <= Ids().uniform(0.0, 1.0) <= 1.0
