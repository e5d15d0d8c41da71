"""POST events/search: the audit trail by many filters at once, with facets and a histogram."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.affordable import affordable
from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.console.events.search import Found, Search, search


async def _search(ctx: ConsoleCtx, params: dict[str, Any]) -> Found:
    return await affordable(search(ctx, msgspec.convert(params, Search)))


ENDPOINT = Endpoint(
    method="POST",
    path="events/search",
    summary="Search the audit trail: filters joined by AND or OR, full text, facets, histogram, newest first.",
    takes=Search,
    answers=Found,
    handle=_search,
)
