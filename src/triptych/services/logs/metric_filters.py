"""PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.query.filter_pattern import Pattern, parse
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import LogGroup, group_called, invalid, position, save_group
from triptych.services.logs.metric_filter import METRIC_FILTERS, MetricFilter, Transformation, filter_key
from triptych.services.logs.moments import millis
from triptych.services.logs.read_events import pattern_of
from triptych.services.logs.subscription import SUBSCRIPTIONS

_DIMENSIONS = 3
"""Dimensions of one metric filter (CloudWatch Logs)."""
_DESCRIBED = 50


@operation
async def put_metric_filter(ctx: Ctx, params: dict[str, Any]) -> None:
    """Create or replace a metric filter: events put from now on become data points.

    Partly: applyOnTransformedLogs, fieldSelectionCriteria and emitSystemFieldDimensions are refused.
    """
    refuse_unbuilt(params, "applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")
    group = await group_called(ctx, params["logGroupName"])
    name, text = params["filterName"], params["filterPattern"]
    pattern = pattern_of(text) or parse("")
    made = MetricFilter(
        name=name,
        group=group.name,
        pattern=text,
        transformation=_transformation(params["metricTransformations"][0], pattern),
        created=millis(ctx.now),
    )
    key = filter_key(group, name)
    if pattern.regexes:
        await check_regexes(ctx, group, key)
    if await ctx.unit.get(METRIC_FILTERS, key, account=ctx.account, region=ctx.region) is None:
        if group.metric_filters >= limits.LOG_METRIC_FILTERS:
            raise ServiceError("LimitExceededException", "Resource limit exceeded.")
        save_group(ctx, msgspec.structs.replace(group, metric_filters=group.metric_filters + 1))
    ctx.unit.put(METRIC_FILTERS, key, made, account=ctx.account, region=ctx.region)


def refuse_unbuilt(params: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if params.get(name):
            raise invalid(f"{name} is not supported.")


async def check_regexes(ctx: Ctx, group: LogGroup, key: str) -> None:
    """Raises LimitExceededException when the group's other filters use up its regular expressions."""
    account, region, lead = ctx.account, ctx.region, f"{group.id}:"
    metric = await ctx.unit.list(METRIC_FILTERS, account=account, region=region, prefix=lead)
    others = await ctx.unit.list(SUBSCRIPTIONS, account=account, region=region, prefix=lead)
    patterns = [d.value.pattern for d in metric if d.key != key]
    patterns += [d.value.pattern for d in others if d.key != key]
    if sum(parse(pattern).regexes > 0 for pattern in patterns) >= limits.LOG_REGEX_FILTERS:
        raise ServiceError(
            "LimitExceededException",
            f"A log group can have at most {limits.LOG_REGEX_FILTERS} filter patterns with a regular expression.",
        )


def _transformation(given: Mapping[str, Any], pattern: Pattern) -> Transformation:
    value, default = given["metricValue"], given.get("defaultValue")
    dimensions = dict(given.get("dimensions") or {})
    if not given["metricName"] or not given["metricNamespace"]:
        raise invalid("Invalid metric transformation: metricName and metricNamespace must not be empty.")
    if value.startswith("$"):
        _check_reference(pattern, value)
    elif not _is_number(value):
        raise invalid(
            f"Invalid metric transformation: metricValue '{value}' is neither a number nor a $ reference."
        )
    if len(dimensions) > _DIMENSIONS:
        raise invalid(
            f"Invalid metric transformation: at most {_DIMENSIONS} dimensions, not {len(dimensions)}."
        )
    if dimensions and default is not None:
        raise invalid(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        )
    for reference in dimensions.values():
        _check_reference(pattern, reference)
    return Transformation(
        name=given["metricName"],
        namespace=given["metricNamespace"],
        value=value,
        default=default,
        dimensions=dimensions,
        unit=given.get("unit") or "",
    )


def _check_reference(pattern: Pattern, reference: str) -> None:
    if not pattern.knows(reference):
        raise invalid(f"Invalid metric transformation: the filter pattern has no field '{reference}'.")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@operation
async def describe_metric_filters(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Metric filters of a group, of a metric, or all of the region, by group and name."""
    name, namespace = params.get("metricName"), params.get("metricNamespace")
    if (name is None) != (namespace is None):
        raise invalid("metricName and metricNamespace must be given together.")
    lead, prefix = "", params.get("filterNamePrefix") or ""
    if params.get("logGroupName"):
        group = await group_called(ctx, params["logGroupName"])
        lead = f"{group.id}:"
    elif prefix:
        raise invalid("filterNamePrefix needs a logGroupName.")
    listing = f"DescribeMetricFilters|{lead}|{prefix}|{name}|{namespace}"
    after = position(listing, params.get("nextToken"))
    found = await ctx.unit.list(
        METRIC_FILTERS, account=ctx.account, region=ctx.region, prefix=f"{lead}{prefix}" if lead else ""
    )
    filters = sorted((d.value for d in found), key=_rank)
    wanted = [
        each
        for each in filters
        if (name is None or (each.transformation.name, each.transformation.namespace) == (name, namespace))
        and (after is None or _rank(each) > (after[0], after[1]))
    ]
    count = params.get("limit") or _DESCRIBED
    answer: dict[str, Any] = {"metricFilters": [_described(each) for each in wanted[:count]]}
    if len(wanted) > count:
        answer["nextToken"] = pages.token(listing, list(_rank(wanted[count - 1])))
    return answer


def _rank(each: MetricFilter) -> tuple[str, str]:
    return (each.group, each.name)


def _described(each: MetricFilter) -> dict[str, Any]:
    made = each.transformation
    transformation: dict[str, Any] = {
        "metricName": made.name,
        "metricNamespace": made.namespace,
        "metricValue": made.value,
    }
    if made.default is not None:
        transformation["defaultValue"] = made.default
    if made.dimensions:
        transformation["dimensions"] = made.dimensions
    if made.unit:
        transformation["unit"] = made.unit
    return {
        "filterName": each.name,
        "filterPattern": each.pattern,
        "metricTransformations": [transformation],
        "creationTime": each.created,
        "logGroupName": each.group,
    }


@operation
async def delete_metric_filter(ctx: Ctx, params: dict[str, Any]) -> None:
    """Delete a metric filter. What has arrived and was not looked at yet is no longer measured by it."""
    group = await group_called(ctx, params["logGroupName"])
    key = filter_key(group, params["filterName"])
    if await ctx.unit.get(METRIC_FILTERS, key, account=ctx.account, region=ctx.region) is None:
        raise ServiceError("ResourceNotFoundException", "The specified metric filter does not exist.")
    ctx.unit.delete(METRIC_FILTERS, key, account=ctx.account, region=ctx.region)
    save_group(ctx, msgspec.structs.replace(group, metric_filters=group.metric_filters - 1))
