"""GET openapi.json: this API, described."""

from __future__ import annotations

from typing import Any

from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.console.reference import openapi


async def _openapi(ctx: ConsoleCtx, _: dict[str, Any]) -> dict[str, Any]:
    return openapi(ctx.endpoints)


ENDPOINT = Endpoint(
    method="GET",
    path="openapi.json",
    summary="This API in OpenAPI 3.1.",
    open=True,
    handle=_openapi,
)
