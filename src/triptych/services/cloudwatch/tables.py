"""The metrics in the lake: one row a datum, and the list of the metrics there are.

Retention and roll-ups are the table's own (AWS: 60 s for 15 days, 300 s for 63, 3,600 s for 455). When rows grow
old the engine folds those of one bucket into one while it merges: counts and sums add, the value -> weight map of
the bucket is united. Every statistic, percentiles too, is computed from exactly these, so a read answers the same
before and after the fold, and which detail a read may still see is decided by the age alone (``retention``), never
by whether the engine has merged yet.

The engine folds by the machine's clock. A simulated clock may run ahead of it, not weeks behind.
"""

from __future__ import annotations

from triptych.lake.table import Column, Table

_SERIES = ("account", "region", "namespace", "metric_name", "series", "unit")
_HOUR = "toStartOfHour(time)"
_FIVE_MINUTES = "toStartOfFiveMinutes(time)"
_FOLDED = (
    "SET time = min(time), samples = sum(samples), total = sum(total), minimum = min(minimum), "
    "maximum = max(maximum), values = tupleElement(sumMap(values, weights), 1), "
    "weights = tupleElement(sumMap(values, weights), 2)"
)


def _fold(days: int, *keys: str) -> str:
    return f"toDateTime(time) + INTERVAL {days} DAY GROUP BY {', '.join((*_SERIES, *keys))} {_FOLDED}"


POINTS = Table(
    name="cloudwatch_points",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("namespace", "LowCardinality(String)"),
        Column("metric_name", "LowCardinality(String)"),
        Column("series", "Int64"),
        Column("unit", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("samples", "Float64", codec="ZSTD(1)"),
        Column("total", "Float64", codec="ZSTD(1)"),
        Column("minimum", "Float64", codec="ZSTD(1)"),
        Column("maximum", "Float64", codec="ZSTD(1)"),
        Column("values", "Array(Float64)", codec="ZSTD(1)"),
        Column("weights", "Array(Float64)", codec="ZSTD(1)"),
    ),
    order_by=(*_SERIES, _HOUR, _FIVE_MINUTES, "time"),
    partition_by="toMonday(time)",
    ttl=", ".join(
        (_fold(15, _HOUR, _FIVE_MINUTES), _fold(63, _HOUR), "toDateTime(time) + INTERVAL 455 DAY DELETE")
    ),
    few_of_many=True,
)
"""``series`` is ``series.number`` of namespace, name and dimensions. ``time`` is cut to the storage resolution (1 or
60 s). ``values`` and ``weights`` are the raw values and how often each came; a statistic set whose values are not
known leaves them empty, so that ``samples`` of a bucket exceeds the sum of its ``weights``."""

METRICS = Table(
    name="cloudwatch_metrics",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("namespace", "LowCardinality(String)"),
        Column("metric_name", "LowCardinality(String)"),
        Column("series", "Int64"),
        Column("dimension_names", "Array(String)"),
        Column("dimension_values", "Array(String)"),
        Column("seen", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
    ),
    order_by=("account", "region", "namespace", "metric_name", "series"),
    partition_by="toMonday(seen)",
    ttl="toDateTime(seen) + INTERVAL 16 DAY DELETE",
)
"""A row when a series is first written to, and again on each later day it is: ``ListMetrics`` shows two weeks."""
