"""Config's tables in the lake: every item ever recorded, every change of compliance."""

from __future__ import annotations

from triptych.lake.table import Column, Table

__all__ = ["CONFIG_EVALUATIONS", "CONFIG_ITEMS"]

_CAUSE = (
    Column("fact_id", "String"),
    Column("cause_parent", "String"),
    Column("cause_origin", "String"),
)
"""The fact a row was made of, and why it happened: what joins the rows of all services into one story."""

CONFIG_ITEMS = Table(
    name="config_items",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("resource_type", "LowCardinality(String)"),
        Column("resource_id", "String"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("state_id", "UInt64"),
        Column("status", "LowCardinality(String)"),
        Column("resource_name", "String"),
        Column("arn", "String"),
        Column("tags", "Map(String, String)"),
        Column("item", "String", codec="ZSTD(3)"),
        Column("diff", "String", codec="ZSTD(3)"),
        *_CAUSE,
        Column("seq", "UInt64", codec="Delta, ZSTD(1)"),
    ),
    order_by=("account", "region", "resource_type", "resource_id", "time"),
    partition_by="toYYYYMM(time)",
)
"""``item`` is form B as JSON, ``diff`` the configurationItemDiff; ``time`` is the capture time; ``seq`` is the fact's
place in the outbox, in whose order rows appear (0 in rows older than this column)."""

CONFIG_EVALUATIONS = Table(
    name="config_evaluations",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("rule_name", "LowCardinality(String)"),
        Column("resource_type", "LowCardinality(String)"),
        Column("resource_id", "String"),
        Column("time", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("compliance", "LowCardinality(String)"),
        Column("previous", "LowCardinality(String)"),
        Column("annotation", "String"),
        Column("ordering_time", "DateTime64(3, 'UTC')"),
        *_CAUSE,
    ),
    order_by=("account", "region", "resource_type", "resource_id", "rule_name", "time"),
    partition_by="toYYYYMM(time)",
)
"""One row per change of a verdict; ``time`` is ResultRecordedTime, ``previous`` empty for a first verdict."""
