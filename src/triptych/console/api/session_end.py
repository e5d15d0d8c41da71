"""DELETE session: sign out."""

from __future__ import annotations

from typing import Any

from triptych.console.contract import Answer, ConsoleCtx, Endpoint
from triptych.console.session import no_cookie


async def _end(ctx: ConsoleCtx, _: dict[str, Any]) -> Answer:
    session = await ctx.sessions.end(ctx.exchange.request)
    return Answer(status=204, headers=[("set-cookie", no_cookie(session))])


ENDPOINT = Endpoint(
    method="DELETE",
    path="session",
    summary="Sign out: the session ends, wherever its cookie is.",
    open=True,
    handle=_end,
)
