"""A bell: wake up when it rings or when time has passed, whichever is first."""

from __future__ import annotations

import asyncio

from triptych.kernel.clock import Clock


class Bell:
    """Rung while nobody listens, it is heard by the next who does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    def is_rung(self) -> bool:
        return self._rung.is_set()

    def silence(self) -> None:
        """Forget what rang so far; do it before looking for work, so that what comes later is heard."""
        self._rung.clear()

    async def wait(self, seconds: float) -> None:
        """Until the bell rings, but no longer than this."""
        if self._rung.is_set() or seconds <= 0:
            return
        heard = asyncio.create_task(self._rung.wait())
        late = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({heard, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            late.cancel()
