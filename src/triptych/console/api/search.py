"""GET search: anything by a part of its name, the best hits first, each with the page it is shown on."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from sqlglot import exp

from triptych.console.api.metrics_tree import contains, metric_contains
from triptych.console.contract import ConsoleCtx, Endpoint, Input
from triptych.kernel import limits
from triptych.services.cloudtrail import dates
from triptych.services.cloudwatch.alarms.definition import ALARMS, STATES
from triptych.services.cloudwatch.dashboard import DASHBOARDS
from triptych.services.cloudwatch.list_metrics import LISTED
from triptych.services.config.documents import RULES
from triptych.services.logs.group import GROUPS

Kind = Literal["page", "alarm", "logGroup", "dashboard", "rule", "resource", "metric", "event"]

PAGES = (
    ("Overview", "/", "start home"),
    ("Incidents", "/incidents", "timeline causes post-mortem"),
    ("Alarms", "/alarms", "cloudwatch"),
    ("Create alarm", "/alarms/new", "cloudwatch new"),
    ("Metrics", "/metrics", "cloudwatch graph math"),
    ("Dashboards", "/dashboards", "cloudwatch widgets"),
    ("Log groups", "/logs/groups", "cloudwatch logs streams retention"),
    ("Logs Insights", "/logs/insights", "cloudwatch query"),
    ("Live Tail", "/logs/tail", "cloudwatch follow"),
    ("Event history", "/events", "cloudtrail audit"),
    ("Trails", "/trails", "cloudtrail delivery digest"),
    ("Resources", "/resources", "config inventory"),
    ("Rules", "/rules", "config compliance"),
    ("Remediations", "/remediations", "config repair automation"),
    ("Advanced query", "/queries", "config sql select"),
    ("Recorder", "/recorder", "config delivery channel"),
    ("Settings", "/settings", "keys estate retention about"),
)
"""Title, address, and further words to find it by."""

_KINDS: tuple[Kind, ...] = ("page", "alarm", "logGroup", "dashboard", "rule", "resource", "metric", "event")
_EACH = 10
"""Hits of one kind."""
_EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Takes(Input, frozen=True, kw_only=True):
    """:param q: part of a name, any case. :param limit: of hits, of all kinds together."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.SEARCH_CHARACTERS)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.CONSOLE_SEARCH_RESULTS)] = 20


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """:param href: the page within the console, to be put after ``#``."""

    kind: Kind
    title: str
    subtitle: str
    href: str


Finder = Callable[[ConsoleCtx, str], Awaitable[Iterable[Hit]]]


async def _search(ctx: ConsoleCtx, params: dict[str, Any]) -> list[Hit]:
    q = params["q"].strip()
    found = [hit for finder in _FINDERS for hit in ranked(await finder(ctx, q), q)[:_EACH]]
    return ranked(found, q)[: params["limit"]]


def ranked(hits: Iterable[Hit], q: str) -> list[Hit]:
    """The whole name first, then those that begin with the text, then those that contain it; kinds in their order."""
    text = q.lower()

    def rank(hit: Hit) -> tuple[int, int, str]:
        title = hit.title.lower()
        closeness = 0 if title == text else 1 if title.startswith(text) else 2 if text in title else 3
        return (closeness, _KINDS.index(hit.kind), title)

    return sorted(hits, key=rank)


def address(*segments: str, **query: str) -> str:
    """``/alarms/cpu%20high?tab=history``."""
    path = "/" + "/".join(quote(segment, safe="") for segment in segments)
    return f"{path}?{urlencode(query)}" if query else path


async def _pages(_: ConsoleCtx, q: str) -> Iterable[Hit]:
    text = q.lower()
    return [
        Hit(kind="page", title=title, subtitle="Page", href=href)
        for title, href, words in PAGES
        if text in title.lower() or any(word.startswith(text) for word in words.split())
    ]


