"""The whole way of an event: PutEvents over HTTP, matched against the rules of a bus, delivered to another bus.

    python bench/events_way.py

A server of its own, 300 rules (EventBridge's quota), eight clients with ten events a call. First no rule matches
any event: what accepting costs; then one rule matches each: what accepting and delivering cost. The server's own CPU
is told per event, because clients and server share the machine.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from events import event, mixture
from triptych.testing.server import ServerProcess, running_server

EVENTS, CLIENTS, A_CALL, RULES = 2000, 8, 10, 300
_TICKS = os.sysconf("SC_CLK_TCK")


def client(server: ServerProcess, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 5}, max_pool_connections=CLIENTS)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=server.url, region_name="us-east-1", config=config, **keys)


def cpu_seconds(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def entries(draw: random.Random, count: int) -> list[dict[str, str]]:
    made = [json.loads(event(draw)) for _ in range(count)]
    return [
        {"Source": "my.app", "DetailType": each["detail-type"], "Detail": json.dumps(each["detail"])}
        for each in made
    ]


def accept(server: ServerProcess, given: list[dict[str, str]]) -> None:
    events = client(server, "events")

    def put(start: int) -> None:
        answer = events.put_events(Entries=given[start : start + A_CALL])
        assert answer["FailedEntryCount"] == 0, answer

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(put, range(0, len(given), A_CALL)))


def delivered(server: ServerProcess, count: int) -> None:
    """Wait until as many deliveries are done."""
    wanted = 'triptych_jobs_total{kind="events.deliver",outcome="done"}'
    while True:
        with urllib.request.urlopen(f"{server.url}/_triptych/metrics") as answer:
            lines = answer.read().decode().splitlines()
        if sum(float(line.split()[-1]) for line in lines if line.startswith(wanted)) >= count:
            return
        time.sleep(0.2)


def told(what: str, server: ServerProcess, began: float, cpu: float) -> None:
    seconds, used = time.perf_counter() - began, cpu_seconds(server) - cpu
    print(
        f"{what:>24}{EVENTS / seconds:>10,.0f} events/s{used / EVENTS * 1e6:>10,.0f} us of the server's CPU each"
    )


def main() -> None:
    draw = random.Random(7)
    given = entries(draw, EVENTS)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        events = client(server, "events")
        for number in range(RULES - 1):
            pattern = mixture(number, draw) | {"source": [f"other.{number % 10}"]}
            events.put_rule(Name=f"rule-{number}", EventPattern=json.dumps(pattern))
            target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:000000000000:queue-{number}"}
            events.put_targets(Rule=f"rule-{number}", Targets=[target])
        accept(server, given[:100])
        began, cpu = time.perf_counter(), cpu_seconds(server)
        accept(server, given)
        told("accepted, none matches", server, began, cpu)

        bus = events.create_event_bus(Name="next")["EventBusArn"]
        events.put_rule(Name="all", EventPattern='{"source": ["my.app"]}')
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": bus}])
        began, cpu = time.perf_counter(), cpu_seconds(server)
        accept(server, given)
        told("accepted, one matches", server, began, cpu)
        delivered(server, EVENTS)
        told("accepted and delivered", server, began, cpu)


if __name__ == "__main__":
    main()
