"""CreateTrail, UpdateTrail, DeleteTrail, GetTrail, DescribeTrails, ListTrails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel import pages
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.cloudtrail import deliver_logs, digests
from triptych.services.cloudtrail import trail as trail_room
from triptych.services.cloudtrail.bucket_policy import PRINCIPAL, allows_delivery
from triptych.services.cloudtrail.deliver import DELIVERIES, unplanned
from triptych.services.cloudtrail.event_selectors import has_custom_selectors
from triptych.services.cloudtrail.tags import checked_tags
from triptych.services.cloudtrail.trail import TRAILS, Trail, check_name, find, find_at_home, located, visible
from triptych.services.contract import Ctx, operation

TRAILS_LISTED = 100
"""Trails on one page of ListTrails (ours; AWS does not say)."""
PREFIX_CHARACTERS = 200
"""The longest S3KeyPrefix (AWS)."""

_NOT_BUILT = ("SnsTopicName", "KmsKeyId")
_NOT_BUILT_FLAGS = ("IsOrganizationTrail", "RecursiveLogging")


@operation
async def create_trail(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A new trail; it does not log before StartLogging.

    The bucket must exist and its policy must let cloudtrail.amazonaws.com read its ACL and put objects, as on
    AWS; so must a log group and the role CloudTrail may assume for it, if given.

    Partly: SNS notifications, KMS encryption and organization trails are refused; the permissions of the log group's
    role are not evaluated.
    """
    name = params["Name"]
    check_name(name)
    refuse_what_is_not_built("CreateTrail", params)
    tags = checked_tags(params.get("TagsList") or [])
    trail = Trail(
        name=name,
        account=ctx.account,
        home_region=ctx.region,
        bucket=params["S3BucketName"],
        created=ctx.now,
        prefix=params.get("S3KeyPrefix") or "",
        global_events=params.get("IncludeGlobalServiceEvents", True),
        multi_region=params.get("IsMultiRegionTrail", False),
        validation=params.get("EnableLogFileValidation", False),
        log_group=params.get("CloudWatchLogsLogGroupArn") or "",
        role=params.get("CloudWatchLogsRoleArn") or "",
        tags=tags,
    )
    _check(trail)
    if await ctx.unit.get(TRAILS, name, account=ctx.account, region=ctx.region) is not None:
        raise ServiceError(
            "TrailAlreadyExistsException", f"Trail {name} already exists for customer: {ctx.account}"
        )
    present = len(await visible(ctx))
    if present >= trail_room.TRAILS_PER_REGION:
        raise ServiceError(
            "MaximumNumberOfTrailsExceededException",
            f"User: {ctx.account} already has {present} trails in {ctx.region}.",
        )
    await _check_bucket(ctx, trail)
    await deliver_logs.begin_or_end(ctx, None, trail)
    ctx.unit.create(TRAILS, name, trail, account=ctx.account, region=ctx.region)
    if trail.validation:
        await digests.begin(ctx, trail)
    return _settings(trail)


