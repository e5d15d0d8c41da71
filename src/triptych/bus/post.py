"""One HTTP request to an address that a user named: what SNS endpoints and API destinations are told.

Bounded in time and in what is read of the answer; follows no redirect; raises nothing but ``Undelivered``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import aiohttp

from triptych.jobs.kind import Setback

__all__ = ["ANSWER_BYTES", "Undelivered", "is_permanent", "post", "retry_after"]

ANSWER_BYTES = 4 * 1024
"""How much of an answer is kept, for the error message (ours)."""
_THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "TooManyRequestsException",
     "LimitExceeded", "ProvisionedThroughputExceededException"}
)  # fmt: skip


class Undelivered(Setback):
    """A delivery that did not arrive.

    :param permanent: trying again would not help.
    :param after_seconds: what the receiver said in Retry-After; None: nothing. For those who heed it.
    """

    def __init__(
        self, code: str, message: str, *, permanent: bool, after_seconds: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.permanent = permanent
        self.after_seconds = after_seconds


def is_permanent(code: str, status: int) -> bool:
    """Whether an AWS error will be the same next time: the caller's mistake or not built, no throttle."""
    return status == 501 or (status < 500 and status != 429 and code not in _THROTTLES)


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float,
    method: str = "POST",
    answer_bytes: int = ANSWER_BYTES,
) -> bytes:
    """Send it and have it accepted (2xx), or raise Undelivered. 429 and 5xx may be tried again, other 4xx not.

    :returns: the beginning of the answer, at most ``answer_bytes``.
    """
    shown = url.partition("?")[0]  # what stands in a query may be a secret
    try:
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, data=body, headers=dict(headers), allow_redirects=False) as answer,
        ):
            said, status = await _beginning(answer.content, answer_bytes), answer.status
            after_seconds = retry_after(answer.headers)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Undelivered(
            "SDK_CLIENT_ERROR",
            f"{shown} could not be reached: {str(error) or type(error).__name__}",
            permanent=False,
        ) from error
    if not 200 <= status < 300:
        raise Undelivered(
            f"HTTP_{status}",
            f"{shown} answered {status}: {said[:ANSWER_BYTES].decode(errors='replace')}",
            permanent=status < 500 and status not in (408, 429),
            after_seconds=after_seconds,
        )
    return said


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds Retry-After asks for: a number, or a date, which counts from the answer's own Date. None: neither."""
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"-?\d{1,9}", said):
        return float(said)
    try:
        return (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None


async def _beginning(content: aiohttp.StreamReader, most: int) -> bytes:
    read = b""
    while len(read) < most and (piece := await content.read(most - len(read))):
        read += piece
    return read
