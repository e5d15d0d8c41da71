"""CloudWatch's data side on real stores and a clock the test holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from triptych.kernel.context import Context, Identity
from triptych.kernel.ids import Ids
from triptych.lake.open import ClickhouseLake
from triptych.services.contract import Ctx, Handler, Runtime

ACCOUNT, REGION = "111111111111", "eu-central-1"
NOON = datetime(2080, 6, 3, 12, tzinfo=UTC)
"""Ahead of the engine's own clock, by which it folds what is old."""


class HeldClock:
    """Shows the time the test says; sleeping is over at once."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class World:
    def __init__(self, runtime: Runtime, lake: ClickhouseLake, clock: HeldClock, ids: Ids) -> None:
        self.runtime, self.lake, self.clock, self.ids = runtime, lake, clock, ids

    def ctx(self, *, account: str = ACCOUNT, region: str = REGION) -> Ctx:
        who = Identity(kind="Root", account=account, arn=f"arn:aws:iam::{account}:root")
        context = Context(account=account, region=region, identity=who, time=self.clock.now())
        return Ctx(context, self.runtime.control.unit(), self.runtime)

    async def do(
        self, handler: Handler, *, account: str = ACCOUNT, region: str = REGION, **params: Any
    ) -> dict[str, Any]:
        """Call an operation and commit what it staged."""
        ctx = self.ctx(account=account, region=region)
        answer = await handler(ctx, params) or {}
        await ctx.unit.commit()
        return answer
