"""Identifiers and randomness as an argument: the one place that draws random numbers."""

from __future__ import annotations

import random
import uuid

UPPER_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Ids:
    """Draws identifiers; give it a seeded ``random.Random`` and a run repeats exactly."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.SystemRandom()

    def uuid(self) -> str:
        """A random UUID in AWS's lower-case form."""
        return str(uuid.UUID(int=self._source.getrandbits(128), version=4))

    def text(self, length: int, alphabet: str = ALNUM) -> str:
        return "".join(self._source.choice(alphabet) for _ in range(length))

    def uniform(self, low: float, high: float) -> float:
        """A random number for jitter, never for a secret."""
        return self._source.uniform(low, high)
