"""What a reaction is handed."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.kernel.fact import Fact


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive facts of the kinds a reaction asked for.

    :param token: names exactly this batch of this reaction. After a crash the same facts come again under
        the same token, so a lake insert that carries it is absorbed.
    """

    facts: tuple[Fact, ...]
    token: str
