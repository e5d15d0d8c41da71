"""What PutMetricData acknowledged is there after ``kill -9``; what it did not, may be."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from triptych.testing.server import ServerProcess


def cloudwatch(server: ServerProcess):
    return boto3.client(
        "cloudwatch", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def test_acknowledged_points_survive_a_kill(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, settings={"INTERVALS__CONFIG_SWEEP_SECONDS": "3600"})
    server.start()
    start = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    acknowledged: list[tuple[str, int]] = []
    enough = threading.Event()

    def put(name: str, client) -> None:
        for n in range(10_000):
            data = [{"MetricName": name, "Timestamp": start, "Values": [float(2**k) for k in range(20)]}]
            try:
                client.put_metric_data(Namespace="App", MetricData=data)
            except (BotoCoreError, ClientError):
                return
            acknowledged.append((name, n))
            # Each of them was answered: a metric whose first call was cut off may be there or not.
            if len(acknowledged) >= 60 and len({each for each, _ in list(acknowledged)}) == 4:
                enough.set()

    # Clients are made here: boto3's default session is not for several threads.
    threads = [threading.Thread(target=put, args=(f"m{n}", cloudwatch(server))) for n in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    server.kill()
    for thread in threads:
        thread.join()
    server.start()
    try:
        client = cloudwatch(server)
        names = {metric["MetricName"] for metric in client.list_metrics(Namespace="App")["Metrics"]}
        assert names == {name for name, _ in acknowledged}
        for name in sorted(names):
            (point,) = client.get_metric_statistics(
                Namespace="App", MetricName=name, Period=60, StartTime=start, EndTime=start + dt.timedelta(minutes=1),
                Statistics=["SampleCount", "Sum"],
            )["Datapoints"]  # fmt: skip
            calls = point["SampleCount"] / 20
            answered = sum(each == name for each, _ in acknowledged)
            assert answered <= calls <= answered + 1  # one may have been stored and not answered
            assert point["Sum"] == calls * (2**20 - 1)  # never a part of a call
    finally:
        server.stop()
