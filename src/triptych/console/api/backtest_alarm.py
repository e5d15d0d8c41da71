"""POST backtest/alarm: what an alarm would have done."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.affordable import affordable
from triptych.console.alarms.backtest import Backtest, Draft, backtest
from triptych.console.contract import ConsoleCtx, Endpoint


async def _backtest(ctx: ConsoleCtx, params: dict[str, Any]) -> Backtest:
    return await affordable(backtest(ctx, msgspec.convert(params, Draft)))


ENDPOINT = Endpoint(
    method="POST",
    path="backtest/alarm",
    summary="What an alarm defined like this would have done in the last days, evaluated on the stored points.",
    takes=Draft,
    answers=Backtest,
    handle=_backtest,
)
