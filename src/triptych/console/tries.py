"""How often a sign-in may fail: counted for an address and for an access key, in a sliding window. In memory."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque

from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import ServiceError

__all__ = ["Tries", "network_of"]


class Tries:
    """Failures by address and by key. A try counts as failed from its start, so that many at once gain nothing.

    Each process counts for itself and a restart forgets. When more addresses and keys fail than are remembered,
    the longest quiet ones are forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, address: str, access_key_id: str) -> float:
        """Count a try; returns its mark for ``succeeded``. Raises ServiceError (429) when there were too many."""
        now = self._clock.monotonic()
        for name, most in self._bounds(address, access_key_id):
            times = self._recent(name, now)
            if len(times) >= most:
                wait = math.ceil(times[0] + limits.SIGN_IN_WINDOW_SECONDS - now)
                raise ServiceError(
                    "ThrottlingException",
                    f"Too many sign-ins failed. Try again in {wait} s.",
                    status=429,
                    fields={"retryAfterSeconds": wait},
                )
        for name, _ in self._bounds(address, access_key_id):
            self._failed.setdefault(name, deque()).append(now)
            self._failed.move_to_end(name)
        while len(self._failed) > limits.SIGN_IN_REMEMBERED:
            self._failed.popitem(last=False)
        return now

    def succeeded(self, address: str, access_key_id: str, mark: float) -> None:
        """Take back what ``begin`` counted; earlier failures stay."""
        for name, _ in self._bounds(address, access_key_id):
            times = self._failed.get(name)
            if times and mark in times:
                times.remove(mark)
                if not times:
                    del self._failed[name]

    @staticmethod
    def _bounds(address: str, access_key_id: str) -> tuple[tuple[str, int], tuple[str, int]]:
        return (
            (f"address {network_of(address)}", limits.SIGN_IN_FAILURES_OF_ADDRESS),
            (f"key {access_key_id}", limits.SIGN_IN_FAILURES_OF_KEY),
        )

    def _recent(self, name: str, now: float) -> deque[float]:
        times = self._failed.get(name, deque())
        while times and times[0] <= now - limits.SIGN_IN_WINDOW_SECONDS:
            times.popleft()
        return times


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 an IPv6 host can choose from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
