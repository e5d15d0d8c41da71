"""What the trail tests run in: the real stores, a clock to turn, and S3 as buckets in memory with AWS's answers."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.validate import ParamValidator

from triptych.bus.batch import Batch
from triptych.control.store import ControlStore, Job
from triptych.jobs.kind import Later
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import ApiCall, Fact
from triptych.lake.lake import Lake
from triptych.services.cloudtrail import SERVICE, deliver
from triptych.services.cloudtrail.tables import RECORD
from triptych.services.contract import Ctx, Runtime
from triptych.wire.model import operation_model

NOW = datetime(2026, 3, 4, 12, 3, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
ROOT = Identity(kind="Root", account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root", principal_id=ACCOUNT)


@dataclass
class FixedClock:
    """A clock that tests turn."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Buckets:
    """The little of S3 that CloudTrail calls."""

    policies: dict[str, str | None] = field(default_factory=dict)
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    puts: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    callers: set[str] = field(default_factory=set)

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        assert service == "s3"
        self.callers.add(context.identity.invoked_by)
        shape = operation_model("s3", operation).input_shape
        assert not ParamValidator().validate(params, shape).has_errors()
        if params["Bucket"] not in self.policies:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", status=404)
        if operation == "GetBucketPolicy":
            if (policy := self.policies[params["Bucket"]]) is None:
                raise ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", status=404)
            return {"Policy": policy}
        assert operation == "PutObject"
        if self.error:
            raise ServiceError(self.error, "no", status=403)
        self.puts.append(params)
        self.objects[params["Bucket"], params["Key"]] = params["Body"]
        return {}

    def records(self) -> list[str]:
        """The eventIDs of all delivered records."""
        bodies = [body for (_, key), body in self.objects.items() if "/CloudTrail-Digest/" not in key]
        files = [json.loads(gzip.decompress(body)) for body in bodies]
        return [record["eventID"] for file in files for record in file["Records"]]


def policy(bucket: str, *, prefix: str = "", account: str = ACCOUNT) -> str:
    who = {"Service": "cloudtrail.amazonaws.com"}
    lead = f"{prefix}/" if prefix else ""
    statements = [
        {"Effect": "Allow", "Principal": who, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
        {
            "Effect": "Allow", "Principal": who, "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/{lead}AWSLogs/{account}/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass
class World:
    """Everything a call needs; ``call`` is one request of one caller, committed."""

    store: ControlStore
    lake: Lake
    clock: FixedClock
    s3: Buckets
    runtime: Runtime
    seq: int = 0
    batches: int = 0

    def ctx(self, *, account: str = ACCOUNT, region: str = "eu-west-1") -> Ctx:
        context = Context(account=account, region=region, identity=ROOT, time=self.clock.now())
        return Ctx(context, self.store.unit(), self.runtime)

    async def call(
        self, operation: str, account: str = ACCOUNT, region: str = "eu-west-1", **params: Any
    ) -> dict[str, Any]:
        model = operation_model("cloudtrail", operation)
        report = ParamValidator().validate(params, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        ctx = self.ctx(account=account, region=region)
        answer = await SERVICE.operations[operation.lower()](ctx, params) or {}
        await ctx.unit.commit()
        report = ParamValidator().validate(answer, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        return answer

    async def trail(
        self, name: str = "audit", *, region: str = "eu-west-1", log: bool = True, **more: Any
    ) -> dict[str, Any]:
        self.s3.policies.setdefault("logs", policy("logs"))
        answer = await self.call("CreateTrail", region=region, Name=name, S3BucketName="logs", **more)
        if log:
            await self.call("StartLogging", region=region, Name=name)
        return answer

    async def happened(
        self, *event_ids: str, service: str = "s3", operation: str = "CreateBucket", **more: Any
    ) -> None:
        """Calls that reached the lake; ids name them, the time is now."""
        facts = []
        for event_id in event_ids:
            self.seq += 1
            call = ApiCall(
                service=service, operation=operation, event_source=f"{operation_model(service, operation).service_model.endpoint_prefix}.amazonaws.com", api_version="",
                request_id="r", identity=more.get("identity", ROOT), source_ip="", user_agent="", host="localhost",
                read_only=more.get("read_only", False), status=200, parameters=more.get("parameters", {"Bucket": "b"}),
            )  # fmt: skip
            facts.append(
                Fact(
                    id=event_id, kind="ApiCall", account=ACCOUNT, region=more.get("region", "eu-west-1"),
                    time=more.get("time", self.clock.now()), subject="", body=msgspec.to_builtins(call), seq=self.seq,
                )
            )  # fmt: skip
        self.batches += 1
        await RECORD.handle(self.ctx(), Batch(facts=tuple(facts), token=f"batch-{self.batches}"))

    async def step(
        self, name: str = "audit", region: str = "eu-west-1", *, crash: bool = False
    ) -> float | None:
        """One run of the trail's delivery job; what it asks to wait, or None when it is done."""
        ctx = self.ctx(region=region)
        job = Job(
            id="j",
            kind=deliver.DELIVER.name,
            account=ACCOUNT,
            region=region,
            body={"trail": name},
            run_at=NOW,
        )
        wait = None
        try:
            await deliver.deliver(ctx, job)
        except Later as later:
            wait = later.seconds
        if not crash:
            await ctx.unit.commit()
        return wait

    async def delivered(self, name: str = "audit", region: str = "eu-west-1") -> list[str]:
        """Run the delivery until it is done, at most a few steps."""
        for _ in range(20):
            if await self.step(name, region) is None:
                return self.s3.records()
        raise AssertionError("the delivery does not come to an end")


async def refused(code: str, call: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await call
    assert caught.value.code == code
    return caught.value
