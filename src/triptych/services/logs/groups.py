"""Log groups: CreateLogGroup, DeleteLogGroup, DescribeLogGroups, ListLogGroups, retention, deletion protection."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlglot import exp

from triptych.control.collection import Collection
from triptych.kernel import pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation
from triptych.services.logs.backlog import BACKLOG
from triptych.services.logs.group import (
    GROUPS,
    STREAMS,
    LogGroup,
    group_arn,
    group_called,
    group_identified,
    invalid,
    name_of,
    new_id,
    position,
    save_group,
)
from triptych.services.logs.metric_filter import METRIC_FILTERS
from triptych.services.logs.metrics import MINUTES
from triptych.services.logs.moments import millis
from triptych.services.logs.removal import remove_later
from triptych.services.logs.search import kept_since
from triptych.services.logs.sizes import minute, minute_of
from triptych.services.logs.subscription import SUBSCRIPTIONS
from triptych.services.logs.tags import checked_tags

RETENTIONS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Days a retention policy may have (PutRetentionPolicy)."""
_DESCRIBED = 50
"""Log groups on one page of DescribeLogGroups, the default and the most (AWS)."""
_LISTED = 1000


@operation
async def create_log_group(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create a log group; its name is free again as soon as it is deleted.

    Partly: kmsKeyId is refused, log groups are not encrypted with KMS keys.
    """
    name = params["logGroupName"]
    if name.lower().startswith("aws/"):
        raise invalid("Log groups starting with AWS/ are reserved for AWS.")
    if params.get("kmsKeyId"):
        raise invalid("kmsKeyId is not supported: Triptych does not encrypt log groups with KMS keys.")
    tags = checked_tags(params.get("tags") or {})
    if await ctx.unit.get(GROUPS, name, account=ctx.account, region=ctx.region) is not None:
        raise ServiceError("ResourceAlreadyExistsException", "The specified log group already exists")
    group = LogGroup(
        name=name,
        id=new_id(ctx.ids),
        created=millis(ctx.now),
        log_class=params.get("logGroupClass") or "STANDARD",
        protected=bool(params.get("deletionProtectionEnabled")),
        tags=tags,
    )
    ctx.unit.create(GROUPS, name, group, account=ctx.account, region=ctx.region)


@operation
async def delete_log_group(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete a log group with its streams, events, filters."""
    group = await group_called(ctx, params["logGroupName"])
    if group.protected:
        raise ServiceError(
            "ValidationException", f"The log group {group.name} has deletion protection enabled."
        )
    account, region = ctx.account, ctx.region
    belonging: tuple[Collection[Any], ...] = (STREAMS, METRIC_FILTERS, SUBSCRIPTIONS, BACKLOG, MINUTES)
    for collection in belonging:
        found = await ctx.unit.list(collection, account=account, region=region, prefix=f"{group.id}:")
        for document in found:
            ctx.unit.delete(collection, document.key, account=account, region=region)
    ctx.unit.delete(GROUPS, group.name, account=account, region=region)
    remove_later(ctx, group)


@operation
async def describe_log_groups(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Log groups by name. There are no linked accounts: includeLinkedAccounts finds this account's groups."""
    prefix, pattern = params.get("logGroupNamePrefix") or "", params.get("logGroupNamePattern") or ""
    if prefix and pattern:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    wanted = {name_of(ctx, each) for each in params.get("logGroupIdentifiers") or ()}
    if wanted and (prefix or pattern):
        raise invalid("logGroupIdentifiers cannot be combined with a name prefix or pattern.")
    listing = f"DescribeLogGroups|{prefix}|{pattern}|{params.get('logGroupClass')}|{sorted(wanted)}"
    after = position(listing, params.get("nextToken")) or ""
    count = params.get("limit") or _DESCRIBED

    def fits(group: LogGroup) -> bool:
        return (
            (not wanted or group.name in wanted)
            and pattern.lower() in group.name.lower()
            and params.get("logGroupClass") in (None, group.log_class)
        )

    found = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region, prefix=prefix, after=after)
    groups = [document.value for document in found if fits(document.value)]
    page = groups[:count]
    stored = await _stored_bytes(ctx, page)
    answer: dict[str, Any] = {
        "logGroups": [_described(ctx, group, stored.get(group.id, 0)) for group in page]
    }
    if len(groups) > count:
        answer["nextToken"] = pages.token(listing, page[-1].name)
    return answer


def _described(ctx: Ctx, group: LogGroup, stored: int) -> dict[str, Any]:
    arn = group_arn(ctx, group.name)
    retention = {"retentionInDays": group.retention_days} if group.retention_days else {}
    return {
        "logGroupName": group.name,
        "creationTime": group.created,
        **retention,
        "metricFilterCount": group.metric_filters,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": stored,
        "logGroupClass": group.log_class,
        "deletionProtectionEnabled": group.protected,
    }


async def _stored_bytes(ctx: Ctx, groups: list[LogGroup]) -> dict[str, int]:
    """Bytes by group id: what is there now, not what was there at some time yesterday as AWS has it.

    Of a group with a retention, the minute in which the oldest events fall counts in full.
    """
    if not groups:
        return {}
    conditions: list[exp.Expr] = []
    values: dict[str, Any] = {}
    for at, group in enumerate(groups):
        values[f"group_{at}"] = group.id
        own: exp.Condition = exp.column("group_id").eq(exp.Placeholder(this=f"group_{at}"))
        if (since := kept_since(group, ctx.now)) is not None:
            values[f"since_{at}"] = minute_of(since)
            own = exp.and_(own, exp.GTE(this=minute(), expression=exp.Placeholder(this=f"since_{at}")))
        conditions.append(own)
    query = (
        exp.select("group_id", exp.alias_(exp.Sum(this=exp.column("bytes")), "stored"))
        .from_("logs_events")
        .where(exp.or_(*conditions))
        .group_by("group_id")
    )
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return {row["group_id"]: int(row["stored"]) for row in rows}


@operation
async def list_log_groups(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Names and ARNs of log groups whose names match a pattern of alternatives (``^/aws|web``).

    Partly: dataSources and fieldIndexNames are refused.
    """
    for name in ("dataSources", "fieldIndexNames"):
        if params.get(name):
            raise invalid(f"{name} is not supported.")
    pattern, filters = params.get("logGroupNamePattern") or "", params.get("logGroupTags") or []
    listing = f"ListLogGroups|{pattern}|{params.get('logGroupClass')}|{filters}"
    after = position(listing, params.get("nextToken")) or ""
    count = params.get("limit") or _LISTED
    names = re.compile(pattern)  # the model lets nothing through but literals, ^ and |

    def fits(group: LogGroup) -> bool:
        return (
            names.search(group.name) is not None
            and params.get("logGroupClass") in (None, group.log_class)
            and all(
                each["key"] in group.tags
                and (not each.get("values") or group.tags[each["key"]] in each["values"])
                for each in filters
            )
        )

    found = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region, after=after)
    groups = [document.value for document in found if fits(document.value)]
    answer: dict[str, Any] = {
        "logGroups": [
            {
                "logGroupName": group.name,
                "logGroupArn": group_arn(ctx, group.name),
                "logGroupClass": group.log_class,
            }
            for group in groups[:count]
        ]
    }
    if len(groups) > count:
        answer["nextToken"] = pages.token(listing, groups[count - 1].name)
    return answer


@operation
async def put_retention_policy(ctx: Ctx, params: dict[str, Any]) -> None:
    """Keep a group's events for so many days: older ones are invisible at once and removed within the hour."""
    days = params["retentionInDays"]
    if days not in RETENTIONS:
        allowed = ", ".join(map(str, RETENTIONS))
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        )
    group = await group_called(ctx, params["logGroupName"])
    save_group(ctx, msgspec.structs.replace(group, retention_days=days))


@operation
async def delete_retention_policy(ctx: Ctx, params: dict[str, Any]) -> None:
    """Keep a group's events for ever."""
    group = await group_called(ctx, params["logGroupName"])
    save_group(ctx, msgspec.structs.replace(group, retention_days=None))


@operation
async def put_log_group_deletion_protection(ctx: Ctx, params: dict[str, Any]) -> None:
    """Whether DeleteLogGroup is refused."""
    group = await group_identified(ctx, params)
    save_group(ctx, msgspec.structs.replace(group, protected=params["deletionProtectionEnabled"]))
