"""Logs: events in, and lines found, beside peers and limits in the same run.

    python bench/logs.py [--lines 1000000] [--batch 8000] [--moto-batches 3]

In: PutLogEvents over HTTP, signed, one keep-alive connection and eight, events/s and MB/s; the same batches to moto's
server; the same rows into the raw engine by Arrow, in batches of the same size (what ingestion cannot beat here).

Found: FilterLogEvents that finds one line in all of them (a term, a JSON pattern that needs Python for what SQL lets
through, a regular expression) beside the same condition as SQL on the raw engine, and ripgrep (or grep, where there is
no ripgrep) over the same lines in a file. And from PutLogEvents to a live tail: milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pyarrow as pa
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from triptych.lake import ddl
from triptych.lake.engine import open_engine
from triptych.lake.rows import to_arrow
from triptych.services.logs.tables import LOG_EVENTS
from triptych.testing.server import free_port, running_server

KEY = Credentials("test", "test")
GROUP, STREAM = "/bench", "s"
PATHS = ["/", "/index.html", "/api/users", "/api/orders/17", "/static/app.js", "/login"]


def lines(count: int, seed: int = 7) -> list[str]:
    """Access-log lines, every tenth a JSON line; one needle in each format."""
    chance = random.Random(seed)
    made = []
    for i in range(count):
        path, status, took = (
            chance.choice(PATHS),
            chance.choice([200, 200, 200, 304, 404, 500]),
            chance.randrange(2000),
        )
        if i % 10 == 0:
            made.append(json.dumps({"level": "info", "path": path, "status": status, "took": took, "id": i}))
        else:
            ip = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
            made.append(
                f'{ip} - - [20/Nov/2026:12:00:00 +0000] "GET {path} HTTP/1.1" {status} {took} "-" "curl/8.5"'
            )
    made[count // 2 // 10 * 10] = (
        '{"level": "fatal", "path": "/needle", "status": 599, "took": 99999, "id": -1}'
    )
    made[count // 3 // 10 * 10 + 1] = (
        '10.0.0.1 - - [20/Nov/2026:12:00:00 +0000] "GET /haystack HTTP/1.1" 200 7 "-" "needle"'
    )
    return made


def bodies(texts: list[str], batch: int, start: int) -> list[bytes]:
    made = []
    for at in range(0, len(texts), batch):
        events = [
            {"timestamp": start + i // 50, "message": texts[i]}
            for i in range(at, min(at + batch, len(texts)))
        ]
        made.append(
            json.dumps({"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events}).encode()
        )
    return made


def signed(url: str, operation: str, body: bytes) -> dict[str, str]:
    headers = {"X-Amz-Target": f"Logs_20140328.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", url, data=body, headers=headers)
    SigV4Auth(KEY, "logs", "us-east-1").add_auth(request)
    return dict(request.headers.items())


async def put_all(url: str, batches: list[bytes], connections: int) -> float:
    """Seconds until all batches are acknowledged."""
    prepared = [(signed(url, "PutLogEvents", body), body) for body in batches]
    queue = iter(prepared)

    async def one(session: aiohttp.ClientSession) -> None:
        for headers, body in queue:
            async with session.post(url, data=body, headers=headers) as reply:
                answer = await reply.read()
                assert reply.status == 200 and b"rejected" not in answer, answer[:300]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(connections)))
        return time.perf_counter() - started


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def client(url: str) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False, read_timeout=120, retries={"total_max_attempts": 1}),
    )


def prepare(url: str) -> Any:
    logs = client(url)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    return logs


@contextlib.contextmanager
def moto() -> Iterator[tuple[str, int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}moto-api/", timeout=1).read()
                break
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def rate(name: str, events: int, size: int, seconds: float, cpu: float = 0.0) -> None:
    """``cpu``: what the server used, which other work on the machine does not change much."""
    used = f" {events / cpu:>12,.0f} events per CPU-second" if cpu else ""
    print(f"  {name:<46} {events / seconds:>12,.0f} events/s {size / seconds / 1e6:>8.1f} MB/s{used}")


def raw_rows(texts: list[str], start: int) -> pa.Table:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
    rows = [
        {
            "account": "0", "region": "r", "group_id": "g", "stream_id": "s", "log_stream": STREAM,
            "time": begin + timedelta(milliseconds=i // 50), "batch": 1, "number": i, "ingested": begin,
            "bytes": len(text) + 26, "message": text,
        }
        for i, text in enumerate(texts)
    ]  # fmt: skip
    return to_arrow(LOG_EVENTS, rows)


async def raw_engine(
    texts: list[str], batch: int, start: int, directory: Path, searches: dict[str, str]
) -> None:
    """The same rows and conditions without us, in a process of its own."""
    engine = open_engine(directory, "")
    await engine.command(ddl.create_table(LOG_EVENTS, ddl.settings_of(fsync=False)))
    tables = [raw_rows(texts[at : at + batch], start) for at in range(0, len(texts), batch)]
    size = sum(map(len, texts))
    started = time.perf_counter()
    for number, table in enumerate(tables):
        await engine.insert(LOG_EVENTS.name, table, str(number))
    rate("raw engine, Arrow ready, one writer", len(texts), size, time.perf_counter() - started)
    for name, condition in searches.items():
        sql = f"SELECT time, message FROM logs_events WHERE group_id = 'g' AND {condition} ORDER BY time, batch, number LIMIT 10000 SETTINGS use_query_condition_cache = 0"
        report(f"raw SQL: {name}", lambda: None, len(texts), size, await best_async(engine, sql))
    await engine.close()


async def best_async(engine: Any, sql: str) -> tuple[float, int]:
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        answer = await engine.read(sql, {})
        taken.append(time.perf_counter() - started)
    return min(taken), len(answer.rows)


def report(name: str, _: Callable[[], None], events: int, size: int, found: tuple[float, int]) -> None:
    seconds, count = found
    print(
        f"  {name:<46} {seconds * 1000:>9.1f} ms {events / seconds / 1e6:>8.1f} M lines/s {size / seconds / 1e9:>6.2f} GB/s  ({count} found)"
    )


def best(search: Callable[[], int]) -> tuple[float, int]:
    taken, count = [], 0
    for _ in range(3):
        started = time.perf_counter()
        count = search()
        taken.append(time.perf_counter() - started)
    return min(taken), count


def filtered(logs: Any, pattern: str) -> int:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern=pattern)
    return sum(len(page["events"]) for page in pages)


def grep(pattern: str, file: Path) -> int:
    tool = shutil.which("rg") or "grep"
    command = (
        [tool, "-c", pattern, str(file)] if tool.endswith("rg") else [tool, "-c", "-E", pattern, str(file)]
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout or 0)


def tail_latency(logs: Any, rounds: int) -> list[float]:
    """Milliseconds from the call of PutLogEvents to its event on a live tail."""
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}-tail"
    logs.create_log_group(logGroupName=f"{GROUP}-tail")
    logs.create_log_stream(logGroupName=f"{GROUP}-tail", logStreamName=STREAM)
    answer = logs.start_live_tail(logGroupIdentifiers=[arn])
    stream = iter(answer["responseStream"])
    next(stream)
    taken = []
    writer = client(logs.meta.endpoint_url)
    for i in range(rounds):
        started = time.perf_counter()
        event = {"timestamp": int(time.time() * 1000), "message": f"m{i}"}
        writer.put_log_events(logGroupName=f"{GROUP}-tail", logStreamName=STREAM, logEvents=[event])
        for update in stream:
            if any(r["message"] == f"m{i}" for r in update["sessionUpdate"]["sessionResults"]):
                break
        taken.append((time.perf_counter() - started) * 1000)
    answer["responseStream"].close()
    return taken


SEARCHES = {
    "a term": ("haystack", "position(message, 'haystack') > 0", "haystack"),
    "a regular expression": ("%status.: 59[0-9]%", "match(message, 'status.: 59[0-9]')", "status.: 59[0-9]"),
    "a JSON string": ('{ $.level = "fatal" }', "position(message, 'fatal') > 0 AND JSONExtractString(message, 'level') = 'fatal'", '"level": "fatal"'),
    "a JSON number (a tenth of all lines are JSON)": ("{ $.took > 99998 }", "position(message, 'took') > 0 AND JSONExtractFloat(message, 'took') > 99998", '"took": 99999'),
}  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--lines", type=int, default=1_000_000)
    arguments.add_argument("--batch", type=int, default=8_000)
    arguments.add_argument("--moto-batches", type=int, default=3)
    arguments.add_argument("--raw-only", type=Path, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    texts = lines(chosen.lines)
    size = sum(map(len, texts))
    start = int(time.time() * 1000) - 3600 * 1000
    if chosen.raw_only:
        sql = {name: condition for name, (_, condition, _) in SEARCHES.items()}
        asyncio.run(raw_engine(texts, chosen.batch, start, chosen.raw_only, sql))
        return
    batches = bodies(texts, chosen.batch, start)
    print(f"{len(texts):,} lines, {size / 1e6:.0f} MB, batches of {chosen.batch:,}")
    with tempfile.TemporaryDirectory() as directory:
        with running_server(Path(directory) / "server") as server:
            logs = prepare(server.url)
            few = batches[: max(1, len(batches) // 4)]
            rest = batches[len(few) :]
            share = len(few) / len(batches)
            before = cpu_seconds(server.pid)
            seconds = asyncio.run(put_all(f"{server.url}/", few, 1))
            cpu = cpu_seconds(server.pid) - before
            rate("PutLogEvents, one connection", int(len(texts) * share), int(size * share), seconds, cpu)
            if rest:
                before = cpu_seconds(server.pid)
                seconds = asyncio.run(put_all(f"{server.url}/", rest, 8))
                rate(
                    "PutLogEvents, eight connections",
                    int(len(texts) * (1 - share)),
                    int(size * (1 - share)),
                    seconds,
                    cpu_seconds(server.pid) - before,
                )
            for name, (pattern, _, _) in SEARCHES.items():
                report(
                    f"FilterLogEvents: {name}",
                    lambda: None,
                    len(texts),
                    size,
                    best(lambda p=pattern: filtered(logs, p)),
                )
            taken = sorted(tail_latency(logs, 20))
            print(
                f"  PutLogEvents to live tail: median {statistics.median(taken):.0f} ms, slowest {taken[-1]:.0f} ms"
            )
        subprocess.run(
            [
                sys.executable,
                __file__,
                "--lines",
                str(chosen.lines),
                "--batch",
                str(chosen.batch),
                "--raw-only",
                f"{directory}/raw",
            ],
            check=True,
        )
        file = Path(directory) / "lines.txt"
        file.write_text("\n".join(texts) + "\n")
        tool = Path(shutil.which("rg") or "grep").name
        for name, (_, _, expression) in SEARCHES.items():
            report(
                f"{tool}: {name}", lambda: None, len(texts), size, best(lambda e=expression: grep(e, file))
            )
    some = batches[: chosen.moto_batches]
    with moto() as (url, pid):
        prepare(url)
        count = min(len(texts), len(some) * chosen.batch)
        before = cpu_seconds(pid)
        seconds = asyncio.run(put_all(url, some, 1))
        rate(
            "moto, one connection", count, int(size * count / len(texts)), seconds, cpu_seconds(pid) - before
        )


if __name__ == "__main__":
    main()
