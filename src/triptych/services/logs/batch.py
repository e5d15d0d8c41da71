"""PutLogEvents, the decision: what of a batch is refused, what is left out, what is stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triptych.kernel import limits
from triptych.services.logs.group import invalid

_DAY = 24 * 3600 * 1000
_TOO_OLD = 14 * _DAY
_TOO_NEW = 2 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """Events ``first`` to before ``last`` are stored.

    :ivar rejected: RejectedLogEventsInfo; empty if all are stored.
    """

    first: int
    last: int
    rejected: dict[str, int]


def judge(times: Sequence[int], total: int, *, now: int, retention_days: int | None) -> Judged:
    """Check a batch as PutLogEvents does.

    :param times: of its events, in milliseconds since 1970, like ``now``; at least one.
    :param total: bytes of all events as AWS counts them.
    Raises InvalidParameterException for a batch that is refused as a whole.
    """
    if total > limits.LOG_BATCH_BYTES:
        raise invalid(f"Upload too large: {total} bytes exceeds limit of {limits.LOG_BATCH_BYTES}")
    if times != sorted(times):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > _DAY:
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    kept = _TOO_OLD if retention_days is None else min(_TOO_OLD, retention_days * _DAY)
    too_old = _count_before(times, now - _TOO_OLD)
    gone = _count_before(times, now - kept)
    new = _count_before(times, now + _TOO_NEW + 1)
    rejected: dict[str, int] = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if gone > too_old:
        rejected["expiredLogEventEndIndex"] = gone
    if new < len(times):
        rejected["tooNewLogEventStartIndex"] = new
    return Judged(gone, max(gone, new), rejected)


def _count_before(times: Sequence[int], bound: int) -> int:
    """How many are less than ``bound``; ``times`` ascend."""
    if times[0] >= bound:
        return 0
    return next((at for at, time in enumerate(times) if time >= bound), len(times))
