"""MetricDataQueries: what they may say, in AWS's words, and the order they are computed in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query import metrics_insights
from triptych.query import statistic as statistics
from triptych.query.expression_error import ExpressionError
from triptych.query.metric_math import Expression, MathError, parse, references
from triptych.query.metrics_insights import Select, SelectError
from triptych.services.cloudwatch.metric_stat import MetricStat
from triptych.services.cloudwatch.series import dimensions_of

SHORT_PERIODS = (1, 5, 10, 20, 30)
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
_WHOLE = "MetricDataQueries"


@dataclass(frozen=True, slots=True)
class Query:
    """One checked query: exactly one of ``metric``, ``expression`` and ``select``.

    :param label: empty: the default. :param period: of an expression; None: not given, as a SELECT's never is.
    """

    id: str
    metric: MetricStat | None
    expression: Expression | None
    select: Select | None
    period: int | None
    label: str
    returned: bool


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def expression_error(query: str, error: ExpressionError) -> ServiceError:
    return invalid(f"Error in expression '{query}': {error.message} [{error.position}]")


def valid_period(period: int) -> bool:
    return period in SHORT_PERIODS or (period >= 60 and period % 60 == 0)


def parsed(queries: Sequence[Mapping[str, Any]], *, account: str) -> list[Query]:
    """The queries, in their order. Raises ValidationError.

    Names that expressions use are known afterwards, and no expression needs itself.
    """
    if not queries:
        raise invalid(f"The parameter {_WHOLE} is required.")
    if len(queries) > limits.METRIC_DATA_QUERIES:
        raise invalid(
            f"The collection {_WHOLE} must not have a size greater than {limits.METRIC_DATA_QUERIES}."
        )
    found = [_query(f"{_WHOLE}.member.{n}", each, account) for n, each in enumerate(queries, 1)]
    if len({each.id for each in found}) < len(found):
        raise invalid(f"The values for parameter id in {_WHOLE} are not unique.")
    if not any(each.returned for each in found):
        raise invalid(f"At least one of the {_WHOLE} must have ReturnData set to true.")
    if len(selects := [each.id for each in found if each.select is not None]) > 1:
        raise invalid(
            f"{_WHOLE} may have one Metrics Insights query, and {', '.join(selects)} are {len(selects)}."
        )
    computing_order(found)
    return found


def _query(where: str, query: Mapping[str, Any], account: str) -> Query:
    name: str = query["Id"]
    if not _ID.match(name):
        raise invalid(
            f"The value {name} for parameter {where}.Id is invalid. It must begin with a lowercase letter and can "
            "only contain letters, numbers and underscores."
        )
    stat, text = query.get("MetricStat"), query.get("Expression")
    if stat is not None and text is not None:
        raise invalid(
            f"The parameters {where}.Expression and {where}.MetricStat are mutually exclusive and you have "
            "specified both."
        )
    if stat is None and text is None:
        raise invalid(f"Either {where}.Expression or {where}.MetricStat must be specified.")
    if query.get("AccountId") not in (None, account):
        raise invalid(f"The parameter {where}.AccountId must be {account}: there are no linked accounts.")
    period = query.get("Period")
    if period is not None and not valid_period(period):
        raise invalid(_bad_period(f"{where}.Period"))
    select = None if text is None else parsed_select(name, text)
    if select is not None and period is None:
        raise invalid(
            f"Error in expression '{name}': Period must not be null, a Metrics Insights query has none."
        )
    return Query(
        name,
        None if stat is None else _metric_stat(f"{where}.MetricStat", stat),
        None if text is None or select is not None else _expression(name, text),
        select,
        period,
        query.get("Label") or "",
        query.get("ReturnData") is not False,
    )


def _bad_period(where: str) -> str:
    return f"The parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60."


def _metric_stat(where: str, stat: Mapping[str, Any]) -> MetricStat:
    metric = stat["Metric"]
    for name in ("Namespace", "MetricName"):
        if not metric.get(name):
            raise invalid(f"The parameter {where}.Metric.{name} is required.")
    if not valid_period(stat["Period"]):
        raise invalid(_bad_period(f"{where}.Period"))
    try:
        statistics.parse(stat["Stat"])
    except statistics.StatisticError:
        raise invalid(
            f"The value {stat['Stat']} for parameter {where}.Stat is not a valid statistic."
        ) from None
    return MetricStat(
        metric["Namespace"],
        metric["MetricName"],
        dimensions_of(metric.get("Dimensions")),
        stat["Period"],
        stat["Stat"],
        stat.get("Unit") or "",
    )


def parsed_select(name: str, text: str) -> Select | None:
    """The Metrics Insights query of this Id, None if the text is metric math. Raises ValidationError."""
    if not metrics_insights.is_select(text):
        return None
    try:
        return metrics_insights.parse(text)
    except SelectError as error:
        raise expression_error(name, error) from None


def _expression(name: str, text: str) -> Expression:
    try:
        return parse(text)
    except MathError as error:
        raise expression_error(name, error) from None


def computing_order(queries: Sequence[Query]) -> list[Query]:
    """The expressions so that each comes after those it uses. Raises ValidationError for unknown ids and circles."""
    expressions = {each.id: each for each in queries if each.expression is not None}
    known = {each.id for each in queries}
    needs: dict[str, set[str]] = {}
    for each in expressions.values():
        assert each.expression is not None
        used = references(each.expression)
        if unknown := sorted(used - known):
            raise invalid(f"Error in expression '{each.id}': The following ids were not found: {unknown}")
        needs[each.id] = used & expressions.keys()
    order: list[Query] = []
    while needs:
        ready = [name for name, used in needs.items() if not used & needs.keys()]
        if not ready:
            raise invalid(f"The expressions {', '.join(sorted(needs))} use each other in a circle.")
        for name in ready:
            order.append(expressions[name])
            del needs[name]
    return order


def needed(queries: Sequence[Query], name: str) -> list[Query]:
    """The query with this id and those it is computed from, to be computed over another time.

    Raises ValidationError where an anomaly detection model is among them: its past would need a past of its own.
    """
    by_id = {each.id: each for each in queries}
    found: dict[str, Query] = {}
    waiting = [name]
    while waiting:
        query = by_id[waiting.pop()]
        if query.id in found:
            continue
        found[query.id] = query
        if query.expression is None:
            continue
        if query.expression.bands:
            raise invalid(
                f"Error in expression '{query.id}': it is made of an ANOMALY_DETECTION_BAND, and there is no model of "
                "such an expression."
            )
        waiting += sorted(references(query.expression))
        if "METRICS(" in query.expression.text:
            waiting += [each.id for each in queries if each.metric is not None]
    return [each for each in queries if each.id in found]
