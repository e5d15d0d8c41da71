"""GET session: who is signed in."""

from __future__ import annotations

from typing import Any

from triptych.console.api.session_begin import SignedIn, signed_in
from triptych.console.contract import ConsoleCtx, Endpoint


async def _read(ctx: ConsoleCtx, _: dict[str, Any]) -> SignedIn:
    return signed_in(ctx, await ctx.sessions.find(ctx.exchange.request, acting=False))


ENDPOINT = Endpoint(
    method="GET",
    path="session",
    summary="The current session and its CSRF token; 401 without one.",
    answers=SignedIn,
    open=True,
    handle=_read,
)
