"""What metrics cost: data points per second into the store, milliseconds out of it.

    python bench/metrics.py [--seconds 4] [--connections 16] [--series 2000] [--points 500000] [--json]
    python bench/metrics.py --series 100000 --points 1000000 5000000 10000000 --seconds 0

Into: the same PutMetricData bodies (one value a datum; 150 values a datum) over HTTP from a second process to
Triptych and to moto's server, and the same rows straight into the engine. Triptych's answers mean durable, moto
keeps a list in memory. Then ``points`` points of ``series`` series are laid down in slices, each timed (does a
point cost more when there are more?), and GetMetricData is timed over HTTP: for one series, and SELECT over many.
Compare within a run only; CPU time, which is told too, depends less on what else the machine does. ``--seconds 0``
leaves out the first part.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pyarrow as pa
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from triptych.kernel.clock import SystemClock
from triptych.lake.engine import open_engine
from triptych.lake.open import ClickhouseLake, open_lake
from triptych.lake.rows import schema
from triptych.services.cloudwatch.put_metric_data import points_of
from triptych.services.cloudwatch.series import Scope, Series, metric_row, number, rows_of
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.testing.server import free_port, running_server

ACCOUNT, REGION = "000000000000", "us-east-1"
NAMESPACE = "Bench"


def bodies() -> dict[str, tuple[dict[str, Any], int]]:
    """What is put: name -> (PutMetricData input, data points in it)."""
    draw = random.Random(1)
    now = time.time()

    def datum(n: int, values: int) -> dict[str, Any]:
        made: dict[str, Any] = {
            "MetricName": "Latency",
            "Dimensions": [{"Name": "Host", "Value": f"i-{n % 200}"}, {"Name": "Zone", "Value": "a"}],
            "Timestamp": round(now - n % 60, 3),
            "Unit": "Milliseconds",
        }
        if values == 1:
            return made | {"Value": round(draw.uniform(0, 500), 3)}
        return made | {"Values": [round(draw.uniform(0, 500), 3) for _ in range(values)]}

    def body(count: int, values: int) -> tuple[dict[str, Any], int]:
        return {
            "Namespace": NAMESPACE,
            "MetricData": [datum(n, values) for n in range(count)],
        }, count * values

    return {"1000x1": body(1000, 1), "20x1": body(20, 1), "300x150": body(300, 150)}


def signed(
    url: str, operation: str, params: dict[str, Any], *, cbor: bool = False
) -> tuple[str, dict[str, str], bytes]:
    """A signed awsJson or CBOR request (path, headers, body), good for 15 minutes."""
    path = "/"
    if cbor:
        path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
        data = cbor2.dumps(_tagged(params))
        headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    else:
        data = json.dumps(params).encode()
        headers = {
            "X-Amz-Target": f"GraniteServiceVersion20100801.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
        }
    request = AWSRequest("POST", url + path, data=data, headers=headers)
    SigV4Auth(Credentials("test", "test"), "monitoring", REGION).add_auth(request)
    return path, {**dict(request.headers.items()), "Content-Length": str(len(data))}, data


def _tagged(params: dict[str, Any]) -> dict[str, Any]:
    """Points in time as SDKs write them in CBOR."""
    data = [each | {"Timestamp": cbor2.CBORTag(1, each["Timestamp"])} for each in params["MetricData"]]
    return params | {"MetricData": data}


def _hammer(
    port: int, path: str, headers: dict[str, str], data: bytes, seconds: float, gate: Any, answers: Any
) -> None:
    """One connection that sends the same request for a while; puts how long each answer took, or what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    gate.wait()
    until = time.time() + seconds
    taken: list[float] = []
    while (started := time.time()) < until:
        connection.request("POST", path, body=data, headers=headers)
        reply = connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            answers.put(f"{reply.status}: {text[:500]!r}")
            return
        taken.append(time.time() - started)
    answers.put(taken)


