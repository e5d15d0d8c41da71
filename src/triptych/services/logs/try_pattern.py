"""TestMetricFilter."""

from __future__ import annotations

from typing import Any

from triptych.query.filter_pattern import parse
from triptych.services.contract import Ctx, operation
from triptych.services.logs.read_events import pattern_of


@operation
async def test_metric_filter(_: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Which of the messages a pattern matches, and what it finds in them."""
    pattern = pattern_of(params["filterPattern"]) or parse("")
    found = (
        (number, text, pattern.extract(text)) for number, text in enumerate(params["logEventMessages"], 1)
    )
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": text, "extractedValues": values}
            for number, text, values in found
            if values is not None
        ]
    }
