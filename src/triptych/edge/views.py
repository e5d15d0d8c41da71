"""The few addresses of our own, under ``/_triptych/``: health, readiness, metrics, the timeline, SNS's links.

The underscore keeps them apart from S3: no bucket name may contain one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from triptych import __version__
from triptych.edge.caller import own_caller
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange, Reply
from triptych.kernel import limits
from triptych.kernel.arn import Arn
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.services import timeline
from triptych.services.sns.signer import certificate
from triptych.wire.message import Headers

PREFIX = "/_triptych/"

View = Callable[[Exchange], Awaitable[Reply]]


class Views:
    """Answers what AWS has no API for."""

    def __init__(
        self, desk: Desk, *, is_ready: Callable[[], dict[str, bool]], measure: Callable[[], Awaitable[None]]
    ) -> None:
        self._desk = desk
        self._measure = measure
        self._is_ready = is_ready
        self._views: dict[str, View] = {
            "health": self._health,
            "ready": self._ready,
            "metrics": self._metrics,
            "timeline": self._timeline,
            "sns-certificate.pem": self._sns_certificate,
            "sns-confirm": self._sns_confirm,
            "sns-unsubscribe": self._sns_unsubscribe,
        }

    async def answer(self, x: Exchange) -> Reply:
        view = self._views.get(x.request.path.removeprefix(PREFIX).rstrip("/"))
        if view is None:
            return _json(
                404, {"message": f"No such address. There are: {', '.join(PREFIX + v for v in self._views)}"}
            )
        if x.request.method not in ("GET", "HEAD"):
            return _json(405, {"message": "GET only."})
        try:
            return await view(x)
        except ServiceError as error:
            return _json(error.status, {"code": error.code, "message": error.message})

    async def _health(self, _: Exchange) -> Reply:
        """The process lives."""
        return _json(200, {"status": "ok", "version": __version__})

    async def _ready(self, _: Exchange) -> Reply:
        """Every part it needs is up; 503 until then."""
        parts = self._is_ready()
        ready = all(parts.values())
        return _json(200 if ready else 503, {"status": "ready" if ready else "starting", "parts": parts})

    async def _metrics(self, _: Exchange) -> Reply:
        """Prometheus's text format."""
        await self._measure()
        return Reply(
            200,
            Headers([("content-type", "text/plain; version=0.0.4; charset=utf-8")]),
            self._desk.metrics.render(),
        )

    async def _timeline(self, x: Exchange) -> Reply:
        """Everything that followed from one event (``?id=<eventID>``); signed for service ``triptych``, or in a console session."""
        assert x.incoming is not None
        x.request = replace(x.request, body=await x.incoming.read(limits.OWN_BODY_BYTES))
        await own_caller(self._desk, x)
        wanted = dict(parse_qsl(x.request.query)).get("id", "")
        if not wanted:
            raise ServiceError("ValidationException", "The query parameter 'id' (an eventID) is required.")
        chain = await timeline.chain(self._desk.runtime.lake, account=x.circumstances.account, id=wanted)
        return _json(200, {"events": chain})

    async def _sns_certificate(self, _: Exchange) -> Reply:
        """The certificate whose key signs SNS messages; open to all, as AWS's is."""
        pem = await certificate(self._desk.runtime)
        return Reply(200, Headers([("content-type", "application/x-pem-file")]), pem.encode())

    async def _sns_confirm(self, x: Exchange) -> Reply:
        """A SubscribeURL: whoever has the token may confirm, unsigned, as on AWS."""
        return await self._sns(x, "ConfirmSubscription", "TopicArn", "Token")

    async def _sns_unsubscribe(self, x: Exchange) -> Reply:
        """An UnsubscribeURL: whoever was sent a message may end the subscription, unsigned, as on AWS."""
        return await self._sns(x, "Unsubscribe", "SubscriptionArn")

    async def _sns(self, x: Exchange, operation: str, *members: str) -> Reply:
        given = dict(parse_qsl(x.request.query))
        try:
            topic = Arn.parse(given.get(members[0], ""))
        except ValueError:
            raise ServiceError(
                "InvalidParameter", f"The query parameter {members[0]!r} must be an ARN."
            ) from None
        context = Context(
            account=topic.account,
            region=topic.region,
            identity=Identity(kind="Unknown", account=topic.account),
            time=x.received,
            source_ip=x.source_ip,
            user_agent=x.request.headers.get("user-agent"),
            host=x.request.host,
        )
        params = {member: given.get(member, "") for member in members}
        return _json(200, await self._desk.runtime.caller(context, "sns", operation, params))


def _json(status: int, content: dict[str, Any]) -> Reply:
    return Reply(status, Headers([("content-type", "application/json")]), msgspec.json.encode(content))
