"""For the tests of alarms: the real control store, points in memory, a scripted gateway, deaths at chosen moments."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from triptych.bus.dispatcher import Dispatcher
from triptych.bus.dispatcher import Reaction as BusReaction
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.control.store import Unit
from triptych.jobs.worker import JobHandler, Worker
from triptych.kernel.context import Cause, Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids
from triptych.query import statistic
from triptych.services.cloudwatch import SERVICE
from triptych.services.cloudwatch.alarms import actions, composite
from triptych.services.cloudwatch.alarms.definition import STATES, AlarmState
from triptych.services.cloudwatch.alarms.source import LakeSource
from triptych.services.cloudwatch.alarms.tick import Which, tick
from triptych.services.cloudwatch.points import MetricStat, Points
from triptych.services.contract import Ctx, Runtime
from triptych.settings import Settings
from triptych.testing.clock import SimClock
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:told"


class Memory(LakeSource):
    """Points by metric name, second -> value; answers ``fetch`` the naive way. Counts the calls."""

    def __init__(self) -> None:
        self.points: dict[str, dict[int, float]] = {}
        self.fetches: list[int] = []

    async def fetch(
        self,
        runtime: Runtime,
        *,
        account: str,
        region: str,
        stats: Sequence[MetricStat],
        start: datetime,
        end: datetime,
        origin: datetime = datetime(1970, 1, 1, tzinfo=UTC),
    ) -> list[Points]:
        self.fetches.append(len(stats))
        return [self._one(stat, start, end, int(origin.timestamp())) for stat in stats]

    def _one(self, stat: MetricStat, start: datetime, end: datetime, origin: int) -> Points:
        buckets: dict[int, list[float]] = {}
        for at, value in self.points.get(stat.metric_name, {}).items():
            if start.timestamp() <= at < end.timestamp():
                buckets.setdefault((at - origin) // stat.period * stat.period + origin, []).append(value)
        meant = statistic.parse(stat.stat)
        times = sorted(buckets)
        values = [statistic.evaluate(meant, buckets[at], [1.0] * len(buckets[at])) for at in times]
        return Points(
            tuple(times), tuple(v or 0.0 for v in values), tuple(float(len(buckets[at])) for at in times)
        )

    def load(
        self, metric: str, values: Sequence[float | None], *, since: datetime = START, step: int = 60
    ) -> None:
        for number, value in enumerate(values):
            if value is not None:
                self.points.setdefault(metric, {})[int(since.timestamp()) + number * step] = value


class Bench:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = SimClock(START)
        self.ids = Ids(random.Random(3))
        self.source = Memory()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] | ServiceError = {}
        self._stores: list[SqlStore] = []

    async def open(self) -> Bench:
        url = f"sqlite:///{self.directory / 'control.db'}"
        self.store = await open_store(url, sync="normal", clock=self.clock, ids=self.ids)
        self._stores.append(self.store)
        reaction = composite.FOLLOW

        async def follow(unit: Unit, batch: Any) -> None:
            await reaction.handle(self._ctx(unit), batch)

        self.dispatcher = Dispatcher(
            self.store,
            [BusReaction(name=reaction.name, kinds=reaction.kinds, run=follow)],
            clock=self.clock,
            ids=self.ids,
        )
        handlers = {}
        for kind in (actions.PERFORM, composite.RELEASE):

            async def run(unit: Unit, job: Any, kind: Any = kind) -> None:
                await kind.handle(self._ctx(unit, cause=job.cause), job)

            handlers[kind.name] = JobHandler(name=kind.name, run=run, retry=kind.retry)
        self.worker = Worker(self.store, clock=self.clock, ids=self.ids, handlers=handlers)
        return self

    async def die(self) -> None:
        """The files are taken as they are, another process opens them; the old store tidies up too late."""
        files = [file for file in self.directory.iterdir() if file.name.startswith("control.db")]
        self.directory = self.directory / "next"
        self.directory.mkdir()
        for file in files:
            shutil.copy(file, self.directory / file.name)
        await self.open()

    async def close(self) -> None:
        for store in self._stores:
            await store.close()

    def _ctx(self, unit: Unit, *, cause: Cause | None = None, event_id: str = "") -> Ctx:
        runtime = Runtime(
            settings=Settings(),
            clock=self.clock,
            ids=self.ids,
            control=self.store,
            lake=cast(Any, None),
            caller=self._call,
        )
        context = Context(
            account=ACCOUNT,
            region=REGION,
            identity=Identity(kind="Root", account=ACCOUNT),
            time=self.clock.now(),
            cause=cause,
            event_id=event_id,
        )
        return Ctx(context, unit, runtime)

    async def _call(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        self.calls.append((f"{service}:{operation}", params))
        if isinstance(self.answer, ServiceError):
            raise self.answer
        return self.answer

    async def do(self, name: str, **params: Any) -> dict[str, Any]:
        """One operation, validated, as the edge would run it."""
        validate(operation_model("cloudwatch", name), params)
        ctx = self._ctx(self.store.unit(), event_id=self.ids.uuid())
        reply = await SERVICE.operations[name.lower()](ctx, params)
        await ctx.unit.commit()
        return reply or {}

    async def refused(self, name: str, **params: Any) -> ServiceError:
        try:
            await self.do(name, **params)
        except ServiceError as error:
            return error
        raise AssertionError(f"{name} was not refused")

    async def alarm(self, name: str = "cpu", **changes: Any) -> None:
        params: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "N",
            "MetricName": name,
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [TOPIC],
            "OKActions": [TOPIC],
        }
        params |= changes
        await self.do("PutMetricAlarm", **{k: v for k, v in params.items() if v is not None})

    async def evaluated(self, which: Which = "metrics") -> Unit:
        """A tick, evaluated and not committed."""
        unit = self.store.unit()
        await tick(self._ctx(unit), self.source, which)
        return unit

    async def tick(self) -> None:
        await (await self.evaluated("metrics")).commit()
        await (await self.evaluated("computed")).commit()

    async def settle(self) -> None:
        """Reactions and jobs, until nothing follows any more."""
        while True:
            head = await self.store.head()
            await self.dispatcher.drain()
            await self.worker.drain()
            if await self.store.head() == head:
                return

    async def pass_(self, seconds: int) -> None:
        """Time in steps of ten seconds, everything in order."""
        for _ in range(seconds // 10):
            await self.clock.advance(10)
            await self.tick()
            await self.settle()

    async def state(self, name: str = "cpu") -> AlarmState:
        found = await self.store.unit().get(STATES, name, account=ACCOUNT, region=REGION)
        assert found is not None
        return found

    async def facts(self, kind: str) -> list[Fact]:
        return [fact for fact in await self.store.facts_after(0, limit=100_000) if fact.kind == kind]

    async def changes(self) -> list[tuple[str, str, int]]:
        """Transitions: alarm, state, seconds since the start."""
        found = []
        for fact in await self.facts("AlarmStateChanged"):
            if fact.body["state"]["value"] != fact.body["previousState"]["value"]:
                at = datetime.fromisoformat(fact.body["state"]["timestamp"])
                found.append(
                    (
                        fact.body["alarmName"],
                        fact.body["state"]["value"],
                        round((at - START) / timedelta(seconds=1)),
                    )
                )
        return found

    def published(self) -> list[tuple[str, str, str]]:
        """Alarm, state and time of the state change, of every message that reached the topic."""
        messages = [
            msgspec.json.decode(params["Message"]) for name, params in self.calls if name == "sns:Publish"
        ]
        return [(m["AlarmName"], m["NewStateValue"], m["StateChangeTime"]) for m in messages]
