"""Log file validation: a signed digest about every hour for every source region of a trail that wants them.

A region's chain collects the log files ``deliver`` put. A run first *ends* the time a digest covers, and commits
that; then it signs, puts and commits the next link. A crash in between puts the same digest under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later
from triptych.kernel.errors import ServiceError
from triptych.services.cloudtrail.bucket_policy import ACL, PRINCIPAL
from triptych.services.cloudtrail.digest_file import ALGORITHM, Digest, Link, LogFile, digest, digest_key
from triptych.services.cloudtrail.signing_keys import signer
from triptych.services.cloudtrail.trail import TRAILS, Trail
from triptych.services.contract import Ctx, JobKind, Periodic

DIGEST_SECONDS = 3600.0
"""How often digests are made (AWS: every hour)."""
_RETRY_SECONDS = 60.0


class Chain(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The digests of a trail's log files of one source region.

    :param start: where the next digest begins.
    :param logs: the files it will name.
    :param end: where it ends, once that is decided.
    """

    trail: str
    region: str
    start: datetime
    logs: tuple[LogFile, ...] = ()
    end: datetime | None = None
    previous: Link | None = None
    delivered_at: datetime | None = None
    error: str = ""


CHAINS = Collection(name="cloudtrail.digest_chains", type=Chain)
"""By ``<trail>/<source region>``, in the trail's home region."""


async def begin(ctx: Ctx, trail: Trail) -> None:
    """The first chain of a trail that validates its files from now on: its home region's, files or not."""
    key = f"{trail.name}/{trail.home_region}"
    if await ctx.unit.get(CHAINS, key, account=trail.account, region=trail.home_region) is None:
        chain = Chain(trail=trail.name, region=trail.home_region, start=ctx.now)
        ctx.unit.put(CHAINS, key, chain, account=trail.account, region=trail.home_region)


async def forget(ctx: Ctx, trail: Trail) -> None:
    """No more digests; a later ``begin`` starts new chains, as AWS does."""
    place = {"account": trail.account, "region": trail.home_region}
    mine = await ctx.unit.list(
        CHAINS, account=trail.account, region=trail.home_region, prefix=f"{trail.name}/"
    )
    for document in mine:
        ctx.unit.delete(CHAINS, document.key, **place)


async def add(ctx: Ctx, trail: Trail, files: Iterable[tuple[str, LogFile]]) -> None:
    """Stage delivered files, each with its source region, for the next digests."""
    place = {"account": trail.account, "region": trail.home_region}
    for region, log in files:
        key = f"{trail.name}/{region}"
        chain = await ctx.unit.get(CHAINS, key, **place)
        chain = chain or Chain(trail=trail.name, region=region, start=min(ctx.now, log.oldest))
        ctx.unit.put(CHAINS, key, msgspec.structs.replace(chain, logs=(*chain.logs, log)), **place)


async def make(ctx: Ctx, job: Job) -> None:
    """One step of one chain: end the digest's time, or sign and put it."""
    place = {"account": job.account, "region": job.region}
    key = job.body["chain"]
    chain = await ctx.unit.get(CHAINS, key, **place)
    trail = await ctx.unit.get(TRAILS, chain.trail, **place) if chain else None
    if chain is None or trail is None or not (trail.logging or chain.logs or chain.end):
        return
    if chain.end is None:
        end = max(ctx.now, chain.start).replace(microsecond=0)
        ctx.unit.put(CHAINS, key, msgspec.structs.replace(chain, end=end), **place)
        raise Later(0)
    try:
        made = await _put(ctx, trail, chain, chain.end)
    except ServiceError as error:
        ctx.unit.put(CHAINS, key, msgspec.structs.replace(chain, error=error.code), **place)
        raise Later(_RETRY_SECONDS) from error
    link = Link(bucket=trail.bucket, key=made.key, sha256=made.sha256, signature=made.signature)
    after = Chain(
        trail=chain.trail, region=chain.region, start=chain.end, previous=link, delivered_at=ctx.now
    )
    ctx.unit.put(CHAINS, key, after, **place)


async def _put(ctx: Ctx, trail: Trail, chain: Chain, end: datetime) -> Digest:
    made = digest(
        account=trail.account,
        bucket=trail.bucket,
        key=digest_key(
            prefix=trail.prefix,
            account=trail.account,
            region=chain.region,
            trail=trail.name,
            home_region=trail.home_region,
            end=end,
        ),
        start=chain.start,
        end=end,
        logs=chain.logs,
        previous=chain.previous,
        signer=await signer(ctx),
    )
    put = {
        "Bucket": trail.bucket,
        "Key": made.key,
        "Body": made.body,
        "ContentType": "application/json",
        "ContentEncoding": "gzip",
        "ACL": ACL,
        "Metadata": {"signature": made.signature, "signature-algorithm": ALGORITHM},
    }
    await ctx.call("s3", "PutObject", put, principal=PRINCIPAL)
    return made


async def _due(ctx: Ctx) -> None:
    for account, region, key, _, _ in await ctx.unit.list(CHAINS):
        at = ctx.at(account=account, region=region)
        at.job("cloudtrail.digest", {"chain": key}, key=f"{account}/{region}/{key}")


DIGEST = JobKind(name="cloudtrail.digest", handle=make)
DIGESTS_DUE = Periodic(name="cloudtrail.digest", seconds=lambda _: DIGEST_SECONDS, handle=_due)
