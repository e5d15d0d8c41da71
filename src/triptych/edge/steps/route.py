"""Which service, protocol and operation a request is for."""

from __future__ import annotations

from dataclasses import replace

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.kernel import limits
from triptych.wire import route as routing


async def route(desk: Desk, x: Exchange) -> None:
    """Sets ``route`` and the path-style ``addressed`` request."""
    if x.incoming is not None and routing.needs_body(x.request):
        x.request = replace(x.request, body=await x.incoming.read(limits.ESTATE_BODY_BYTES))
    x.addressed = routing.normalise(x.request, desk.settings.hostnames)
    x.route = routing.route(x.request, hostnames=desk.settings.hostnames)
