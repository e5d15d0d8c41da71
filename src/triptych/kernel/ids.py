"""Identifiers and randomness as an argument: the one place that draws random numbers."""

from __future__ import annotations

import os
import random
import uuid

UPPER_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class _Pooled(random.SystemRandom):
    """The system's randomness, fetched a page at a time: a system call for every id costs more than the id."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = b""

    def getrandbits(self, k: int) -> int:
        size = (k + 7) // 8
        if len(self._pool) < size:
            self._pool = os.urandom(max(4096, size))
        taken, self._pool = self._pool[:size], self._pool[size:]
        return int.from_bytes(taken) >> (size * 8 - k)


class Ids:
    """Draws identifiers; give it a seeded ``random.Random`` and a run repeats exactly."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or _Pooled()

    def uuid(self) -> str:
        """A random UUID in AWS's lower-case form."""
        return str(uuid.UUID(int=self._source.getrandbits(128), version=4))

    def text(self, length: int, alphabet: str = ALNUM) -> str:
        return "".join(self._source.choice(alphabet) for _ in range(length))

    def uniform(self, low: float, high: float) -> float:
        """A random number for jitter, never for a secret."""
        return self._source.uniform(low, high)
