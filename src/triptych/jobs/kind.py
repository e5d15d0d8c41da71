"""What a job handler declares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When a failed job runs again: exponential backoff with jitter, then the dead letter.

    A job that raises ``Later(seconds)`` is not failing: it runs again then, and the attempt is not counted.
    """

    max_attempts: int = 8
    first_delay_seconds: float = 0.5
    max_delay_seconds: float = 300.0


class Setback(Exception):  # noqa: N818
    """Raised (as it is, or a kind of it) by a job whose attempt failed for reasons outside of us.

    Retried, counted and at last buried like any failure; told in one line, without a traceback.

    :ivar wait_seconds: the next attempt comes no sooner than this.
    """

    wait_seconds: float = 0.0


class Later(Exception):  # noqa: N818
    """Raised by a job that is not done and wants to be called again; what it staged is committed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds
