"""Logs: events in, and lines found, beside peers and limits in the same run.

    python bench/logs.py [--lines 1000000] [--batch 8000] [--alarms 2] [--keep /tmp/data] [--index] [--cache 2000000000]

In: PutLogEvents over HTTP, signed, one keep-alive connection and eight; the same batches to moto's server; the same
rows into the raw engine by Arrow (what ingestion cannot beat here).

Found: FilterLogEvents that finds one line in all of them, and Insights queries from StartQuery until their results are
there, each beside the SQL somebody would write for it on the raw engine, and ripgrep (or grep) counting the same lines
in a file: three rounds in which each has its turn, so that what else the machine does hits them alike; the least of
each, wall and CPU. The engine's cache of conditions is off on its side; ours may have it, so a search is asked once with
it cold. With ``--index`` the server has the setting ``log_index``, with ``--cache`` the setting ``lake_cache_bytes``;
the raw engine has neither.

Latency: from PutLogEvents to a live tail, and through a metric filter to an alarm.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import log_lines as lines
from triptych.lake import ddl
from triptych.lake.engine import open_engine
from triptych.services.logs.tables import LOG_EVENTS
from triptych.testing.server import ServerProcess, running_server

TIMED = 800_000
"""Lines of which the way in is measured; more are only loaded."""
_ALL = "SELECT time, message FROM logs_events WHERE account = '0' AND region = 'r' AND group_id = 'g' AND {} ORDER BY time, batch, number LIMIT 10000"
_COUNT = "SELECT count() FROM logs_events WHERE account = '0' AND region = 'r' AND group_id = 'g' AND {}"
FILTERS = {
    "a term": ("haystack", "position(message, 'haystack') > 0", "haystack"),
    "a regular expression": ("%status.: 59[0-9]%", "match(message, 'status.: 59[0-9]')", "status.: 59[0-9]"),
    "a JSON string": ('{ $.level = "fatal" }', "position(message, 'fatal') > 0 AND JSONExtractString(message, 'level') = 'fatal'", '"level": "fatal"'),
    "a JSON number (a tenth are JSON)": ("{ $.took > 99998 }", "position(message, 'took') > 0 AND JSONExtractFloat(message, 'took') > 99998", '"took": 99999'),
}  # fmt: skip
_STATUS = "JSONExtractRaw(message, 'status')"
_FROM = "FROM logs_events WHERE account = '0' AND region = 'r' AND group_id = 'g'"
QUERIES = {
    "count lines with a rare word": ("filter @message like 'haystack' | stats count(*) as n", _COUNT.format("position(message, 'haystack') > 0"), "haystack"),
    "count lines with a frequent word": ("filter @message like ' 404 ' | stats count(*) as n", _COUNT.format("position(message, ' 404 ') > 0"), " 404 "),
    "count by a regular expression": ("filter @message like /HTTP.1.1. 404/ | stats count(*) as n", _COUNT.format("match(message, 'HTTP.1.1. 404')"), "HTTP.1.1. 404"),
    "a frequent word in a tenth of the time": ("filter @message like ' 404 ' | stats count(*) as n", _COUNT.format("position(message, ' 404 ') > 0") + " AND {}", " 404 "),
    "count by a JSON field": ("filter status = 500 | stats count(*) as n", _COUNT.format("JSONExtractFloat(message, 'status') = 500"), '"status": 500'),
    "group by a JSON field": ("stats count(*) as n by status", f"SELECT {_STATUS} AS s, count() {_FROM} GROUP BY s ORDER BY s", ""),
    "percentile over time": ("stats pct(took, 99) as p by bin(10s)", f"SELECT toStartOfInterval(time, INTERVAL 10 SECOND) AS t, quantileExact(0.99)(JSONExtract(message, 'took', 'Nullable(Float64)')) {_FROM} GROUP BY t ORDER BY t", ""),
    "parse and group": (r'parse @message /" (?<status>\d+) / | stats count(*) as n by status', f"SELECT extract(message, '\" (\\\\d+) ') AS s, count() {_FROM} GROUP BY s ORDER BY s", ""),
    "the newest lines": ("fields @timestamp, @message | sort @timestamp desc | limit 20", f"SELECT time, message {_FROM} ORDER BY time DESC, batch DESC, number DESC LIMIT 20", ""),
    "newest of a filter": ("filter @message like ' 500 ' | sort @timestamp desc | limit 20", f"SELECT time, message {_FROM} AND position(message, ' 500 ') > 0 ORDER BY time DESC, batch DESC, number DESC LIMIT 20", ""),
}  # fmt: skip
"""An Insights query, the SQL for it (where it has ``{}``, for a tenth of the time), and what ripgrep would look for."""


def ingestion(server: ServerProcess, chosen: argparse.Namespace, start: int, file: Path) -> None:
    """The first lines timed, the others loaded; all of them also into ``file``."""
    url = f"{server.url}/"
    timed: list[tuple[int, bytes]] = []
    rest = lines.batches(chosen.lines, chosen.batch)
    with file.open("w") as out:
        for first, texts in rest:
            out.write("\n".join(texts) + "\n")
            timed.append((len(texts), lines.body(first, texts, start)))
            if first + len(texts) >= TIMED:
                break
        print("PutLogEvents; behind the rates: events per CPU-second of the server, and of its front door")
        quarter = max(1, len(timed) // 4)
        for name, connections, part in (
            ("one connection", 1, timed[:quarter]),
            ("eight connections", 8, timed[quarter:]),
        ):
            if part:
                before = lines.cpu_seconds(server.pid)
                seconds = asyncio.run(lines.put_all(url, [b for _, b in part], connections))
                after = lines.cpu_seconds(server.pid)
                events, size = sum(n for n, _ in part), sum(len(b) for _, b in part)
                lines.rate(name, events, size, seconds, (after[0] - before[0], after[1] - before[1]))

        def loaded() -> Any:
            for first, texts in rest:
                out.write("\n".join(texts) + "\n")
                yield lines.body(first, texts, start)

        asyncio.run(lines.put_all(url, loaded(), 4))


def filtered(logs: Any, pattern: str) -> tuple[int, float]:
    """How many events, and the seconds."""
    started = time.time()
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=lines.GROUP, filterPattern=pattern)
    return sum(len(page["events"]) for page in pages), time.time() - started


def a_tenth(start: int, count: int) -> tuple[int, int]:
    """The seconds, both inclusive, in which about a tenth of the lines are: behind the middle."""
    first, last = start // 1000, lines.time_of(start, count) // 1000
    return (first + last) // 2, (first + last) // 2 + max(0, (last - first) // 10 - 1)


def queried(logs: Any, text: str, period: tuple[int, int]) -> tuple[int, float]:
    """Rows of the answer, and the seconds of StartQuery, the query by the server's own clock and one GetQueryResults.

    It is asked for as seldom as people do: every question takes CPU from what is measured.
    """
    asked = {"logGroupName": lines.GROUP, "startTime": period[0], "endTime": period[1], "queryString": text}
    started = time.time()
    key = logs.start_query(**asked)["queryId"]
    while True:
        time.sleep(0.5)
        looked = time.time()
        answer = logs.get_query_results(queryId=key)
        last = time.time() - looked
        if answer["status"] not in ("Scheduled", "Running"):
            break
    assert answer["status"] == "Complete", answer
    (query,) = [each for each in logs.describe_queries()["queries"] if each["queryId"] == key]
    ended = (query["createTime"] + query["queryDuration"]) / 1000
    return len(answer["results"]), ended - started + last


async def raw_engine(chosen: argparse.Namespace, start: int) -> None:
    """The same rows and conditions without us, in a process of its own: a line in is the name of what to look for, a
    line out the seconds it took and those of CPU."""
    there = chosen.raw_only.exists()
    engine = open_engine(chosen.raw_only, "")
    await engine.command(
        ddl.create_table(ddl.with_indexes(LOG_EVENTS, optional=False), ddl.settings_of(fsync=False))
    )
    events = spent = size = 0.0
    for first, texts in () if there else lines.batches(chosen.lines, chosen.batch):
        table = lines.raw_rows(first, texts, start)
        started = time.perf_counter()
        await engine.insert(LOG_EVENTS.name, table, str(first))
        if first < TIMED:
            spent += time.perf_counter() - started
            events, size = events + len(texts), size + sum(map(len, texts))
    if not there:
        lines.rate("raw engine, Arrow ready, one writer", int(events), int(size), spent)
    since, until = a_tenth(start, chosen.lines)
    tenth = f"time >= toDateTime64({since}, 3, 'UTC') AND time < toDateTime64({until + 1}, 3, 'UTC')"
    asked = {name: _ALL.format(condition) for name, (_, condition, _) in FILTERS.items()}
    asked |= {name: sql.replace("{}", tenth) for name, (_, sql, _) in QUERIES.items()}
    print("ready", flush=True)
    for name in sys.stdin:
        taken = lines.Stopwatch(time.process_time)
        await engine.read(f"{asked[name.strip()]} SETTINGS use_query_condition_cache = 0", {})
        print(json.dumps(taken.stop()), flush=True)
    await engine.close()


class Raw:
    """The process of ``raw_engine``."""

    def __init__(self, chosen: argparse.Namespace, directory: Path) -> None:
        given = ["--lines", str(chosen.lines), "--batch", str(chosen.batch), "--start", str(chosen.start)]
        command = [sys.executable, __file__, *given, "--raw-only", str(directory / "raw")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while (line := self._said()) != "ready":
            print(line)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def __call__(self, name: str) -> lines.Taken:
        assert self._process.stdin is not None
        print(name, file=self._process.stdin, flush=True)
        return lines.Taken(*json.loads(self._said()))

    def _said(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the raw engine's process has ended"
        return line.strip()


def found(server: ServerProcess, logs: Any, chosen: argparse.Namespace, raw: Raw, file: Path) -> None:
    tool = Path(shutil.which("rg") or "grep").name
    whole = chosen.start // 1000 - 60, chosen.start // 1000 + 7200
    tenth = a_tenth(chosen.start, chosen.lines)

    def beside(name: str, search: Callable[[], tuple[int, float]], expression: str) -> None:
        if not re.search(chosen.only, name):
            return
        rounds = []
        for _ in range(3):
            taken = lines.Stopwatch(lambda: lines.cpu_seconds(server.pid)[0])
            count, seconds = search()
            ours = taken.stop()._replace(wall=seconds)
            others = [lines.grep(expression, file)] if expression else []
            rounds.append([ours, raw(name), *others])
        best, *others = (lines.least(each) for each in zip(*rounds, strict=True))
        lines.report(name, best, count, *zip(("SQL", tool), others, strict=False))

    print(
        "FilterLogEvents; ms and in brackets those of CPU; beside it others, and how many times theirs we took"
    )
    for name, (pattern, _, expression) in FILTERS.items():
        beside(name, lambda p=pattern: filtered(logs, p), expression)
    print("Insights, from StartQuery until the results are there; the first time in the last column")
    for name, (text, sql, expression) in QUERIES.items():
        period = tenth if "{}" in sql else whole
        beside(name, lambda t=text, p=period: queried(logs, t, p), expression)


def tail_latency(logs: Any, rounds: int) -> list[float]:
    """Milliseconds from the call of PutLogEvents to its event on a live tail."""
    group = f"{lines.GROUP}-tail-{time.time_ns()}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=lines.STREAM)
    answer = logs.start_live_tail(logGroupIdentifiers=[f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"])  # fmt: skip
    stream = iter(answer["responseStream"])
    next(stream)
    taken = []
    writer = lines.client(logs.meta.endpoint_url)
    for i in range(rounds):
        started = time.perf_counter()
        event = {"timestamp": int(time.time() * 1000), "message": f"m{i}"}
        writer.put_log_events(logGroupName=group, logStreamName=lines.STREAM, logEvents=[event])
        for update in stream:
            if any(r["message"] == f"m{i}" for r in update["sessionUpdate"]["sessionResults"]):
                break
        taken.append((time.perf_counter() - started) * 1000)
    answer["responseStream"].close()
    return taken


def alarm_latency(logs: Any, rounds: int) -> list[float]:
    """Seconds from PutLogEvents through a metric filter to an alarm of 60 s period that fires."""
    cloudwatch = lines.client(logs.meta.endpoint_url, "cloudwatch")
    taken = []
    for i in range(rounds):
        group = f"{lines.GROUP}-alarm-{time.time_ns()}"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=lines.STREAM)
        made = {"metricName": f"errors-{i}", "metricNamespace": "Bench", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=group, filterName="f", filterPattern="ERROR", metricTransformations=[made]
        )
        cloudwatch.put_metric_alarm(
            AlarmName=f"bench-{i}", Namespace="Bench", MetricName=f"errors-{i}", Statistic="Sum", Period=60,
            EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
        )  # fmt: skip
        started = time.perf_counter()
        event = {"timestamp": int(time.time() * 1000), "message": "ERROR"}
        logs.put_log_events(logGroupName=group, logStreamName=lines.STREAM, logEvents=[event])
        while time.perf_counter() - started < 180:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"bench-{i}"])["MetricAlarms"]
            if alarm["StateValue"] == "ALARM":
                taken.append(time.perf_counter() - started)
                break
            time.sleep(0.05)
    return taken


def beside_moto(chosen: argparse.Namespace, start: int) -> None:
    some = [
        (texts, lines.body(first, texts, start))
        for first, texts in lines.batches(min(chosen.lines, 3 * chosen.batch), chosen.batch)
    ]
    with lines.moto() as (url, pid):
        lines.prepare(url)
        before = lines.cpu_seconds(pid)
        seconds = asyncio.run(lines.put_all(url, [b for _, b in some], 1))
        cpu = lines.cpu_seconds(pid)[0] - before[0]
        events, size = sum(len(t) for t, _ in some), sum(len(b) for _, b in some)
        lines.rate("moto, one connection", events, size, seconds, (cpu, 0.0))


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--lines", type=int, default=1_000_000)
    arguments.add_argument("--batch", type=int, default=8_000)
    arguments.add_argument("--alarms", type=int, default=2)
    arguments.add_argument(
        "--keep", type=Path, help="where the data stays for the next run; a temporary place otherwise"
    )
    arguments.add_argument("--only", default="", help="a regular expression: searches whose names it finds")
    arguments.add_argument("--index", action="store_true", help="with an index of messages")
    arguments.add_argument("--cache", type=int, default=0, help="bytes of unpacked columns the lake keeps")
    arguments.add_argument("--start", type=int, default=int(time.time() * 1000) - 3600_000, help=argparse.SUPPRESS)  # fmt: skip
    arguments.add_argument("--raw-only", type=Path, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.raw_only:
        asyncio.run(raw_engine(chosen, chosen.start))
        return
    print(f"{chosen.lines:,} lines, batches of {chosen.batch:,}")
    with tempfile.TemporaryDirectory() as temporary:
        directory = chosen.keep or Path(temporary)
        directory.mkdir(exist_ok=True)
        file, data, begun = directory / "lines.txt", directory / "server", directory / "start"
        there = begun.exists()
        if there:
            chosen.start = int(begun.read_text())
        settings = {"LOG_INDEX": str(chosen.index).lower()}
        with running_server(data, settings=settings) as server:
            logs = lines.client(server.url) if there else lines.prepare(server.url)
            if not there:
                ingestion(server, chosen, chosen.start, file)
                beside_moto(chosen, chosen.start)
                begun.write_text(str(chosen.start))
            with Raw(chosen, directory) as raw:
                found(server, logs, chosen, raw, file)
            taken = sorted(tail_latency(logs, 20))
            print(f"PutLogEvents to live tail: median {statistics.median(taken):.0f} ms, slowest {taken[-1]:.0f} ms")  # fmt: skip
            seconds = [f"{each:.1f} s" for each in alarm_latency(logs, chosen.alarms)]
            print(f"PutLogEvents to a metric filter's alarm (60 s periods): {', '.join(seconds)}")
        if chosen.cache:
            print(f"The same with {chosen.cache:,} bytes of cache")
            settings["LAKE_CACHE_BYTES"] = str(chosen.cache)
            with running_server(data, settings=settings) as server, Raw(chosen, directory) as raw:
                found(server, lines.client(server.url), chosen, raw, file)


if __name__ == "__main__":
    main()
