"""ListMetrics: the metrics that got data in the past two weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlglot import exp

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.lake.lake import Lake
from triptych.services.cloudwatch.asking import ask
from triptych.services.cloudwatch.series import Series, listed
from triptych.services.contract import Ctx, operation

LISTED = timedelta(days=14)
"""How long a metric without new data is listed (CloudWatch)."""
RECENT = timedelta(hours=3)


@operation
async def list_metrics(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Metrics by namespace, name and dimensions, 500 on a page.

    Partly: RecentlyActive goes by the timestamps of data points, not by when they were put; IncludeLinkedAccounts
    and OwningAccount are refused, there are no linked accounts.
    """
    if params.get("IncludeLinkedAccounts") or params.get("OwningAccount"):
        raise ServiceError(
            "InvalidParameterValue",
            "The parameters IncludeLinkedAccounts and OwningAccount are not supported: "
            "Triptych has no cross-account observability.",
        )
    filters = {key: params.get(key) for key in ("Namespace", "MetricName", "Dimensions", "RecentlyActive")}
    listing = f"ListMetrics {filters}"
    after = None
    if token := params.get("NextToken"):
        try:
            after = pages.position(listing, token)
        except pages.InvalidToken:
            raise ServiceError("InvalidParameterValue", "Request parameter NextToken is invalid") from None
    query, values = _query(ctx, params, after)
    rows = await ask(ctx.runtime.lake, query, values, account=ctx.account, region=ctx.region)
    page = rows[: limits.METRIC_LIST_PAGE]
    answer: dict[str, Any] = {"Metrics": [_metric(row) for row in page]}
    if len(rows) > len(page):
        last = page[-1]
        answer["NextToken"] = pages.token(listing, [last["namespace"], last["metric_name"], last["series"]])
    return answer


async def known_series(
    lake: Lake, *, account: str, region: str, since: Any, namespace: str = "", limit: int
) -> list[Series]:
    """Series that got data since a time, of one namespace or (empty) of all: what SEARCH chooses from."""
    query = _grouped().where(_at_least("seen")).limit(limit)
    values: dict[str, Any] = {"seen": since}
    if namespace:
        query, values["namespace"] = query.where(_equal("namespace")), namespace
    rows = await ask(lake, query, values, account=account, region=region)
    return [Series(row["namespace"], row["metric_name"], _dimensions(row)) for row in rows]


def _grouped() -> exp.Select:
    key = ("namespace", "metric_name", "series")
    return (
        exp.select(*key, _any("dimension_names").as_("names"), _any("dimension_values").as_("vals"))
        .from_("cloudwatch_metrics")
        .group_by(*key)
        .order_by(*key)
    )


def _query(
    ctx: Ctx, params: Mapping[str, Any], after: Sequence[Any] | None
) -> tuple[exp.Select, dict[str, Any]]:
    query = _grouped().where(_at_least("seen")).limit(limits.METRIC_LIST_PAGE + 1)
    values: dict[str, Any] = {"seen": ctx.now - LISTED}
    for column, name in (("namespace", "Namespace"), ("metric_name", "MetricName")):
        if params.get(name):
            query, values[column] = query.where(_equal(column)), params[name]
    for number, dimension in enumerate(params.get("Dimensions") or ()):
        condition, bound = _has_dimension(number, dimension)
        query, values = query.where(condition), values | bound
    if params.get("RecentlyActive"):
        active = exp.select("series").from_("cloudwatch_points").where(_at_least("time", "active"))
        for column in ("namespace", "metric_name"):
            if column in values:
                active = active.where(_equal(column))
        query = query.where(exp.In(this=exp.column("series"), query=exp.Subquery(this=active)))
        values["active"] = ctx.now - RECENT
    if after is not None:
        names = ("after_namespace", "after_name", "after_series")
        columns = exp.Tuple(expressions=[exp.column(c) for c in ("namespace", "metric_name", "series")])
        query = query.where(exp.GT(this=columns, expression=exp.Tuple(expressions=[*map(_value, names)])))
        values |= dict(zip(names, after, strict=True))
    return query, values


def _has_dimension(number: int, dimension: Mapping[str, str]) -> tuple[exp.Condition, dict[str, str]]:
    name, value = f"dimension_{number}", f"dimension_value_{number}"
    place = exp.func("indexOf", exp.column("dimension_names"), _value(name))
    if not dimension.get("Value"):
        return exp.GT(this=place, expression=exp.Literal.number(0)), {name: dimension["Name"]}
    found = exp.func("arrayElement", exp.column("dimension_values"), place)
    return found.eq(_value(value)), {name: dimension["Name"], value: dimension["Value"]}


def _metric(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Namespace": row["namespace"],
        "MetricName": row["metric_name"],
        "Dimensions": listed(_dimensions(row)),
    }


def _dimensions(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(row["names"], row["vals"], strict=True))


def _any(column: str) -> exp.Func:
    return exp.func("any", exp.column(column))


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _equal(column: str) -> exp.Condition:
    return exp.column(column).eq(_value(column))


def _at_least(column: str, name: str = "") -> exp.Condition:
    return exp.GTE(this=exp.column(column), expression=_value(name or column))
