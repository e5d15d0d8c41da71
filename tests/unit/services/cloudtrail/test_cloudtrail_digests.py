"""Digests, judged by the AWS CLI's own validator (``aws cloudtrail validate-logs``)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import Any

import jmespath
import pytest
from awscli.customizations.cloudtrail.validation import (
    DigestProvider,
    DigestTraverser,
    PublicKeyProvider,
)
from botocore.exceptions import ClientError
from cloudtrail_world import ACCOUNT, NOW, World, policy, refused

from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.context import Context, Identity
from triptych.services.cloudtrail import SERVICE, digests
from triptych.services.contract import Ctx


async def digest_step(world: World, region: str = "eu-west-1", *, crash: bool = False) -> float | None:
    ctx = world.ctx()
    job = Job(
        id="j", kind=digests.DIGEST.name, account=ACCOUNT, region="eu-west-1", body={"chain": f"audit/{region}"}, run_at=NOW
    )  # fmt: skip
    wait = None
    try:
        await digests.make(ctx, job)
    except Later as later:
        wait = later.seconds
    if not crash:
        await ctx.unit.commit()
    return wait


async def an_hour(
    world: World, *event_ids: str, region: str = "eu-west-1", log_region: str = "eu-west-1"
) -> None:
    """Things happen, are delivered, and their hour is closed."""
    if event_ids:
        await world.happened(*event_ids, region=log_region)
        await world.delivered()
    world.clock.time += timedelta(hours=1)
    assert await digest_step(world, region) == 0
    assert await digest_step(world, region) is None


class Client:
    """The calls the CLI's validator makes, answered from the world."""

    def __init__(self, world: World, keys: list[dict[str, Any]]) -> None:
        self.world = world
        self.keys = keys

    def get_client(self, bucket: str) -> Client:
        return self

    def get_paginator(self, name: str) -> Client:
        assert name == "list_objects"
        return self

    def paginate(self, *, Bucket: str, Marker: str, Prefix: str) -> Client:  # noqa: N803 - boto's names
        keys = sorted(
            k for b, k in self.world.s3.objects if b == Bucket and k > Marker and k.startswith(Prefix)
        )
        self.page = {"Contents": [{"Key": key} for key in keys]}
        return self

    def search(self, expression: str) -> Any:
        return jmespath.search(expression, self.page)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto's names
        if (Bucket, Key) not in self.world.s3.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        metadata = next(
            (put.get("Metadata", {}) for put in reversed(self.world.s3.puts) if put["Key"] == Key), {}
        )
        return {"Body": io.BytesIO(self.world.s3.objects[Bucket, Key]), "Metadata": metadata}

    def list_public_keys(self, **_: datetime) -> dict[str, Any]:
        # The CLI reads blobs as they are on the wire.
        return {"PublicKeyList": [k | {"Value": base64.b64encode(k["Value"])} for k in self.keys]}


async def validated(
    world: World, *, region: str = "eu-west-1", bucket: str = "logs"
) -> tuple[list[dict[str, Any]], list[str]]:
    """What ``validate-logs`` finds: valid digests, newest first, and complaints."""
    keys = (await world.call("ListPublicKeys", StartTime=NOW, EndTime=world.clock.now()))["PublicKeyList"]
    client = Client(world, keys)
    complaints: list[str] = []
    traverser = DigestTraverser(
        digest_provider=DigestProvider(client, ACCOUNT, "audit", "eu-west-1", region),
        starting_bucket=bucket,
        starting_prefix="",
        public_key_provider=PublicKeyProvider(client),
        on_invalid=lambda **what: complaints.append(f"invalid {what['message']}"),
        on_gap=lambda **what: complaints.append("gap"),
        on_missing=lambda **what: complaints.append("missing"),
    )
    found = list(traverser.traverse_digests(NOW - timedelta(days=1), world.clock.now()))
    for found_digest in found:
        for log in found_digest["logFiles"]:
            body = gzip.decompress(world.s3.objects[log["s3Bucket"], log["s3Object"]])
            if hashlib.sha256(body).hexdigest() != log["hashValue"]:
                complaints.append(f"log {log['s3Object']}")
    return found, complaints


async def test_the_cli_finds_every_digest_and_file_valid(world: World) -> None:
    created = await world.trail(EnableLogFileValidation=True)
    assert created["LogFileValidationEnabled"] is True
    await an_hour(world, "a", "b")
    await an_hour(world)
    await an_hour(world, "c")
    await an_hour(world, "d")
    found, complaints = await validated(world)
    assert complaints == []
    assert [len(each["logFiles"]) for each in found] == [1, 1, 0, 1]
    newest, first = found[0], found[-1]
    assert newest["digestS3Object"].endswith(
        f"/{ACCOUNT}_CloudTrail-Digest_eu-west-1_audit_eu-west-1_20260304T160300Z.json.gz"
    )
    assert (newest["digestStartTime"], newest["digestEndTime"]) == (
        "2026-03-04T15:03:00Z",
        "2026-03-04T16:03:00Z",
    )
    assert first["previousDigestSignature"] is None and first["previousDigestHashAlgorithm"] is None
    assert found[1]["previousDigestS3Object"] == found[2]["digestS3Object"]
    assert (found[2]["newestEventTime"], found[2]["oldestEventTime"]) == (None, None)
    status = await world.call("GetTrailStatus", Name="audit")
    assert status["LatestDigestDeliveryTime"] == NOW + timedelta(hours=4)


