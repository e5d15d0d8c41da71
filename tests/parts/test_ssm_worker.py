"""Automations run by the real worker, as the composition root binds it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from ssm_harness import Bench
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job, Unit
from triptych.jobs.worker import JobHandler, Worker
from triptych.services.contract import Ctx, JobKind
from triptych.services.ssm import SERVICE


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = await Bench(tmp_path).open()
    bench.gateway.always = {"s3:DeleteBucketPolicy": {}}
    yield bench
    await bench.close()


def worker_of(bench: Bench) -> Worker:
    def handler(kind: JobKind) -> JobHandler:
        def ctx(unit: Unit) -> Ctx:
            made = bench.ctx()
            return Ctx(made.context, unit, made.runtime)

        async def run(unit: Unit, job: Job) -> None:
            await kind.handle(ctx(unit), job)

        async def bury(unit: Unit, job: Job, reason: str) -> None:
            assert kind.dead is not None
            await kind.dead(ctx(unit), job, reason)

        return JobHandler(name=kind.name, run=run, retry=kind.retry, concurrency=kind.concurrency, dead=bury)

    return Worker(
        cast(SqlStore, bench.control),
        clock=bench.clock,
        ids=bench.ids,
        handlers={kind.name: handler(kind) for kind in SERVICE.jobs},
    )


def document(*steps: dict[str, Any]) -> str:
    return json.dumps({"schemaVersion": "0.3", "mainSteps": steps})


API = {
    "name": "api",
    "action": "aws:executeAwsApi",
    "inputs": {"Service": "s3", "Api": "DeleteBucketPolicy", "Bucket": "b"},
}
NAP = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT30S"}}


async def test_many_automations_end(bench: Bench) -> None:
    await bench.create(document(API, API | {"name": "api2"}), form="JSON")
    ids = [await bench.start("Doc") for _ in range(20)]
    worker = worker_of(bench)
    await worker.drain()
    assert {(await bench.execution(i)).status for i in ids} == {"Success"}
    assert len(bench.gateway.calls) == 40
    assert (worker.succeeded, worker.failed, worker.conflicts) == (20, 0, 0)


async def test_waiting_survives_the_worker_and_takes_no_place(bench: Bench) -> None:
    await bench.create(document(NAP, API), form="JSON")
    execution_id = await bench.start("Doc")
    await worker_of(bench).drain()
    assert (await bench.execution(execution_id)).status == "InProgress"
    bench.clock.pass_(29)
    await bench.reopen()
    await worker_of(bench).drain()
    assert (await bench.execution(execution_id)).status == "InProgress"
    bench.clock.pass_(1)
    await worker_of(bench).drain()
    assert (await bench.execution(execution_id)).status == "Success"


async def test_stop_wakes_a_waiting_automation_at_once(bench: Bench) -> None:
    await bench.create(document(NAP, API), form="JSON")
    execution_id = await bench.start("Doc")
    worker = worker_of(bench)
    await worker.drain()
    await bench.do("StopAutomationExecution", AutomationExecutionId=execution_id)
    await worker.drain()
    assert (await bench.execution(execution_id)).status == "Cancelled"
    assert await worker.depth() == {}


async def test_automation_whose_engine_fails_for_good_is_buried(bench: Bench) -> None:
    bench.gateway.always = {"s3:DeleteBucketPolicy": RuntimeError("a bug")}
    await bench.create(document(API | {"onFailure": "Continue"}), form="JSON")
    execution_id = await bench.start("Doc")
    worker = worker_of(bench)
    with structlog.testing.capture_logs():  # printed tracebacks take seconds
        for _ in range(20):
            await worker.drain()
            bench.clock.pass_(1000)
    execution = await bench.execution(execution_id)
    assert execution.status == "Failed"
    assert "RuntimeError: a bug" in execution.failure
    assert worker.dead == 1
    assert (await bench.statuses(execution_id))[-1] == ("Failed", ["Failed"])
