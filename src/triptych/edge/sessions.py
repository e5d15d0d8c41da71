"""What the front door asks of console sessions; who keeps them stands above it and is handed down by ``app``."""

from __future__ import annotations

from typing import Protocol

from triptych.estate.identities import Resolved
from triptych.wire.message import HttpRequest

__all__ = ["CSRF_HEADER", "REGION_HEADER", "Sessions"]

CSRF_HEADER = "x-triptych-csrf"
REGION_HEADER = "x-triptych-region"


class Sessions(Protocol):
    def claimed(self, request: HttpRequest) -> bool:
        """Whether the request carries a session's cookie, true or not."""
        ...

    async def admit(self, request: HttpRequest, *, acting: bool) -> Resolved:
        """Whom the request's session stands for, as of now. Raises ServiceError (401 without a session, 403 for forgery).

        :param acting: whether the request may change something: then it must prove by ``x-triptych-csrf`` and
            ``Origin`` that a page of ours sent it.
        """
        ...
