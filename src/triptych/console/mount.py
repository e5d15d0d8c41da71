"""What a request to ``/console/`` becomes: a page, or an answer of one of the endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog

from triptych.console import api as api_package
from triptych.console.contract import Answer, ConsoleCtx, Endpoint
from triptych.console.feed import Feed
from triptych.console.parameters import REGION, parameters
from triptych.console.session import SessionStore
from triptych.console.static import Pages
from triptych.edge.body import Disconnected
from triptych.edge.caller import OWN_SERVICE, circumstances, own_caller
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange, Reply
from triptych.edge.sessions import REGION_HEADER
from triptych.kernel import limits
from triptych.kernel.catalog import discover
from triptych.kernel.context import Identity
from triptych.kernel.errors import ServiceError
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.s3_address import read_host
from triptych.wire.signature import claimed_service

__all__ = ["PREFIX", "Console", "endpoints"]

log = structlog.get_logger()

PREFIX = "/console/"
API = "/console/api/"

API_HEADERS = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
)


def endpoints() -> list[Endpoint]:
    """Every endpoint, by path and method."""
    return sorted(discover(api_package, "ENDPOINT", Endpoint), key=lambda e: (e.path, e.method))


class Console:
    """``edge.asgi.Site``: the pages and their endpoints."""

    def __init__(self, desk: Desk, sessions: SessionStore, pages: Pages) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = pages
        self._feed = Feed(desk.control, desk.clock)
        self._endpoints: dict[str, dict[str, Endpoint]] = {}
        self._every = endpoints()
        for endpoint in self._every:
            self._endpoints.setdefault(endpoint.path, {})[endpoint.method] = endpoint

    @property
    def has_pages(self) -> bool:
        """Whether the console was built; its endpoints are there anyway."""
        return self._pages.built

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for the console. A bucket may be called ``console``: whoever signs for S3 gets it."""
        if request.path == "/":
            mine = (
                request.method in ("GET", "HEAD")
                and not request.query
                and "text/html" in request.headers.get("accept")
            )
        else:
            mine = request.path.startswith(PREFIX) or request.path == PREFIX.rstrip("/")
        return (
            mine
            and claimed_service(request) in ("", OWN_SERVICE)
            and not read_host(request.host, self._desk.settings.hostnames).bucket
        )

    async def answer(self, x: Exchange) -> Reply:
        """Answer a request that ``takes`` wants. Raises Disconnected when the client left before sending it all."""
        path = x.request.path
        if not path.startswith(API):
            return self._pages.reply(x.request)
        try:
            answer = await self._answer(x, path.removeprefix(API))
        except ServiceError as error:
            answer = _refused(x, error)
        except Disconnected:
            raise
        except Exception:
            log.exception("console_defect", request_id=x.request_id, path=path)
            message = "The request has failed because of an unknown error."
            answer = _refused(x, ServiceError("InternalFailure", message, status=500))
        return _reply(x, answer)

    async def _answer(self, x: Exchange, path: str) -> Answer:
        methods = self._endpoints.get(path)
        if methods is None:
            raise ServiceError("ResourceNotFoundException", f"There is no {API}{path}.", status=404)
        endpoint = methods.get(x.request.method)
        if endpoint is None:
            allowed = ", ".join(sorted(methods))
            raise ServiceError("MethodNotAllowed", f"{API}{path} answers {allowed} only.", status=405)
        assert x.incoming is not None
        x.request = replace(x.request, body=await x.incoming.read(limits.CONSOLE_BODY_BYTES))
        region = parse_qs(x.request.query).get(REGION)
        if region and REGION_HEADER not in x.request.headers:
            x.request = replace(x.request, headers=x.request.headers.plus((REGION_HEADER, region[0])))
        if endpoint.open:
            nobody = Identity(kind="Unknown", account=self._desk.settings.account)
            x.context = circumstances(self._desk, x, nobody, region=self._desk.settings.region)
        else:
            await own_caller(self._desk, x)
        ctx = ConsoleCtx(
            context=x.circumstances,
            unit=self._desk.control.unit(),
            runtime=self._desk.runtime,
            desk=self._desk,
            sessions=self._sessions,
            exchange=x,
            feed=self._feed,
            endpoints=self._every,
        )
        content = await endpoint.handle(ctx, parameters(x.request, endpoint.takes))
        return content if isinstance(content, Answer) else Answer(content=content)


def _refused(x: Exchange, error: ServiceError) -> Answer:
    content = {"code": error.code, "message": error.message, "requestId": x.request_id, **error.fields}
    wait = error.fields.get("retryAfterSeconds")
    return Answer(
        content=content,
        status=error.status,
        headers=[("retry-after", str(wait))] if wait is not None else (),
    )


def _reply(x: Exchange, answer: Answer) -> Reply:
    headers = Headers(
        [
            *API_HEADERS,
            ("x-amzn-requestid", x.request_id),
            *([] if answer.content is None else [("content-type", answer.media_type)]),
            *answer.headers,
        ]
    )
    return Reply(answer.status, headers, _encoded(answer.content))


def _encoded(content: Any) -> bytes | AsyncIterator[bytes]:
    if content is None:
        return b""
    if isinstance(content, bytes | AsyncIterator):
        return content
    assert isinstance(content, Mapping | list | msgspec.Struct), type(content)
    return msgspec.json.encode(content)
