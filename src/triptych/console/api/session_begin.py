"""POST session: sign in with an access key."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.contract import Answer, ConsoleCtx, Endpoint, millis
from triptych.console.session import Credentials, Opened, cookie


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its page knows it; the token is in the cookie, where no script reads it."""

    account: str
    arn: str
    region: str
    expires: int
    csrf: str


def signed_in(ctx: ConsoleCtx, opened: Opened) -> SignedIn:
    return SignedIn(
        account=opened.resolved.account,
        arn=opened.resolved.identity.arn,
        region=ctx.runtime.settings.region,
        expires=millis(opened.session.expires),
        csrf=opened.csrf,
    )


async def _begin(ctx: ConsoleCtx, params: dict[str, Any]) -> Answer:
    given = msgspec.convert(params, Credentials)
    opened = await ctx.sessions.begin(ctx.exchange.request, ctx.exchange.source_ip, given)
    return Answer(content=signed_in(ctx, opened), headers=[("set-cookie", cookie(opened, ctx.now))])


ENDPOINT = Endpoint(
    method="POST",
    path="session",
    summary="Sign in with an access key; sets the session cookie. 403 for wrong keys, 429 after too many of them.",
    takes=Credentials,
    answers=SignedIn,
    open=True,
    handle=_begin,
)
