"""Log events in the lake."""

from __future__ import annotations

from triptych.lake.table import Column, Index, Projection, Table

LOG_EVENTS = Table(
    name="logs_events",
    columns=(
        Column("account", "LowCardinality(String)"),
        Column("region", "LowCardinality(String)"),
        Column("group_id", "LowCardinality(String)"),
        Column("stream_id", "LowCardinality(String)"),
        Column("log_stream", "LowCardinality(String)"),
        Column("time", "DateTime64(3, 'UTC')", codec="T64, LZ4"),
        Column("batch", "UInt64", codec="Delta, ZSTD(1)"),
        Column("number", "UInt32", codec="Delta, ZSTD(1)"),
        Column("ingested", "DateTime64(3, 'UTC')", codec="Delta, ZSTD(1)"),
        Column("bytes", "UInt32", codec="T64, LZ4"),
        Column("message", "String", codec="LZ4"),
    ),
    order_by=("account", "region", "group_id", "time", "batch", "number"),
    partition_by="toYYYYMM(time)",
    indexes=(
        Index(name="message_grams", expression="message", kind="ngrambf_v1(4, 32768, 1, 0)", optional=True),
        Index(name="batch_range", expression="batch", kind="minmax"),
    ),
    projections=(
        Projection(
            name="sizes",
            by=("account", "region", "group_id", "toStartOfMinute(time)"),
            sums=("count()", "sum(bytes)"),
        ),
    ),
)
"""One row an event. ``group_id`` and ``stream_id`` are the lives of the names (``group.LogGroup.id``): rows of a
deleted group or stream belong to nobody until ``removal`` takes them away. (time, batch, number) is ``place.Place``.
``bytes`` is the event as AWS counts it: its UTF-8 text and 26. Times and sizes are read by every query, which says
what it scanned: T64 is read two to six times as fast as ZSTD; sizes get smaller by it, times larger by a third of a
byte. Messages are what searches read: LZ4 is read almost twice as fast as ZSTD, for two thirds more on the disk.
``message_grams`` says in 32 KB for each 8,192 of them which four characters in a row they have, so a search for a
rare word unpacks almost nothing; but to make it costs as much CPU as all the rest of putting a line, so it is there
for those who want it (``docs/benchmarks.md``). ``batch_range`` is for those who ask for what is new: they come to the
newest batches without reading all the older ones' numbers. ``sizes`` is for ``sizes.py``: how much there is in a time,
from a row a minute.
"""
