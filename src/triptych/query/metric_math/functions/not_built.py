"""Functions that AWS has and Triptych has not: named, and refused where an expression uses them."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Value


def _refuse(_context: Context, _arguments: tuple[Value | str, ...]) -> Value:
    raise ValueError("not implemented")


def _refused(name: str, forms: tuple[str, ...], docs: str, refusal: str, expression: str) -> Function:
    case = Case(expression, f"error: Triptych does not implement {name}", {"m1": "1"})
    return Function(name, forms, docs, _refuse, (case,), refusal)


FUNCTIONS = (
    _refused(
        "DB_PERF_INSIGHTS",
        ("string, string, string",),
        "A counter of RDS Performance Insights.",
        "there is no Performance Insights",
        "DB_PERF_INSIGHTS('RDS', 'db-ABCDEFGHIJKLMNOPQRSTUVWXY1', 'os.cpuUtilization.user.avg')",
    ),
    _refused(
        "INSIGHT_RULE_METRIC",
        ("string, string",),
        "A statistic of a Contributor Insights rule.",
        "there are no Contributor Insights rules",
        "INSIGHT_RULE_METRIC('rule', 'UniqueContributors')",
    ),
    _refused(
        "LAMBDA",
        ("string",),
        "What a Lambda function that queries a data source returns.",
        "there are no custom data sources",
        "LAMBDA('function', 'argument')",
    ),
    _refused(
        "SERVICE_QUOTA",
        ("TS",),
        "The service quota of a usage metric.",
        "there are no service quotas",
        "m1 / SERVICE_QUOTA(m1) * 100",
    ),
)