def cpu_seconds(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and of its main thread: the front door's one core. The engine has its own threads."""
    found = []
    for place in (f"/proc/{pid}/stat", f"/proc/{pid}/task/{pid}/stat"):
        fields = Path(place).read_text().rsplit(")", 1)[1].split()
        found.append((int(fields[11]) + int(fields[12])) / 100)
    return found[0], found[1]


def put_rate(
    url: str,
    pid: int,
    params: dict[str, Any],
    points: int,
    seconds: float,
    *,
    connections: int,
    cbor: bool = False,
) -> dict[str, float]:
    path, headers, data = signed(url, "PutMetricData", params, cbor=cbor)
    port = int(url.rsplit(":", 1)[1])
    context = multiprocessing.get_context("fork")
    answers, gate = context.Queue(), context.Barrier(connections + 1)
    workers = [
        context.Process(target=_hammer, args=(port, path, headers, data, seconds, gate, answers))
        for _ in range(connections)
    ]
    for worker in workers:
        worker.start()
    before = cpu_seconds(pid)
    gate.wait()
    taken: list[float] = []
    for _ in workers:
        answer = answers.get(timeout=seconds + 120)
        if isinstance(answer, str):
            raise SystemExit(answer)
        taken += answer
    for worker in workers:
        worker.join()
    busy = sum(taken) / connections
    used, in_front = (after - began for after, began in zip(cpu_seconds(pid), before, strict=True))
    put = len(taken) * points
    return {
        "points_per_second": round(put / busy),
        "requests_per_second": round(len(taken) / busy, 1),
        "p50_ms": round(statistics.median(taken) * 1000, 2),
        "server_cpu_us_per_point": round(used * 1e6 / put, 2),
        "main_thread_cpu_us_per_point": round(in_front * 1e6 / put, 2),
        "points_per_main_thread_second": round(put / max(in_front, 0.01)),
        "body_kb": round(len(data) / 1024),
    }


@contextmanager
def moto_server() -> Iterator[tuple[str, int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def raw_rate(params: dict[str, Any], points: int, seconds: float) -> dict[str, float]:
    """The same rows into the engine's client: one insert per body, no HTTP, no validation."""
    data = [
        {**each, "Timestamp": datetime.fromtimestamp(each["Timestamp"], UTC)} for each in params["MetricData"]
    ]
    points_put = points_of(NAMESPACE, data, datetime.now(UTC))

    async def run(path: Path) -> float:
        lake = await open_lake(path=path, tables=[POINTS], clock=SystemClock(), flush_seconds=0.001)
        await lake.close()
        engine = open_engine(path, "")
        table = rows_of(points_put, Scope(ACCOUNT, REGION)).table
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            await engine.insert(POINTS.name, table, f"raw-{done}")
            done += 1
        elapsed = time.perf_counter() - started
        await engine.close()
        return done * points / elapsed

    with tempfile.TemporaryDirectory() as folder:
        return {"points_per_second": round(asyncio.run(run(Path(folder) / "lake")))}


async def lay_down(data_dir: Path, series_count: int, points: int, slices: int = 10) -> list[float]:
    """Points of many series over the last hours, series by series mixed as they come; microseconds per point and slice."""
    lake: ClickhouseLake = await open_lake(
        path=data_dir / "lake", tables=[POINTS, METRICS], clock=SystemClock(), flush_seconds=0.001
    )
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    all_series = [Series(NAMESPACE, "Load", (("Host", f"h-{n}"),)) for n in range(series_count)]
    await lake.write(METRICS, [metric_row(ACCOUNT, REGION, each, number(each), now) for each in all_series])
    rounds = max(1, points // series_count)
    numbers = pa.array([number(each) for each in all_series], pa.int64())
    constant = {
        "account": ACCOUNT, "region": REGION, "namespace": NAMESPACE, "metric_name": "Load", "unit": "Percent",
    }  # fmt: skip
    draw = random.Random(2)
    costs: list[float] = []
    spent, laid = 0.0, 0
    for n in range(rounds):
        values = pa.array([draw.uniform(0, 100) for _ in range(series_count)], pa.float64())
        ones = pa.array([1.0] * series_count, pa.float64())
        lists = pa.ListArray.from_arrays(pa.array(range(series_count + 1), pa.int32()), values)
        weights = pa.ListArray.from_arrays(pa.array(range(series_count + 1), pa.int32()), ones)
        time_of = pa.array([now - timedelta(minutes=rounds - n)] * series_count, pa.timestamp("ms", tz="UTC"))
        known = {"series": numbers, "time": time_of, "samples": ones, "values": lists, "weights": weights}
        columns = [
            known.get(c.name) if c.name in known
            else pa.array([constant[c.name]] * series_count, pa.string()) if c.name in constant
            else values
            for c in POINTS.columns
        ]  # fmt: skip
        table = pa.Table.from_arrays([pa.array(c) for c in columns], schema=schema(POINTS))
        started = time.perf_counter()
        await lake._engine.insert(POINTS.name, table, f"bench-{n}")  # noqa: SLF001 - rows made as columns
        spent, laid = spent + time.perf_counter() - started, laid + series_count
        if len(costs) < (n + 1) * slices // rounds:
            costs.append(spent * 1e6 / laid)
            spent, laid = 0.0, 0
    while (await lake._engine.command("SELECT count() FROM system.merges")).rows[0][0]:  # noqa: SLF001, ASYNC110
        await asyncio.sleep(0.5)  # what is timed next is reading
    await lake.close()
    return [round(each, 3) for each in costs]


def questions(host: str) -> dict[str, tuple[dict[str, Any], int]]:
    """What is asked: name -> (query without its Id, hours)."""
    metric = {"Namespace": NAMESPACE, "MetricName": "Load", "Dimensions": [{"Name": "Host", "Value": host}]}

    def stat(name: str, period: int) -> dict[str, Any]:
        return {"MetricStat": {"Metric": metric, "Period": period, "Stat": name}}

    def select(rest: str, function: str = "AVG") -> dict[str, Any]:
        return {"Expression": f"SELECT {function}(Load) FROM SCHEMA({NAMESPACE}, Host) {rest}", "Period": 60}

    return {
        "1 h of Average": (stat("Average", 60), 1),
        "3 h of p99": (stat("p99", 60), 3),
        "1 d of Sum by 5 min": (stat("Sum", 300), 24),
        "1 h of SELECT for one host": (select(f"WHERE Host = '{host}'"), 1),
        "1 h of SELECT over all hosts": (select(""), 1),
        "1 h of SELECT, the top 10": (select("GROUP BY Host ORDER BY MAX() DESC LIMIT 10", "MAX"), 1),
    }


def read_latency(url: str, pid: int, series_count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of GetMetricData about a random host: what is asked -> median, p99, the server's CPU."""
    now = datetime.now(UTC)
    port = int(url.rsplit(":", 1)[1])
    draw = random.Random(3)
    found = {}
    for name in questions(""):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        taken = []
        for n in range(rounds + 5):
            if n == 5:
                before = cpu_seconds(pid)[0]
            query, hours = questions(f"h-{draw.randrange(series_count)}")[name]
            params = {
                "MetricDataQueries": [{"Id": "m"} | query],
                "StartTime": (now - timedelta(hours=hours)).timestamp(),
                "EndTime": now.timestamp(),
            }
            path, headers, data = signed(url, "GetMetricData", params)
            started = time.perf_counter()
            connection.request("POST", path, body=data, headers=headers)
            answer = json.loads(connection.getresponse().read())
            if n >= 5:
                taken.append((time.perf_counter() - started) * 1000)
            assert answer["MetricDataResults"][0]["Values"], answer
        connection.close()
        taken.sort()
        p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
        found[name] = {
            "p50_ms": round(statistics.median(taken), 2),
            "p99_ms": round(p99, 2),
            "fastest_tenth_ms": round(taken[len(taken) // 10], 2),
            "server_cpu_ms": round((cpu_seconds(pid)[0] - before) * 1000 / rounds, 2),
        }
    return found


SETTINGS = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600"}


def into(data_dir: Path, seconds: float, connections: int) -> dict[str, Any]:
    """A server of its own for each case: the engine's merging of one would be part of the next one's cost."""
    results: dict[str, Any] = {}
    for name, (params, points) in bodies().items():
        for cbor in (False, True):
            case = f"put {name}: triptych{', CBOR' if cbor else ''}"
            with running_server(data_dir / f"{name}-{cbor}", settings=SETTINGS) as server:
                results[case] = put_rate(
                    server.url, server.pid, params, points, seconds, connections=connections, cbor=cbor
                )
    with moto_server() as (url, pid):
        for name, (params, points) in bodies().items():
            results[f"put {name}: moto"] = put_rate(
                url, pid, params, points, seconds, connections=connections
            )
    for name, (params, points) in bodies().items():
        results[f"put {name}: engine"] = raw_rate(params, points, seconds)
    return results


def out_of(data_dir: Path, series: int, points: int, rounds: int) -> dict[str, Any]:
    cost = asyncio.run(lay_down(data_dir, series, points))
    results: dict[str, Any] = {f"laying down {points:,} points of {series:,} series, us per point": cost}
    with running_server(data_dir, settings=SETTINGS) as server:
        for name, figures in read_latency(server.url, server.pid, series, rounds).items():
            results[f"GetMetricData, {name}, {points:,} points"] = figures
    return results


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=4.0)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--series", type=int, default=2_000)
    arguments.add_argument("--points", type=int, nargs="+", default=[500_000])
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if chosen.seconds:
            results |= into(Path(folder) / "puts", chosen.seconds, chosen.connections)
        for points in chosen.points:
            results |= out_of(Path(folder) / f"reads-{points}", chosen.series, points, chosen.rounds)
    if chosen.json:
        print(json.dumps(results, indent=2))
        return
    for name, value in results.items():
        print(f"{name:55} {value}")


if __name__ == "__main__":
    main()
