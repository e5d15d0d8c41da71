"""CloudWatch Logs on the real stores, a clock that moves when told, a gateway that remembers calls and can fail.

``crash`` and ``reopen`` make a new process of it; jobs are run one by one, as the worker does, each with its commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from triptych.control.job_rows import job_of
from triptych.control.open import open_store
from triptych.control.schema import JOB
from triptych.control.sql_store import SqlStore
from triptych.jobs.kind import Later
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.services.contract import Ctx, Runtime
from triptych.services.logs import SERVICE
from triptych.settings import Settings

ACCOUNT, REGION = "111122223333", "eu-central-1"
ALICE = Identity(kind="IAMUser", account=ACCOUNT, user_name="alice")
START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Fault = Callable[[str, dict[str, Any]], None]


class HandClock:
    """Stands still until told; a sleep takes real time only to let others run."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class Gateway:
    """Every call that was made, and what to do before it is answered."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fault: Fault = lambda _operation, _params: None

    async def __call__(
        self, _: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        self.fault(operation, params)
        self.calls.append((f"{service}:{operation}", params))
        return {}


class World:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = HandClock()
        self.ids = Ids(random.Random(5))
        self.gateway = Gateway()
        self.store: SqlStore
        self.lake: ClickhouseLake

    async def open(self) -> None:
        url = f"sqlite:///{self.directory / 'control.db'}"
        self.store = await open_store(url, sync="normal", clock=self.clock, ids=Ids(random.Random()))
        self.lake = await open_lake(
            path=self.directory / "lake",
            tables=list(SERVICE.tables),
            clock=SystemClock(),
            flush_seconds=0.001,
        )

    async def close(self) -> None:
        await self.lake.close()
        await self.store.close()

    async def reopen(self) -> None:
        await self.close()
        await self.open()

    def ctx(self) -> Ctx:
        context = Context(account=ACCOUNT, region=REGION, identity=ALICE, time=self.clock.now(), event_id="e")
        runtime = Runtime(
            settings=Settings(data_dir=self.directory),
            clock=self.clock,
            ids=self.ids,
            control=self.store,
            lake=self.lake,
            caller=self.gateway,
        )
        return Ctx(context, self.store.unit(), runtime)

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        ctx = self.ctx()
        answer = await SERVICE.operations[operation.replace("_", "")](ctx, params)
        await ctx.unit.commit()
        return answer or {}

    async def put(self, *messages: str, group: str = "g", stream: str = "s") -> None:
        time = self.millis()
        events = [{"timestamp": time, "message": message} for message in messages]
        await self.call("put_log_events", logGroupName=group, logStreamName=stream, logEvents=events)

    def millis(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    async def run_jobs(self) -> int:
        """Run every due job once, each with its commit; how many. What a handler raises is raised."""
        rows = await self.store.read(lambda c: c.execute(sa.select(JOB).order_by(JOB.c.run_at)).all())
        ran = 0
        for row in rows:
            job = job_of(row)
            if job.run_at > self.clock.now():
                continue
            ctx = self.ctx()
            kind = next(kind for kind in SERVICE.jobs if kind.name == job.kind)
            with contextlib.suppress(Later):
                await kind.handle(ctx, job)
            await ctx.unit.commit()
            await self.store.write(lambda c, key=row.id: c.execute(sa.delete(JOB).where(JOB.c.id == key)))
            ran += 1
        return ran

    async def periodic(self, name: str) -> None:
        ctx = self.ctx()
        await next(each for each in SERVICE.periodic if each.name == name).handle(ctx)
        await ctx.unit.commit()

    def data(self) -> list[tuple[str, dict[str, Any]]]:
        """(namespace, datum) of every data point put."""
        return [
            (params["Namespace"], datum)
            for name, params in self.gateway.calls
            if name == "cloudwatch:PutMetricData"
            for datum in params["MetricData"]
        ]


def unavailable(_operation: str, _params: dict[str, Any]) -> None:
    raise ServiceError("ServiceUnavailable", "away", status=503)


@contextlib.asynccontextmanager
async def open_world(directory: Path) -> AsyncIterator[World]:
    world = World(directory)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
