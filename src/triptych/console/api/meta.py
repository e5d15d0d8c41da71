"""GET meta: what this server is and has, so that a page offers only what works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from botocore.loaders import Loader

from triptych import __version__
from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.kernel import limits
from triptych.services.contract import Service
from triptych.settings import Settings
from triptych.wire.model import service_model


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a service that is not ours; ``*`` is every other."""

    service: str
    upstream: str


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """:param endpoint: what clients of this server set AWS_ENDPOINT_URL to.
    :param features: service -> the operations that are built.
    """

    version: str
    account: str
    region: str
    regions: list[str]
    endpoint: str
    estate: list[Upstream]
    retention: dict[str, int]
    limits: dict[str, int]
    features: dict[str, list[str]]


RETENTION = {
    "metricSecondsDays": 0,
    "metricMinutesDays": 15,
    "metricFiveMinutesDays": 63,
    "metricHoursDays": 455,
    "alarmHistoryDays": limits.ALARM_HISTORY_DAYS,
    "insightsResultsDays": limits.INSIGHTS_DAYS,
    "automationDays": limits.AUTOMATION_RETENTION_DAYS,
}
"""Days; below a minute metrics are kept for three hours."""

LIMITS = {
    "sessionSeconds": limits.CONSOLE_SESSION_SECONDS,
    "searchResults": limits.CONSOLE_SEARCH_RESULTS,
    "alarms": limits.ALARMS,
    "dashboardWidgets": limits.DASHBOARD_WIDGETS,
    "metricQueries": limits.METRIC_DATA_QUERIES,
    "insightsGroups": limits.INSIGHTS_GROUPS,
    "insightsResults": limits.INSIGHTS_RESULTS_AT_MOST,
    "liveTailEvents": limits.LIVE_TAIL_EVENTS,
    "liveTailSeconds": limits.LIVE_TAIL_SECONDS,
    "configRules": limits.CONFIG_RULES,
}


async def _meta(ctx: ConsoleCtx, _: dict[str, Any]) -> Meta:
    settings = ctx.runtime.settings
    return Meta(
        version=__version__,
        account=ctx.account,
        region=settings.region,
        regions=sorted({*aws_regions(), settings.region}),
        endpoint=await _endpoint(ctx),
        estate=upstreams(settings),
        retention=RETENTION,
        limits=LIMITS,
        features=built(ctx.desk.services),
    )


async def _endpoint(ctx: ConsoleCtx) -> str:
    """The address the caller knows us by; behind a proxy only the browser's origin has it right."""
    request = ctx.exchange.request
    if ctx.exchange.from_console:
        return (await ctx.sessions.find(request, acting=False)).session.origin
    return f"{request.scheme}://{request.host}"


@cache
def aws_regions() -> tuple[str, ...]:
    """The regions of AWS's standard partition, from botocore's data."""
    partitions: Iterable[Mapping[str, Any]] = Loader().load_data("partitions")["partitions"]
    found = (name for part in partitions if part["id"] == "aws" for name in part["regions"])
    return tuple(sorted(name for name in found if name != "aws-global"))


def upstreams(settings: Settings) -> list[Upstream]:
    """The estate without passwords."""
    chosen = {"*": settings.estate.default, **settings.estate.services}
    return [Upstream(service=service, upstream=_public(where)) for service, where in sorted(chosen.items())]


def _public(where: str) -> str:
    parts = urlsplit(where)
    if "@" not in parts.netloc:
        return where
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def built(services: Mapping[str, Service]) -> dict[str, list[str]]:
    """Service -> names of the operations that have a handler."""
    return {
        name: [op for op in service_model(name).operation_names if op.lower() in service.operations]
        for name, service in sorted(services.items())
    }


ENDPOINT = Endpoint(
    method="GET",
    path="meta",
    summary="Version, account, regions, the estate, retention, limits, and the operations that are built.",
    answers=Meta,
    handle=_meta,
)
