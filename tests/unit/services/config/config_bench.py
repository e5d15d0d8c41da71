"""A bench to run Config on: the real stores, a clock that jumps, facts and jobs pumped one by one, and a small estate.

The pump does what the dispatcher and the worker promise (facts in order, one runner for a key, what was staged
is committed together, ``Later``), but in one thread of events, so that a test sees the same run every time.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from botocore.model import Shape

from triptych.bus.batch import Batch
from triptych.control.job_rows import job_of
from triptych.control.open import open_store
from triptych.control.schema import JOB
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.context import Cause, Context, Identity, service_identity
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.kernel.fact import ApiCall, Fact
from triptych.kernel.ids import Ids
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.services.config import SERVICE
from triptych.services.contract import Ctx, Runtime
from triptych.settings import Settings
from triptych.wire.model import operation_model
from triptych.wire.validate import validate

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"


class JumpingClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemoryLake:
    """The lake where a test is not about it: remembers writes, absorbs tokens, has no answers."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._tokens: set[tuple[str, str]] = set()

    async def write(self, table: Any, rows: Any, *, token: str = "") -> None:
        if (table.name, token) not in self._tokens:
            self._tokens.add((table.name, token))
            self.rows.setdefault(table.name, []).extend(rows)

    async def select(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return []

    async def close(self) -> None: ...


@dataclass
class SmallEstate:
    """Buckets, security groups and SSM as far as Config asks for them; error codes as recorded from moto and AWS."""

    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, list[str]] = field(default_factory=dict)
    automations: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """What was put into buckets, by key."""
    topics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What was published, by topic."""
    calls: list[tuple[Context, str, str, dict[str, Any]]] = field(default_factory=list)
    broken: dict[str, ServiceError] = field(default_factory=dict)
    """Operation -> what it answers instead, until taken out."""
    on_start: Callable[[str], None] = lambda _id: None

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        assert context.identity == service_identity(ACCOUNT, "config.amazonaws.com")
        validate(operation_model(service, operation), params)
        self.calls.append((context, service, operation, params))
        if operation in self.broken:
            raise self.broken[operation]
        if service == "s3":
            return self._s3(operation, params)
        if service == "ec2" and operation == "DescribeSecurityGroups":
            return self._ec2(params)
        if service == "ssm":
            return self._ssm(operation, params)
        if service == "sns" and operation in {"GetTopicAttributes", "Publish"}:
            if params["TopicArn"] not in self.topics:
                raise ServiceError("NotFound", "Topic does not exist", status=404)
            if operation == "Publish":
                self.topics[params["TopicArn"]].append(params)
            return {}
        raise unbuilt(f"{service}:{operation}")

    def bucket(self, name: str, region: str = REGION, **parts: Any) -> None:
        self.buckets[name] = {"region": region, **parts}

    def _s3(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if operation == "ListBuckets":
            made = datetime(2026, 1, 1, tzinfo=UTC)
            prefix = params.get("Prefix", "")
            return {
                "Buckets": [
                    {"Name": n, "CreationDate": made} for n in sorted(self.buckets) if n.startswith(prefix)
                ]
            }
        bucket = self.buckets.get(params["Bucket"])
        if bucket is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", status=404)
        if operation == "PutObject":
            if bucket.get("forbidden"):
                raise ServiceError("AccessDenied", "Access Denied", status=403)
            self.files[params["Key"]] = params["Body"]
            return {}
        if operation == "GetBucketLocation":
            return {} if bucket["region"] == "us-east-1" else {"LocationConstraint": bucket["region"]}
        if operation == "GetBucketAcl":
            return {"Owner": {"ID": "owner"}, "Grants": []}
        if operation in bucket:
            return bucket[operation]
        absent = {
            "GetBucketCors": "NoSuchCORSConfiguration",
            "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
            "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
            "GetBucketPolicy": "NoSuchBucketPolicy",
            "GetBucketReplication": "ReplicationConfigurationNotFoundError",
            "GetBucketTagging": "NoSuchTagSet",
            "GetBucketWebsite": "NoSuchWebsiteConfiguration",
            "GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
            "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        }
        if operation in absent:
            raise ServiceError(absent[operation], "It does not exist", status=404)
        return {}

    def _ec2(self, params: dict[str, Any]) -> dict[str, Any]:
        if "GroupIds" not in params:
            return {"SecurityGroups": list(self.groups.values())}
        (wanted,) = params["GroupIds"]
        if wanted not in self.groups:
            raise ServiceError("InvalidGroup.NotFound", f"The security group '{wanted}' does not exist")
        return {"SecurityGroups": [self.groups[wanted]]}

    def _ssm(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if operation == "DescribeDocument":
            if params["Name"] not in self.documents:
                raise ServiceError("InvalidDocument", "The specified document does not exist.")
            return {
                "Document": {
                    "Name": params["Name"],
                    "DocumentType": "Automation",
                    "Parameters": [{"Name": n, "Type": "String"} for n in self.documents[params["Name"]]],
                }
            }
        if operation == "StartAutomationExecution":
            uuid.UUID(params["ClientToken"])
            known = {a["token"]: i for i, a in self.automations.items()}
            if params["ClientToken"] in known:
                return {"AutomationExecutionId": known[params["ClientToken"]]}
            automation_id = str(uuid.uuid5(uuid.NAMESPACE_OID, params["ClientToken"]))
            self.automations[automation_id] = {
                "token": params["ClientToken"],
                "params": params,
                "status": "InProgress",
                "steps": [],
            }
            self.on_start(automation_id)
            return {"AutomationExecutionId": automation_id}
        automation = self.automations.get(params["AutomationExecutionId"])
        if automation is None:
            raise ServiceError("AutomationExecutionNotFoundException", "There is no automation execution")
        return {
            "AutomationExecution": {
                "AutomationExecutionStatus": automation["status"],
                "StepExecutions": automation["steps"],
                "FailureMessage": automation.get("message", ""),
            }
        }


class Bench:
    def __init__(
        self, store: SqlStore, lake: Any, estate: SmallEstate, clock: JumpingClock, path: Path
    ) -> None:
        self.store, self.lake, self.estate, self.clock = store, lake, estate, clock
        self.ids = store.ids
        self.runtime = Runtime(
            settings=Settings(data_dir=path),
            clock=clock,
            ids=self.ids,
            control=store,
            lake=lake,
            caller=estate,
        )
        self._seen = 0
        self.facts: list[Fact] = []

    def ctx(self, *, account: str = "", region: str = "", cause: Cause | None = None, **more: Any) -> Ctx:
        identity = more.pop("identity", service_identity(account, "triptych.internal"))
        context = Context(
            account=account, region=region, identity=identity, time=self.clock.now(), cause=cause, **more
        )
        return Ctx(context, self.store.unit(), self.runtime)

    async def api(self, operation: str, *, region: str = REGION, **params: Any) -> dict[str, Any]:
        """One call of Config, its input validated and its output checked as the edge would."""
        self.clock.time += timedelta(milliseconds=1)
        model = operation_model("config", operation)
        validate(model, params)
        ctx = self.ctx(
            account=ACCOUNT,
            region=region,
            identity=Identity(kind="Root", account=ACCOUNT),
            event_id=self.ids.uuid(),
        )
        reply = await SERVICE.operations[operation.lower()](ctx, params)
        if model.output_shape is None:
            assert reply is None
        else:
            assert reply is not None
            conform(model.output_shape, reply, operation)
        await ctx.unit.commit()
        return reply or {}

    async def happened(
        self,
        operation: str,
        parameters: dict[str, Any],
        *,
        service: str = "s3",
        region: str = REGION,
        **more: Any,
    ) -> Fact:
        """Somebody's call passed through the gateway."""
        self.clock.time += timedelta(milliseconds=1)
        call = ApiCall(
            service=service,
            operation=operation,
            event_source=f"{service}.amazonaws.com",
            api_version="",
            request_id="r",
            identity=Identity(kind="IAMUser", account=ACCOUNT, user_name="junior"),
            source_ip="10.0.0.1",
            user_agent="test",
            host="",
            read_only=more.pop("read_only", False),
            status=more.pop("status", 200),
            parameters=parameters,
            **more,
        )
        return await self.fact("ApiCall", msgspec.to_builtins(call), region=region)

    async def fact(self, kind: Any, body: dict[str, Any], *, region: str = REGION) -> Fact:
        fact = Fact(
            id=self.ids.uuid(),
            kind=kind,
            account=ACCOUNT,
            region=region,
            time=self.clock.now(),
            subject="",
            body=body,
        )
        unit = self.store.unit()
        unit.fact(fact)
        await unit.commit()
        return fact

    async def automation(self, automation_id: str, status: str, **step: Any) -> None:
        """An automation moves on and says so."""
        self.estate.automations[automation_id].update(status=status, steps=[step] if step else [])
        steps = [msgspec.to_builtins(step)] if step else []
        await self.fact(
            "AutomationChanged",
            {"AutomationExecutionId": automation_id, "Status": status, "StepExecutions": steps},
        )

    async def react(self) -> bool:
        """Hand new facts to every reaction, one batch each; True if there were any."""
        facts = await self.store.facts_after(self._seen, limit=500)
        if not facts:
            return False
        self.facts += facts
        for reaction in SERVICE.reactions:
            mine = tuple(fact for fact in facts if fact.kind in reaction.kinds)
            if mine:
                ctx = self.ctx()
                await reaction.handle(ctx, Batch(mine, f"{reaction.name}/{facts[0].seq}"))
                await ctx.unit.commit()
        self._seen = facts[-1].seq
        return True

    async def jobs(self) -> list[Job]:
        """What waits, in the order it is due."""
        rows = await self.store.read(lambda c: c.execute(sa.select(JOB).order_by(JOB.c.run_at)).all())
        return [job_of(row) for row in rows]

    async def work(self, *, crash: bool = False) -> bool:
        """Run the first job that is due; ``crash``: it dies just before its commit. True if there was one."""
        due = [job for job in await self.jobs() if job.run_at <= self.clock.now()]
        if not due:
            return False
        job = due[0]
        kind = {kind.name: kind for kind in SERVICE.jobs}[job.kind]
        ctx = self.ctx(account=job.account, region=job.region, cause=job.cause)
        again: float | None = None
        # The row is taken aside while the job runs, so what it stages under its own key is a new row.
        await self._set(job, owner="bench")
        try:
            await kind.handle(ctx, job)
        except Later as later:
            again = later.seconds
        except BaseException:
            await self._set(job, owner="")
            raise
        if crash:
            await self._set(job, owner="")
            return True
        if again is None:
            ctx.unit.alongside(lambda c: _run(c, sa.delete(JOB).where(JOB.c.id == job.id)))  # type: ignore[attr-defined]
            await ctx.unit.commit()
        else:
            ctx.unit.alongside(lambda c: _run(c, sa.delete(JOB).where(JOB.c.id == job.id)))  # type: ignore[attr-defined]
            ctx.unit.job(
                msgspec.structs.replace(
                    job, run_at=self.clock.now() + timedelta(seconds=again), id=self.ids.uuid()
                )
            )
            await ctx.unit.commit()
        return True

    async def _set(self, job: Job, *, owner: str) -> None:
        await self.store.write(
            lambda c: _run(c, sa.update(JOB).where(JOB.c.id == job.id).values(owner=owner))
        )

    async def settle(self, rounds: int = 60) -> None:
        """Pump until nothing is left to do now."""
        for _ in range(rounds):
            reacted = await self.react()
            if not await self.work() and not reacted:
                return
        raise AssertionError(f"it never settles: {[(job.kind, job.key) for job in await self.jobs()]}")

    async def later(self, seconds: float) -> None:
        """Let time pass and everything that is due by then happen."""
        end = self.clock.time + timedelta(seconds=seconds)
        await self.settle()
        for _ in range(1000):
            upcoming = [job.run_at for job in await self.jobs() if job.run_at <= end]
            if not upcoming:
                break
            self.clock.time = max(self.clock.time, upcoming[0])
            await self.settle()
        self.clock.time = max(self.clock.time, end)

    async def start(self, periodic: str) -> None:
        """A periodic work's time has come; what it stages waits."""
        (found,) = (one for one in SERVICE.periodic if one.name == periodic)
        ctx = self.ctx()
        await found.handle(ctx)
        await ctx.unit.commit()

    async def tick(self, periodic: str) -> None:
        """A periodic work's time has come, and everything that follows."""
        await self.start(periodic)
        await self.settle()

    def of_kind(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    async def recording(self, *types: str, region: str = REGION, **channel: Any) -> None:
        """A started recorder, and the first look at everything done; with further members of the channel."""
        self.estate.bucket("deliveries", region)
        group = {"resourceTypes": list(types)} if types else {"allSupported": True}
        await self.api(
            "PutConfigurationRecorder",
            region=region,
            ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group},
        )
        await self.api(
            "PutDeliveryChannel",
            region=region,
            DeliveryChannel={"name": "default", "s3BucketName": "deliveries", **channel},
        )
        await self.api("StartConfigurationRecorder", region=region, ConfigurationRecorderName="default")
        await self.settle()


