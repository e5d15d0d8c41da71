"""For the tests of SSM: operations and automations on a real control store, with a scripted gateway."""

from __future__ import annotations

import random
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from triptych.control.open import open_store
from triptych.control.store import ControlStore, Job
from triptych.jobs.kind import Later
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import Ids
from triptych.services.contract import Ctx, Runtime
from triptych.services.ssm import SERVICE
from triptych.services.ssm.engine import automate
from triptych.services.ssm.execution import EXECUTIONS, JOB, Execution
from triptych.settings import Settings

ACCOUNT, REGION = "111122223333", "eu-central-1"
ALICE = Identity(
    kind="IAMUser",
    account=ACCOUNT,
    principal_id="AIDAALICE",
    arn=f"arn:aws:iam::{ACCOUNT}:user/alice",
    access_key_id="AKIAALICE",
    user_name="alice",
)
CONFIG = Identity(kind="AWSService", account=ACCOUNT, invoked_by="config.amazonaws.com")


class HandClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("an automation must not block")

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any] | Awaitable[dict[str, Any]]]


@dataclass
class Gateway:
    """A scripted gateway: ``script`` in order, else ``always`` by ``service:Operation``; remembers every call."""

    script: list[tuple[str, Answer]] = field(default_factory=list)
    always: dict[str, Answer] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.calls.append((name, params))
        self.contexts.append(context)
        if name in self.always:
            answer = self.always[name]
        else:
            assert self.script, f"unexpected call {name} {params}"
            expected, answer = self.script.pop(0)
            assert name == expected
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            result = answer(params)
            return await result if isinstance(result, Awaitable) else result
        return answer

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def role_session(role: str, *, until: datetime | None = None) -> dict[str, Any]:
    """What STS answers to AssumeRole."""
    name = role.rpartition("/")[2]
    return {
        "Credentials": {
            "AccessKeyId": "ASIASESSION",
            "SecretAccessKey": "s",
            "SessionToken": "t",
            "Expiration": until or datetime(2026, 3, 4, 6, 6, 7, tzinfo=UTC),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": "AROAROLE:Automation-x",
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/Automation-x",
        },
    }


class Bench:
    """A control store in a directory, and what works on it; ``reopen`` is a process that starts after a crash."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = HandClock()
        self.ids = Ids(random.Random(7))
        self.gateway = Gateway()
        self.identity = ALICE
        self.control: ControlStore = cast(Any, None)
        self._opened: list[ControlStore] = []

    async def open(self) -> Bench:
        url = f"sqlite:///{self.directory / 'control.db'}"
        self.control = await open_store(url, sync="normal", clock=self.clock, ids=self.ids)
        self._opened.append(self.control)
        return self

    async def reopen(self) -> None:
        """The process was killed and another takes over: the files as they are, the old store abandoned."""
        files = [file for file in self.directory.iterdir() if file.name.startswith("control.db")]
        self.directory = self.directory / "next"
        self.directory.mkdir()
        for file in files:
            shutil.copy(file, self.directory / file.name)
        await self.open()

    async def close(self) -> None:
        for store in self._opened:
            await store.close()

    def ctx(self, *, identity: Identity | None = None, cause: Any = None, event_id: str = "") -> Ctx:
        runtime = Runtime(
            settings=Settings(),
            clock=self.clock,
            ids=self.ids,
            control=self.control,
            lake=cast(Any, None),
            caller=self.gateway,
        )
        context = Context(
            account=ACCOUNT,
            region=REGION,
            identity=identity or self.identity,
            time=self.clock.now(),
            cause=cause,
            event_id=event_id,
        )
        return Ctx(context, self.control.unit(), runtime)

    async def do(self, name: str, **params: Any) -> dict[str, Any]:
        """One operation as the edge would run it."""
        ctx = self.ctx(event_id=self.ids.uuid())
        result = await SERVICE.operations[name.lower()](ctx, params)
        await ctx.unit.commit()
        return result or {}

    async def refused(self, name: str, **params: Any) -> ServiceError:
        try:
            await self.do(name, **params)
        except ServiceError as error:
            return error
        raise AssertionError(f"{name} was not refused")

    async def run(self, execution_id: str) -> float | None:
        """The job once; the seconds it wants to wait, or None when it is done."""
        ctx = self.ctx()
        job = Job(
            id="job",
            kind=JOB,
            account=ACCOUNT,
            region=REGION,
            body={"AutomationExecutionId": execution_id},
            run_at=self.clock.now(),
        )
        try:
            await automate(ctx, job)
        except Later as later:
            await ctx.unit.commit()
            return later.seconds
        await ctx.unit.commit()
        return None

    async def finish(self, execution_id: str, *, limit: int = 100) -> Execution:
        """The job again and again, time passing as it asks."""
        for _ in range(limit):
            seconds = await self.run(execution_id)
            if seconds is None:
                return await self.execution(execution_id)
            self.clock.pass_(seconds)
        raise AssertionError("it does not end")

    async def execution(self, execution_id: str) -> Execution:
        found = await self.control.unit().get(EXECUTIONS, execution_id, account=ACCOUNT, region=REGION)
        assert found is not None
        return found

    async def start(self, name: str, **parameters: list[str]) -> str:
        params: dict[str, Any] = {"DocumentName": name}
        if parameters:
            params["Parameters"] = parameters
        return (await self.do("StartAutomationExecution", **params))["AutomationExecutionId"]

    async def create(self, content: str, name: str = "Doc", form: str = "YAML") -> dict[str, Any]:
        return await self.do(
            "CreateDocument", Name=name, Content=content, DocumentType="Automation", DocumentFormat=form
        )

    async def execute(self, content: str, **parameters: list[str]) -> Execution:
        """Create a document, start it, run it to its end."""
        await self.create(content)
        return await self.finish(await self.start("Doc", **parameters))

    async def statuses(self, execution_id: str) -> list[tuple[str, list[str]]]:
        """What the facts said, in order: status, and the statuses of the steps."""
        facts = await self.control.facts_after(0, limit=10_000)
        return [
            (f.body["Status"], [s["StepStatus"] for s in f.body["StepExecutions"]])
            for f in facts
            if f.kind == "AutomationChanged" and f.body["AutomationExecutionId"] == execution_id
        ]