async def test_the_cli_notices_what_was_tampered_with(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    for event in ("a", "b", "c"):
        await an_hour(world, event)
    log, digest = (
        sorted(place for place in world.s3.objects if kind in place[1])[1] for kind in ("/CloudTrail/", "/CloudTrail-Digest/")
    )  # fmt: skip
    whole = world.s3.objects[log]
    world.s3.objects[log] = gzip.compress(b'{"Records":[]}')
    assert (await validated(world))[1] == [f"log {log[1]}"]
    world.s3.objects[log] = whole
    document = json.loads(gzip.decompress(world.s3.objects[digest]))
    world.s3.objects[digest] = gzip.compress(json.dumps(document | {"logFiles": []}).encode())
    _, complaints = await validated(world)
    assert (
        len(complaints) == 1
        and complaints[0].startswith("invalid Digest file")
        and digest[1] in complaints[0]
    )
    del world.s3.objects[digest]
    assert (await validated(world))[1] == ["missing"]


async def test_a_crash_after_the_put_leaves_one_digest(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    await world.happened("a")
    await world.delivered()
    world.clock.time += timedelta(hours=1)
    await digest_step(world)
    await digest_step(world, crash=True)
    world.clock.time += timedelta(minutes=1)
    assert await digest_step(world) is None
    await an_hour(world, "b")
    found, complaints = await validated(world)
    assert (len(found), complaints) == (2, [])


async def test_a_digest_that_cannot_be_put_is_told_and_put_later(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    await world.happened("a")
    await world.delivered()
    world.s3.error = "AccessDenied"
    assert await digest_step(world) == 0
    assert await digest_step(world) == 60
    assert (await world.call("GetTrailStatus", Name="audit"))["LatestDigestDeliveryError"] == "AccessDenied"
    world.s3.error = ""
    assert await digest_step(world) is None
    assert "LatestDigestDeliveryError" not in await world.call("GetTrailStatus", Name="audit")
    assert len((await validated(world))[0]) == 1


async def test_every_region_has_a_chain_of_its_own(world: World) -> None:
    await world.trail(EnableLogFileValidation=True, IsMultiRegionTrail=True)
    for number in range(2):
        await an_hour(world, f"e{number}", region="ap-south-1", log_region="ap-south-1")
    found, complaints = await validated(world, region="ap-south-1")
    assert (len(found), complaints) == (2, [])


async def test_validation_can_be_turned_off_and_on(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    await an_hour(world, "a")
    off = await world.call("UpdateTrail", Name="audit", EnableLogFileValidation=False)
    assert off["LogFileValidationEnabled"] is False
    assert await digest_step(world) is None
    await world.happened("b")
    await world.delivered()
    await world.call("UpdateTrail", Name="audit", EnableLogFileValidation=True)
    world.clock.time += timedelta(hours=1)
    await an_hour(world, "c")
    found, complaints = await validated(world)
    assert complaints == ["gap"]  # as on AWS: a new chain
    assert [len(each["logFiles"]) for each in found] == [1, 1]


async def test_another_bucket_continues_the_chain(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    await an_hour(world, "a")
    world.s3.policies["other"] = policy("other")
    await world.call("UpdateTrail", Name="audit", S3BucketName="other")
    await an_hour(world, "b")
    found, complaints = await validated(world, bucket="other")
    assert (len(found), complaints) == (2, [])


async def test_public_keys_of_a_time(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    assert (await world.call("ListPublicKeys"))["PublicKeyList"] == []
    await an_hour(world)
    (key,) = (await world.call("ListPublicKeys"))["PublicKeyList"]
    assert key["Fingerprint"] == hashlib.md5(key["Value"]).hexdigest()
    assert (await world.call("ListPublicKeys", EndTime=NOW - timedelta(days=1)))["PublicKeyList"] == []
    await refused(
        "InvalidTimeRangeException",
        world.call("ListPublicKeys", StartTime=NOW, EndTime=NOW - timedelta(days=1)),
    )
    world.clock.time += timedelta(days=31)
    await an_hour(world)
    both = await world.call("ListPublicKeys", StartTime=NOW, EndTime=world.clock.now())
    assert len({key["Fingerprint"] for key in both["PublicKeyList"]}) == 2
    assert (await validated(world))[1] == []


async def test_a_private_key_is_not_stored_in_clear(world: World) -> None:
    await world.trail(EnableLogFileValidation=True)
    await an_hour(world)
    ctx = world.ctx()
    (document,) = await ctx.unit.list(SERVICE.collections[-1])
    assert "PRIVATE" not in document.value.sealed


async def test_only_chains_get_a_job(world: World) -> None:
    await world.trail("plain")
    await world.trail(EnableLogFileValidation=True)
    context = Context(account="", region="", identity=Identity(kind="AWSService", account=""), time=NOW)
    ctx = Ctx(context, world.store.unit(), world.runtime)
    seen: list[Job] = []
    ctx.unit.job = seen.append  # type: ignore[method-assign]
    await digests.DIGESTS_DUE.handle(ctx)
    assert [(job.account, job.region, job.body) for job in seen] == [
        (ACCOUNT, "eu-west-1", {"chain": "audit/eu-west-1"})
    ]
    await world.call("DeleteTrail", Name="audit")
    assert await world.ctx().unit.list(digests.CHAINS) == []


@pytest.fixture(autouse=True)
def quiet_cli(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", logger="awscli")
