"""GetMetricData: statistics and metric math of up to 500 queries, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch import labels
from triptych.services.cloudwatch.metric_queries import invalid
from triptych.services.cloudwatch.points import EPOCH, QueryResult, evaluate_queries, rounded_start
from triptych.services.contract import Ctx, operation


@operation
async def get_metric_data(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Compute metric queries between two times.

    Partly: other accounts are refused, as are the tags of resources in Metrics Insights queries. Pages are cut in the
    order of the queries, not in time.
    """
    queries, start, end = params["MetricDataQueries"], params["StartTime"], params["EndTime"]
    if start == end:
        raise invalid("The parameter StartTime must not equal parameter EndTime.")
    if start > end:
        raise invalid("The parameter EndTime must be greater than StartTime.")
    most = _page_size(params.get("MaxDatapoints"))
    zone = _zone((params.get("LabelOptions") or {}).get("Timezone"))
    listing = _listing(queries, start, end, params.get("ScanBy"))
    skipped = 0
    if token := params.get("NextToken"):
        try:
            skipped = pages.position(listing, token)
        except pages.InvalidToken:
            raise ServiceError("InvalidNextToken", "The NextToken is not valid for this request.") from None
    shortest = min((q["MetricStat"]["Period"] for q in queries if q.get("MetricStat")), default=60)
    results = await evaluate_queries(
        ctx.runtime,
        account=ctx.account,
        region=ctx.region,
        queries=queries,
        start=rounded_start(start, ctx.now, shortest),
        end=end,
    )
    properties = {"AccountId": ctx.account, "Region": ctx.region}
    named = [
        (each, labels.filled(each.label, each.series, properties=properties, zone=zone, now=ctx.now))
        for each in results
    ]
    ascending = params.get("ScanBy") == "TimestampAscending"
    answer: dict[str, Any] = {
        "MetricDataResults": page(named, skipped, most, ascending=ascending),
        "Messages": [],
    }
    if sum(len(each.series.timestamps) for each in results) > skipped + most:
        answer["NextToken"] = pages.token(listing, skipped + most)
    return answer


def _page_size(asked: int | None) -> int:
    if asked is None:
        return limits.METRIC_DATA_POINTS
    if not 1 <= asked <= limits.METRIC_DATA_POINTS:
        raise invalid(f"The parameter MaxDatapoints must be between 1 and {limits.METRIC_DATA_POINTS}.")
    return asked


def _zone(text: str | None) -> timezone:
    if not text:
        return UTC
    found = labels.zone(text)
    if found is None:
        raise invalid(f"The value {text} for parameter LabelOptions.Timezone is invalid, +0130 would not be.")
    return found


def _listing(
    queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime, scan_by: str | None
) -> str:
    request = f"{queries} {start.timestamp()} {end.timestamp()} {scan_by}"
    return f"GetMetricData {blake2b(request.encode(), digest_size=16).hexdigest()}"


def page(
    results: Sequence[tuple[QueryResult, str]], skipped: int, most: int, *, ascending: bool
) -> list[dict[str, Any]]:
    """``most`` points of all series laid end to end, after the first ``skipped``. Pure.

    A series of which there is more on the next page is PartialData; one without points is on the first page.
    """
    shown = []
    begin, end = skipped, skipped + most
    for result, label in results:
        points = list(zip(result.series.timestamps, result.series.values, strict=True))
        if not ascending:
            points.reverse()
        taken = points[max(begin, 0) : max(end, 0)]
        if taken or (not points and not skipped):
            complete = not points or end >= len(points)
            shown.append(_shown(result, label, taken, complete=complete))
        begin, end = begin - len(points), end - len(points)
    return shown


def _shown(
    result: QueryResult, label: str, points: Sequence[tuple[int, float]], *, complete: bool
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": result.id,
        "Label": label,
        "Timestamps": [EPOCH + timedelta(seconds=second) for second, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if complete else "PartialData",
    }
    if result.messages:
        answer["Messages"] = [{"Code": each.code, "Value": each.value} for each in result.messages]
    return answer