async def _alarms(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    every = await ctx.unit.list(ALARMS, account=ctx.account, region=ctx.region)
    found = [d.value for d in every if q.lower() in d.key.lower()]
    current = await ctx.unit.list(STATES, account=ctx.account, region=ctx.region) if found else []
    states = {d.key: d.value.value for d in current}
    return [
        Hit(
            kind="alarm",
            title=alarm.name,
            subtitle=states.get(alarm.name, "INSUFFICIENT_DATA"),
            href=address("alarms", alarm.name),
        )
        for alarm in found
    ]


async def _log_groups(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    found = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region)
    return [
        Hit(
            kind="logGroup",
            title=d.key,
            subtitle=f"kept {d.value.retention_days} days" if d.value.retention_days else "kept for ever",
            href=address("logs", "groups", d.key),
        )
        for d in found
        if q.lower() in d.key.lower()
    ]


async def _dashboards(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    found = await ctx.unit.list(DASHBOARDS, account=ctx.account)
    return [
        Hit(kind="dashboard", title=d.key, subtitle="Dashboard", href=address("dashboards", d.key))
        for d in found
        if q.lower() in d.key.lower()
    ]


async def _rules(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    found = await ctx.unit.list(RULES, account=ctx.account, region=ctx.region)
    return [
        Hit(kind="rule", title=d.value.name, subtitle=d.value.identifier, href=address("rules", d.value.name))
        for d in found
        if q.lower() in d.value.name.lower() or q.lower() in d.value.identifier.lower()
    ]


async def _resources(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    key = ("resource_type", "resource_id")
    query = (
        exp.select(*key, _latest("resource_name").as_("name"), _latest("status").as_("state"))
        .from_("config_items")
        .where(exp.or_(*(contains(exp.column(c), "q") for c in ("resource_id", "resource_name", "arn"))))
        .group_by(*key)
        .order_by(*key)
        .limit(limits.CONSOLE_SEARCH_RESULTS)
    )
    rows = await ctx.runtime.lake.select(query, {"q": q}, account=ctx.account, region=ctx.region)
    return [
        Hit(
            kind="resource",
            title=row["name"] or row["resource_id"],
            subtitle=row["resource_type"] + (", deleted" if row["state"] == "ResourceDeleted" else ""),
            href=address("resources", row["resource_type"], row["resource_id"]),
        )
        for row in rows
    ]


def _latest(column: str) -> exp.Func:
    return exp.func("argMax", exp.column(column), exp.column("time"))


async def _metrics(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    key = ("namespace", "metric_name")
    series = exp.Count(this=exp.Distinct(expressions=[exp.column("series")]))
    query = (
        exp.select(*key, series.as_("n"))
        .from_("cloudwatch_metrics")
        .where(exp.column("seen") >= exp.Placeholder(this="seen"), metric_contains("q"))
        .group_by(*key)
        .order_by(*key)
        .limit(limits.CONSOLE_SEARCH_RESULTS)
    )
    values = {"seen": ctx.now - LISTED, "q": q}
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return [
        Hit(
            kind="metric",
            title=row["metric_name"],
            subtitle=f"{row['namespace']}, {row['n']} {'metric' if row['n'] == 1 else 'metrics'}",
            href=address("metrics", namespace=row["namespace"], q=row["metric_name"]),
        )
        for row in rows
    ]


async def _events(ctx: ConsoleCtx, q: str) -> Iterable[Hit]:
    """One event by its id; or the newest changes by their name, user or resource."""
    query = exp.select("event_id", "event_name", "username", "time", "event_source").from_(
        "cloudtrail_events"
    )
    if _EVENT_ID.fullmatch(q.lower()):
        query = query.where(exp.column("event_id").eq(exp.Placeholder(this="q")))
        values: dict[str, Any] = {"q": q.lower()}
    else:
        resources = exp.func("arrayStringConcat", exp.column("resource_names"), exp.Literal.string("\n"))
        texts = (exp.column("event_name"), exp.column("username"), resources)
        query = query.where(
            exp.column("time") >= exp.Placeholder(this="since"),
            exp.not_(exp.column("read_only")),
            exp.or_(*(contains(text, "q") for text in texts)),
        )
        values = {"q": q, "since": ctx.now - LISTED}
    query = query.order_by(exp.column("time").desc()).limit(_EACH)
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    return [
        Hit(
            kind="event",
            title=row["event_name"],
            subtitle=f"{dates.seconds(row['time'])}, {row['username'] or 'nobody known'}, {row['event_source']}",
            href=address("events", row["event_id"]),
        )
        for row in rows
    ]


_FINDERS: tuple[Finder, ...] = (
    _pages,
    _alarms,
    _log_groups,
    _dashboards,
    _rules,
    _resources,
    _metrics,
    _events,
)

ENDPOINT = Endpoint(
    method="GET",
    path="search",
    summary="Pages, alarms, log groups, dashboards, rules, resources, metrics and changes by a part of their name.",
    takes=Takes,
    answers=list[Hit],
    handle=_search,
)
