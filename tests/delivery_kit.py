"""What deliveries are tested in: a store, simulated time, a worker, and queues that fail as a seed says."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, cast

from structlog.testing import capture_logs

from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job, Unit
from triptych.jobs.worker import JobHandler, Worker
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.services.contract import Ctx, JobKind, Runtime
from triptych.settings import Settings
from triptych.testing.clock import SimClock

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ACCOUNT, REGION = "111122223333", "eu-west-1"


class Queues:
    """An SQS that fails as the seed says: refuses, times out, answers 500, or takes the message and then breaks."""

    def __init__(self, draw: random.Random, trouble: float) -> None:
        self.draw, self.trouble = draw, trouble
        self.taken: dict[str, list[tuple[str, dict[str, Any]]]] = {"target": [], "letters": []}
        self.attempts = 0
        self.refused: Callable[[str], bool] = lambda _body: False
        """Messages that are refused for good."""

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        if operation == "GetQueueUrl":
            return {"QueueUrl": params["QueueName"]}
        queue = params["QueueUrl"].removesuffix(".fifo")
        self.attempts += queue == "target"
        chance = self.draw.random() if queue == "target" else 9.0
        if queue == "target" and self.refused(params["MessageBody"]):
            raise ServiceError("AccessDenied", "never", status=403)
        if chance < self.trouble / 2:
            raise ServiceError("ServiceUnavailable", "no sign of life", status=503)
        self.taken[queue].append((params["MessageBody"], params.get("MessageAttributes", {})))
        if chance < self.trouble:
            raise ServiceError("InternalError", "broke after it was taken", status=500)
        return {"MessageId": "m"}

    def ids(self, queue: str) -> list[str]:
        return [json.loads(body)["id"] for body, _ in self.taken[queue]]


class World:
    """A store, simulated time and a worker for some kinds of jobs, whose calls go to the queues."""

    def __init__(
        self, store: SqlStore, clock: SimClock, ids: Ids, queues: Queues, kinds: Sequence[JobKind]
    ) -> None:
        self.store, self.clock, self.ids, self.queues, self.kinds = store, clock, ids, queues, kinds
        self.runtime = Runtime(
            settings=Settings(encryption_key=KEY),
            clock=clock,
            ids=ids,
            control=store,
            lake=cast(Any, None),
            caller=queues,
        )

    def ctx(self, unit: Unit, who: Identity | None = None) -> Ctx:
        who = who or Identity(kind="Root", account=ACCOUNT)
        context = Context(account=who.account, region=REGION, identity=who, time=self.clock.now())
        return Ctx(context, unit, self.runtime)

    async def do(self, operation: Any, *, by: Identity | None = None, **params: Any) -> dict[str, Any]:
        unit = self.store.unit()
        answer = await operation(self.ctx(unit, by), params)
        await unit.commit()
        return answer or {}

    def worker(self) -> Worker:
        def bound(kind: JobKind) -> JobHandler:
            async def run(unit: Unit, job: Job) -> None:
                await kind.handle(self.ctx(unit, Identity(kind="Root", account=job.account)), job)

            return JobHandler(name=kind.name, run=run, retry=kind.retry, concurrency=4)

        handlers = {kind.name: bound(kind) for kind in self.kinds}
        return Worker(self.store, clock=self.clock, ids=self.ids, handlers=handlers)

    async def settle(self, seconds: float) -> None:
        """Let a worker work for a while of simulated time."""
        worker = self.worker()
        await worker.start()
        await self.clock.advance(seconds)
        await self.clock.run(worker.stop())


@contextlib.asynccontextmanager
async def open_world(tmp_path: Path, kinds: Sequence[JobKind]) -> AsyncIterator[World]:
    clock, ids = SimClock(), Ids(random.Random(3))
    store = await open_store(f"sqlite:///{tmp_path / 'control.db'}", sync="normal", clock=clock, ids=ids)
    undo = clock.attend(lambda: store.busy)
    with capture_logs():  # failures are the point; writing them out takes longer than having them
        yield World(store, clock, ids, Queues(random.Random(0), 0.0), kinds)
    undo()
    await store.close()
