"""Whether alarms are on time: a server, many alarms of ten seconds, data coming in, minutes on the clock on the wall.

    python bench/alarms.py [--alarms 1000] [--seconds 120] [--json]

Every alarm watches a metric of its own, which gets a datum every ten seconds over HTTP; some cross their threshold and
come back. Reported: the lag from the moment an evaluation is due to its transitions being ready to commit (the server's
own ``Triptych/Alarms`` metrics, read over HTTP), the server's CPU against the same server without alarms and data in
the same run, and that each alarm that was made to go off did so once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from botocore.config import Config

from triptych.testing.server import ServerProcess, running_server

SETTINGS = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600", "LOG_LEVEL": "warning"}


def cpu_seconds(server: ServerProcess) -> float:
    """User and system time of the server process."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def put_alarms(client, count: int) -> float:
    """Alarms per second."""
    started = time.perf_counter()
    for number in range(count):
        client.put_metric_alarm(
            AlarmName=f"alarm-{number:05d}",
            Namespace="Bench",
            MetricName="load",
            Dimensions=[{"Name": "Host", "Value": str(number)}],
            Statistic="Average",
            Period=10,
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            Threshold=80.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    return count / (time.perf_counter() - started)


def put_data(client, count: int, round_number: int) -> None:
    """One datum for each metric; every fiftieth alarm goes off in the rounds from 3 on."""
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": "load",
            "Dimensions": [{"Name": "Host", "Value": str(number)}],
            "Value": 95.0 if number % 50 == 0 and round_number >= 3 else 20.0,
            "Timestamp": now,
            "StorageResolution": 1,
        }
        for number in range(count)
    ]
    for begin in range(0, count, 1000):
        client.put_metric_data(Namespace="Bench", MetricData=data[begin : begin + 1000])


def lags(client, since: datetime) -> list[float]:
    reply = client.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "lag",
                "MetricStat": {
                    "Metric": {"Namespace": "Triptych/Alarms", "MetricName": "EvaluationLag"},
                    "Period": 10,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(seconds=10),
    )
    return sorted(reply["MetricDataResults"][0]["Values"])


def measure(count: int, seconds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home, running_server(Path(home), settings=SETTINGS) as server:
        client = boto3.client(
            "cloudwatch",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        idle, began = cpu_seconds(server), time.monotonic()
        time.sleep(20)
        idle = (cpu_seconds(server) - idle) / (time.monotonic() - began)
        rate = put_alarms(client, count)
        since, busy, began = datetime.now(UTC), cpu_seconds(server), time.monotonic()
        for round_number in range(seconds // 10):
            put_data(client, count, round_number)
            time.sleep(max(0.0, began + (round_number + 1) * 10 - time.monotonic()))
        busy = (cpu_seconds(server) - busy) / (time.monotonic() - began)
        seen = lags(client, since)
        off = client.get_paginator("describe_alarms").paginate(StateValue="ALARM")
        alarming = sum(len(page["MetricAlarms"]) for page in off)
        assert alarming == len(range(0, count, 50)), f"{alarming} alarms went off"
    return {
        "alarms": count,
        "put_per_second": round(rate, 1),
        "ticks": len(seen),
        "lag_p50_seconds": round(statistics.median(seen), 3),
        "lag_p99_seconds": round(seen[min(len(seen) - 1, int(len(seen) * 0.99))], 3),
        "lag_max_seconds": round(seen[-1], 3),
        "cpu_cores_idle": round(idle, 3),
        "cpu_cores_with_alarms_and_data": round(busy, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alarms", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    result = measure(chosen.alarms, chosen.seconds)
    if chosen.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