@operation
async def update_trail(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given, leave the rest; from the home region only.

    Partly: what CreateTrail refuses is refused here too.
    """
    trail = await find_at_home(ctx, params["Name"])
    refuse_what_is_not_built("UpdateTrail", params)
    members = {
        "bucket": params.get("S3BucketName"),
        "prefix": params.get("S3KeyPrefix"),
        "global_events": params.get("IncludeGlobalServiceEvents"),
        "multi_region": params.get("IsMultiRegionTrail"),
        "validation": params.get("EnableLogFileValidation"),
        "log_group": params.get("CloudWatchLogsLogGroupArn"),
        "role": params.get("CloudWatchLogsRoleArn"),
    }
    changed = msgspec.structs.replace(trail, **{k: v for k, v in members.items() if v is not None})
    _check(changed)
    if (changed.bucket, changed.prefix) != (trail.bucket, trail.prefix):
        await _check_bucket(ctx, changed)
        place = {"account": trail.account, "region": trail.home_region}
        if delivery := await ctx.unit.get(DELIVERIES, trail.name, **place):
            ctx.unit.put(DELIVERIES, trail.name, unplanned(delivery), **place)
    await deliver_logs.begin_or_end(ctx, trail, changed)
    if changed.validation != trail.validation:
        await (digests.begin if changed.validation else digests.forget)(ctx, changed)
    trail_room.save(ctx, changed)
    return _settings(changed)


@operation
async def delete_trail(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Gone with what it had not delivered yet; the files in the bucket stay."""
    trail = await find_at_home(ctx, params["Name"])
    ctx.unit.delete(TRAILS, trail.name, account=trail.account, region=trail.home_region)
    ctx.unit.delete(DELIVERIES, trail.name, account=trail.account, region=trail.home_region)
    deliver_logs.forget(ctx, trail)
    await digests.forget(ctx, trail)
    return {}


@operation
async def get_trail(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """One trail by name or ARN."""
    return {"Trail": _described(await find(ctx, params["Name"]))}


@operation
async def describe_trails(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The trails of this region and, unless refused, the shadows of other regions' multi-region trails.

    Names that nothing is known of are passed over, as AWS does.
    """
    trails = await visible(ctx)
    if not params.get("includeShadowTrails", True):
        trails = [trail for trail in trails if trail.home_region == ctx.region]
    if wanted := params.get("trailNameList"):
        places = {located(ctx, name) for name in wanted}
        trails = [trail for trail in trails if (trail.account, trail.home_region, trail.name) in places]
    return {"trailList": [_described(trail) for trail in trails]}


@operation
async def list_trails(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Every trail of the account, whatever its home region."""
    after: Any = None
    if given := params.get("NextToken"):
        try:
            after = tuple(pages.position("ListTrails", given))
        except (pages.InvalidToken, TypeError) as error:
            raise ServiceError("InvalidNextTokenException", "The NextToken is not valid.") from error
    stored = [document.value for document in await ctx.unit.list(TRAILS, account=ctx.account)]
    rest = [trail for trail in stored if after is None or (trail.home_region, trail.name) > after]
    page = rest[:TRAILS_LISTED]
    answer: dict[str, Any] = {
        "Trails": [{"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.home_region} for t in page]
    }
    if len(rest) > len(page):
        answer["NextToken"] = pages.token("ListTrails", [page[-1].home_region, page[-1].name])
    return answer


def refuse_what_is_not_built(operation_name: str, params: Mapping[str, Any]) -> None:
    """A parameter that would be stored without effect is refused by name. Empty and false change nothing."""
    for name in (*_NOT_BUILT, *_NOT_BUILT_FLAGS):
        if params.get(name):
            raise unbuilt(f"{name} of cloudtrail:{operation_name}")


def _check(trail: Trail) -> None:
    bucket = trail.bucket
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket) or ".." in bucket:
        raise ServiceError("InvalidS3BucketNameException", f"Bucket name {bucket!r} is not valid.")
    if len(trail.prefix) > PREFIX_CHARACTERS or trail.prefix.startswith("/") or trail.prefix.endswith("/"):
        raise ServiceError(
            "InvalidS3PrefixException",
            f"S3 prefix must have at most {PREFIX_CHARACTERS} characters and neither begin nor end with a slash.",
        )
    if trail.multi_region and not trail.global_events:
        raise ServiceError(
            "InvalidParameterCombinationException", "Multi-Region trail must include global service events."
        )


async def _check_bucket(ctx: Ctx, trail: Trail) -> None:
    """The bucket is there and its policy lets the files in; raises what AWS raises.

    One call answers both questions: the bucket's policy, or why there is none.
    """
    try:
        reply = await ctx.call("s3", "GetBucketPolicy", {"Bucket": trail.bucket}, principal=PRINCIPAL)
        policy = str(reply.get("Policy", ""))
    except ServiceError as error:
        if error.code == "NoSuchBucket":
            raise ServiceError(
                "S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!"
            ) from error
        if error.status >= 500:
            raise
        policy = ""  # there is none (NoSuchBucketPolicy), or it does not even let CloudTrail read it
    if not allows_delivery(
        policy, bucket=trail.bucket, prefix=trail.prefix, account=trail.account, trail_arn=trail.arn
    ):
        raise ServiceError(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}",
        )


def _settings(trail: Trail) -> dict[str, Any]:
    """What CreateTrail and UpdateTrail answer."""
    answer: dict[str, Any] = {"Name": trail.name, "S3BucketName": trail.bucket}
    if trail.prefix:
        answer["S3KeyPrefix"] = trail.prefix
    if trail.log_group:
        answer |= {"CloudWatchLogsLogGroupArn": trail.log_group, "CloudWatchLogsRoleArn": trail.role}
    return answer | {
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validation,
        "IsOrganizationTrail": False,
    }


def _described(trail: Trail) -> dict[str, Any]:
    return _settings(trail) | {
        "HomeRegion": trail.home_region,
        "HasCustomEventSelectors": has_custom_selectors(trail),
        "HasInsightSelectors": False,
    }
