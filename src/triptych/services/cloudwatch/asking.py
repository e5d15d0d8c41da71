"""Questions to the lake on a caller's behalf: one that asks too much is the caller's error, not ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from triptych.kernel.errors import ServiceError
from triptych.lake.engine import TooMuch
from triptych.lake.lake import Lake
from triptych.lake.sql import Fixed


async def ask(
    lake: Lake, query: exp.Query | Fixed, values: Mapping[str, Any], *, account: str, region: str
) -> list[dict[str, Any]]:
    """``Lake.select``; raises LimitExceeded where the lake's limits end it."""
    try:
        return await lake.select(query, values, account=account, region=region)
    except TooMuch as error:
        raise ServiceError(
            "LimitExceeded",
            "The request needs more memory or time than one request may take. Ask for fewer metrics, a shorter time "
            "range or a longer period.",
        ) from error