def _run(connection: Any, statement: Any) -> None:
    connection.execute(statement)


def conform(shape: Shape, value: Any, path: str) -> None:
    """A reply holds only what the model has, as what the model has it; None never stands for absent."""
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), f"{path}: {sorted(set(value) - set(shape.members))}"  # type: ignore[attr-defined]
        assert set(shape.required_members) <= set(value), path  # type: ignore[attr-defined]
        for name, inner in value.items():
            conform(shape.members[name], inner, f"{path}.{name}")  # type: ignore[attr-defined]
    elif shape.type_name == "list":
        assert isinstance(value, list | tuple), path
        for inner in value:
            conform(shape.member, inner, f"{path}[]")  # type: ignore[attr-defined]
    elif shape.type_name == "map":
        for name, inner in value.items():
            conform(shape.value, inner, f"{path}.{name}")  # type: ignore[attr-defined]
    else:
        kinds = {
            "string": str,
            "timestamp": datetime,
            "boolean": bool,
            "integer": int,
            "long": int,
        }
        assert isinstance(value, kinds[shape.type_name]), f"{path}: {value!r}"
        if shape.type_name == "timestamp":
            assert value.tzinfo is not None, path
        enum = shape.metadata.get("enum")
        if enum:
            assert value in enum, f"{path}: {value!r} not in {enum}"


@contextlib.asynccontextmanager
async def open_bench(path: Path, *, real_lake: bool = False) -> AsyncIterator[Bench]:
    import random

    clock = JumpingClock()
    store = await open_store(
        f"sqlite:///{path / 'control.db'}", sync="normal", clock=clock, ids=Ids(random.Random(7))
    )
    lake: MemoryLake | ClickhouseLake = MemoryLake()
    if real_lake:
        lake = await open_lake(path=path / "lake", tables=SERVICE.tables, clock=clock, flush_seconds=0.01)
    try:
        yield Bench(store, lake, SmallEstate(), clock, path)
    finally:
        await lake.close()
        await store.close()
