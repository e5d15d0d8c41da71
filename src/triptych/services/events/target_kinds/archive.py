"""An archive; only its own managed rule has it as a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.kernel.arn import Arn
from triptych.services.contract import Ctx
from triptych.services.events.archived_events import keep
from triptych.services.events.target_kind import Delivery, TargetKind


def _matches(arn: Arn) -> bool:
    return arn.service == "events" and arn.resource.startswith("archive/")


def _check(target: Mapping[str, Any]) -> str:
    return f"Archives cannot be targets: {target['Arn']}. CreateArchive makes the rule that fills one."


async def _send(ctx: Ctx, delivery: Delivery) -> None:
    await keep(ctx, delivery.arn.resource.rpartition(":")[2], delivery.event)


KIND = TargetKind(name="archive", matches=_matches, check=_check, send=_send)
