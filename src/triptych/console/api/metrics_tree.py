"""GET metrics/tree: the metrics of the last two weeks, level by level, counted where they are."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from sqlglot import exp

from triptych.console.contract import ConsoleCtx, Endpoint, Input
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.asking import ask
from triptych.services.cloudwatch.list_metrics import LISTED


class Takes(Input, frozen=True, kw_only=True):
    """:param namespace: without it, the namespaces are answered.
    :param dimensions: names of dimensions, comma-separated and in the order they were answered; empty text is
        the set without any. Without it, the namespace's sets of dimensions are answered, with it their metrics.
    :param q: only metrics with this text in namespace, name or a dimension's value; any case.
    """

    namespace: str = ""
    dimensions: str | None = None
    q: Annotated[str, msgspec.Meta(max_length=limits.SEARCH_CHARACTERS)] = ""


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str
    metrics: int


class DimensionSet(msgspec.Struct, frozen=True, kw_only=True):
    dimensions: list[str]
    metrics: int


class Metric(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    metric_name: str
    dimensions: dict[str, str]


class Tree(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One level; ``total`` counts all of it, also what is beyond the bound of one answer."""

    total: int
    namespaces: list[Namespace] | None = None
    dimension_sets: list[DimensionSet] | None = None
    metrics: list[Metric] | None = None


async def _tree(ctx: ConsoleCtx, params: dict[str, Any]) -> Tree:
    namespace, dimensions = params["namespace"], params["dimensions"]
    if not namespace:
        if dimensions is not None:
            raise ServiceError("ValidationException", "The parameter 'dimensions' needs a 'namespace'.")
        rows = await _counted(ctx, params, "namespace")
        found = [Namespace(namespace=row["namespace"], metrics=row["n"]) for row in rows]
        return Tree(total=sum(each.metrics for each in found), namespaces=found)
    if dimensions is None:
        rows = await _counted(ctx, params, "dimension_names")
        sets = [DimensionSet(dimensions=row["dimension_names"], metrics=row["n"]) for row in rows]
        return Tree(total=sum(each.metrics for each in sets), dimension_sets=sets)
    return await _metrics(ctx, params)


async def _counted(ctx: ConsoleCtx, params: dict[str, Any], column: str) -> list[dict[str, Any]]:
    distinct = exp.Count(this=exp.Distinct(expressions=[exp.column("series")]))
    query, values = _of(params, ctx)
    query = query.select(exp.column(column), distinct.as_("n")).group_by(column).order_by(column)
    return await ask(ctx.runtime.lake, query, values, account=ctx.account, region=ctx.region)


async def _metrics(ctx: ConsoleCtx, params: dict[str, Any]) -> Tree:
    names = [name for name in params["dimensions"].split(",") if name]
    query, values = _of(params, ctx)
    key = ("metric_name", "dimension_values")
    if names:
        query = query.where(exp.column("dimension_names").eq(exp.Placeholder(this="names")))
        values["names"] = names
    else:
        query = query.where(exp.func("empty", exp.column("dimension_names")))
    total = exp.Window(this=exp.Count(this=exp.Star()))
    query = query.select(*key, total.as_("n")).group_by(*key).order_by(*key).limit(limits.METRIC_LIST_PAGE)
    rows = await ask(ctx.runtime.lake, query, values, account=ctx.account, region=ctx.region)
    return Tree(
        total=rows[0]["n"] if rows else 0,
        metrics=[
            Metric(
                metric_name=row["metric_name"],
                dimensions=dict(zip(names, row["dimension_values"], strict=True)),
            )
            for row in rows
        ],
    )


def _of(params: dict[str, Any], ctx: ConsoleCtx) -> tuple[exp.Select, dict[str, Any]]:
    """The metrics asked for, and what the query binds."""
    query = exp.Select().from_("cloudwatch_metrics").where(exp.column("seen") >= exp.Placeholder(this="seen"))
    values: dict[str, Any] = {"seen": ctx.now - LISTED}
    if params["namespace"]:
        query = query.where(exp.column("namespace").eq(exp.Placeholder(this="namespace")))
        values["namespace"] = params["namespace"]
    if params["q"]:
        query, values["q"] = query.where(metric_contains("q")), params["q"]
    return query, values


def metric_contains(name: str) -> exp.Condition:
    """Whether a bound text is part of a metric's namespace, name or one of its dimensions' values, in any case."""
    texts = exp.func("arrayStringConcat", exp.column("dimension_values"), exp.Literal.string("\n"))
    return exp.or_(
        *(contains(text, name) for text in (exp.column("namespace"), exp.column("metric_name"), texts))
    )


def contains(text: exp.Condition, name: str) -> exp.Condition:
    """Whether a bound value is part of a text, in any case."""
    found = exp.func("positionCaseInsensitiveUTF8", text, exp.Placeholder(this=name))
    return exp.GT(this=found, expression=exp.Literal.number(0))


ENDPOINT = Endpoint(
    method="GET",
    path="metrics/tree",
    summary="Namespaces, a namespace's sets of dimensions, or the metrics of one set, each with its count.",
    takes=Takes,
    answers=Tree,
    handle=_tree,
)
