"""GET timeline/export: the incident as a report."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.affordable import affordable
from triptych.console.contract import Answer, ConsoleCtx, Endpoint
from triptych.console.incident.asked import Asked, Export
from triptych.console.incident.postmortem import markdown
from triptych.console.incident.timeline import timeline


async def _export(ctx: ConsoleCtx, params: dict[str, Any]) -> Answer:
    form = msgspec.convert(params, Export).format
    asked = msgspec.convert({name: value for name, value in params.items() if name != "format"}, Asked)
    found = msgspec.to_builtins(await affordable(timeline(ctx, asked)))
    moment = f"{ctx.now:%Y-%m-%dT%H%M%SZ}"
    name = f"incident-{moment}.{'md' if form == 'markdown' else 'json'}"
    headers = [("content-disposition", f'attachment; filename="{name}"')]
    if form == "json":
        return Answer(content={"made": moment, **found}, headers=headers)
    return Answer(
        content=markdown(found).encode(), media_type="text/markdown; charset=utf-8", headers=headers
    )


ENDPOINT = Endpoint(
    method="GET",
    path="timeline/export",
    summary="The incident timeline as a report, in Markdown or JSON: when, who, from where, what changed, what repaired it.",
    takes=Export,
    media_type="text/markdown",
    handle=_export,
)
