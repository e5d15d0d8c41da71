"""The incident timeline over HTTP: how long it takes to answer with 2,000 items, and with far more in the range.

    python bench/timeline.py [--calls 2000]

A server of its own; the calls are real ones (CreateLogGroup), so the items come the way all items come. The yardstick of the
same run is one CloudTrail page (LookupEvents, 50 events).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from triptych.testing.server import running_server

REGION = "us-east-1"


def get(url: str, path: str) -> Any:
    request = AWSRequest(method="GET", url=f"{url}/console/api/{path}")
    SigV4Auth(Credentials("test", "test"), "triptych", REGION).add_auth(request)
    prepared = request.prepare()
    with urllib.request.urlopen(
        urllib.request.Request(prepared.url, headers=dict(prepared.headers)), timeout=60
    ) as reply:
        return json.load(reply)


def cpu_seconds(pid: int) -> float:
    """Of all threads of the server: what a busy neighbour does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(what: Callable[[], Any], rounds: int, pid: int) -> tuple[float, float, Any]:
    """The median and the server's work for one answer, both in milliseconds, and the last result."""
    took, result, before = [], None, cpu_seconds(pid)
    for _ in range(rounds):
        started = time.perf_counter()
        result = what()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), (cpu_seconds(pid) - before) * 1000 / rounds, result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:

        def client(service: str) -> Any:
            config = Config(retries={"total_max_attempts": 1}, max_pool_connections=8)
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            return boto3.client(service, endpoint_url=server.url, region_name=REGION, config=config, **keys)

        logs, trail = client("logs"), client("cloudtrail")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: logs.create_log_group(logGroupName=f"g{i}"), range(given.calls)))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lane = get(server.url, "timeline?lanes=api&maxItems=1")["lanes"][0]
            if lane["total"] >= given.calls:
                break
        page, work, _ = timed(lambda: trail.lookup_events(MaxResults=50), given.rounds, server.pid)
        group = "AWS::Logs::LogGroup/g7"
        cases = {
            f"a range, {given.calls} items one by one": f"timeline?maxItems={given.calls}",
            "the same, 200 items and buckets": "timeline?maxItems=200",
            "a resource, 2,000 items": f"timeline?resource={group}&maxItems=2000",
        }
        print(f"LookupEvents, 50 events: {page:.0f} ms, {work:.0f} ms of CPU")
        for name, path in cases.items():
            took, work, answer = timed(lambda path=path: get(server.url, path), given.rounds, server.pid)
            items = sum(len(lane["items"]) for lane in answer["lanes"])
            size = len(json.dumps(answer)) // 1024
            print(
                f"{name}: {took:.0f} ms, {work:.0f} ms of CPU, {items} items, {size} KB ({took / page:.1f} pages)"
            )


if __name__ == "__main__":
    main()
