"""What ``bench/logs.py`` measures with: lines, signed requests, the raw engine, moto's server, and how a figure is shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import boto3
import pyarrow as pa
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from triptych.lake.rows import from_columns
from triptych.services.logs.tables import LOG_EVENTS
from triptych.testing.server import free_port

KEY = Credentials("test", "test")
GROUP, STREAM = "/bench", "s"
PATHS = ["/", "/index.html", "/api/users", "/api/orders/17", "/static/app.js", "/login"]


def lines(first: int, count: int, total: int) -> list[str]:
    """Access-log lines ``first`` and so on, every tenth a JSON line; in all of them one needle in each format."""
    chance = random.Random(first)
    made = []
    for i in range(first, first + count):
        path, status, took = (
            chance.choice(PATHS),
            chance.choice([200, 200, 200, 304, 404, 500]),
            chance.randrange(2000),
        )
        if i == total // 2 // 10 * 10:
            made.append('{"level": "fatal", "path": "/needle", "status": 599, "took": 99999, "id": -1}')
        elif i == total // 3 // 10 * 10 + 1:
            made.append(
                '10.0.0.1 - - [20/Nov/2026:12:00:00 +0000] "GET /haystack HTTP/1.1" 200 7 "-" "needle"'
            )
        elif i % 10 == 0:
            made.append(json.dumps({"level": "info", "path": path, "status": status, "took": took, "id": i}))
        else:
            ip = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
            made.append(
                f'{ip} - - [20/Nov/2026:12:00:00 +0000] "GET {path} HTTP/1.1" {status} {took} "-" "curl/8.5"'
            )
    return made


def batches(total: int, batch: int) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, its lines), never all at once."""
    for first in range(0, total, batch):
        yield first, lines(first, min(batch, total - first), total)


def time_of(start: int, line: int) -> int:
    """Milliseconds; 50 lines each."""
    return start + line // 50


def body(first: int, texts: list[str], start: int) -> bytes:
    events = [{"timestamp": time_of(start, first + i), "message": text} for i, text in enumerate(texts)]
    return json.dumps({"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events}).encode()


def signed(url: str, operation: str, payload: bytes) -> dict[str, str]:
    headers = {"X-Amz-Target": f"Logs_20140328.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", url, data=payload, headers=headers)
    SigV4Auth(KEY, "logs", "us-east-1").add_auth(request)
    return dict(request.headers.items())


async def put_all(url: str, bodies: Iterable[bytes], connections: int) -> float:
    """Seconds until all are acknowledged; a list is signed before the clock starts."""
    prepared: Iterator[tuple[dict[str, str], bytes]] = ((signed(url, "PutLogEvents", b), b) for b in bodies)
    if isinstance(bodies, list):
        prepared = iter(list(prepared))

    async def one(session: aiohttp.ClientSession) -> None:
        for headers, payload in prepared:
            async with session.post(url, data=payload, headers=headers) as reply:
                answer = await reply.read()
                assert reply.status == 200 and b"rejected" not in answer, answer[:300]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(connections)))
        return time.perf_counter() - started


def _seconds(stat: Path) -> float:
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def cpu_seconds(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and of its main thread: the front door's one core."""
    return _seconds(Path(f"/proc/{pid}/stat")), _seconds(Path(f"/proc/{pid}/task/{pid}/stat"))


def client(url: str, service: str = "logs") -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False, read_timeout=300, retries={"total_max_attempts": 1}),
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


def raw_rows(first: int, texts: list[str], start: int) -> pa.Table:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
    columns = {
        "account": "0", "region": "r", "group_id": "g", "stream_id": "s", "log_stream": STREAM,
        "time": [time_of(start, first + i) for i in range(len(texts))], "batch": first, "number": list(range(len(texts))),
        "ingested": begin, "bytes": [len(text) + 26 for text in texts], "message": texts,
    }  # fmt: skip
    return from_columns(LOG_EVENTS, columns)


class Taken(NamedTuple):
    """Seconds on the wall, and of CPU."""

    wall: float
    cpu: float


class Stopwatch:
    """Runs from when it is made; ``cpu`` says the CPU seconds so far of what is measured."""

    def __init__(self, cpu: Callable[[], float]) -> None:
        self._cpu = cpu
        self._started = time.perf_counter(), cpu()

    def stop(self) -> Taken:
        return Taken(time.perf_counter() - self._started[0], self._cpu() - self._started[1])


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def grep(pattern: str, file: Path) -> Taken:
    tool = shutil.which("rg") or "grep"
    options = ["-c"] if tool.endswith("rg") else ["-c", "-E"]
    taken = Stopwatch(_of_children)
    subprocess.run([tool, *options, pattern, str(file)], capture_output=True, check=False)
    return taken.stop()


def least(rounds: Sequence[Taken]) -> tuple[Taken, float]:
    """The least of each, and the wall seconds of the first round."""
    return Taken(min(each.wall for each in rounds), min(each.cpu for each in rounds)), rounds[0].wall


def rate(name: str, events: int, size: int, seconds: float, cpu: tuple[float, float] = (0.0, 0.0)) -> None:
    """``cpu``: what the server and its front door used, which other work on the machine does not change much."""
    used = "".join(f" {events / each:>10,.0f}" if each else "" for each in cpu)
    print(
        f"  {name:<40} {events / seconds:>10,.0f} events/s {size / seconds / 1e6:>6.1f} MB/s{used}",
        flush=True,
    )


def report(
    name: str, ours: tuple[Taken, float], found: object, *others: tuple[str, tuple[Taken, float]]
) -> None:
    """One search beside others': how many times theirs it took."""
    (wall, cpu), first = ours
    beside = "".join(
        f"  {who} {theirs.wall * 1000:>6.0f} ({theirs.cpu * 1000:>6.0f}) {wall / theirs.wall:>5.2f}x ({cpu / max(theirs.cpu, 0.001):>5.2f}x)"
        for who, (theirs, _) in others
    )
    print(
        f"  {name:<40} {wall * 1000:>6.0f} ({cpu * 1000:>6.0f}){beside}  [{found}] {first * 1000:>6.0f}",
        flush=True,
    )
