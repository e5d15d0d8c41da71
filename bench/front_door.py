"""What the front door costs: latency added to an estate call, and requests per second.

    python bench/front_door.py [--rounds 2000] [--seconds 5]

The same signed request goes to the upstream directly and through the gateway, in turns, over one keep-alive
connection each, so both see the same machine. The upstream answers at once (bench/upstream.py): what remains
is the way. Throughput is measured with 32 connections from a second process; it reports which process was busy.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from triptych.testing.server import free_port, running_server

KEY = Credentials("test", "test")
VERSIONING = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'


def signed(
    method: str, url: str, body: bytes = b"", *, service: str = "s3", headers: dict[str, str] | None = None
) -> dict[str, str]:
    """The headers of a signed request (good for 15 minutes)."""
    request = AWSRequest(method, url, data=body, headers=headers or {})
    (S3SigV4Auth if service == "s3" else SigV4Auth)(KEY, service, "us-east-1").add_auth(request)
    return {**dict(request.headers.items()), "Content-Length": str(len(body))}


@contextmanager
def trivial_upstream() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("upstream.py")), str(port)])
    try:
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def latencies(ports: dict[str, int], method: str, body: bytes, rounds: int) -> dict[str, list[float]]:
    """Milliseconds per call and path, taken in turns."""
    connections = {name: http.client.HTTPConnection("127.0.0.1", port) for name, port in ports.items()}
    path = "/bench-bucket?versioning="
    taken: dict[str, list[float]] = {name: [] for name in ports}
    headers = {n: signed(method, f"http://127.0.0.1:{p}{path}", body) for n, p in ports.items()}
    for i in range(rounds + rounds // 10):
        for name, connection in connections.items():
            started = time.perf_counter()
            connection.request(method, path, body=body, headers=headers[name])
            reply = connection.getresponse()
            reply.read()
            elapsed = (time.perf_counter() - started) * 1000
            assert reply.status == 200, reply.status
            if i >= rounds // 10:
                taken[name].append(elapsed)
    return taken


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * q))]


async def throughput(
    url: str, method: str, headers: dict[str, str], body: bytes, seconds: float, connections: int = 32
) -> float:
    """Requests per second of ``connections`` clients that each wait for their answer."""
    done = 0
    end = time.perf_counter() + seconds

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.perf_counter() < end:
            async with session.request(method, url, headers=headers, data=body) as reply:
                await reply.read()
                assert reply.status == 200, await reply.text()
            done += 1

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(
        connector=connector, skip_auto_headers=["User-Agent", "Accept", "Content-Type"]
    ) as session:
        started = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(connections)))
        return done / (time.perf_counter() - started)


def settle(url: str) -> None:
    """Wait until the reactions have caught up: one measurement must not pay for another."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/_triptych/metrics") as reply:
            lags = [
                line
                for line in reply.read().decode().splitlines()
                if line.startswith("triptych_reaction_lag{")
            ]
        if all(float(line.rsplit(" ", 1)[1]) < 50 for line in lags):
            return
        time.sleep(0.2)
    raise SystemExit("the reactions do not catch up")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=2000)
    arguments.add_argument("--seconds", type=float, default=5.0)
    chosen = arguments.parse_args()
    results: dict[str, object] = {}
    with trivial_upstream() as upstream, tempfile.TemporaryDirectory() as folder:
        settings = {
            "ESTATE__DEFAULT": f"http://127.0.0.1:{upstream}",
            "INTERVALS__CONFIG_SWEEP_SECONDS": "3600",
        }
        with running_server(Path(folder), settings=settings) as server:
            for label, method, body in (("read", "GET", b""), ("write", "PUT", VERSIONING)):
                settle(server.url)
                taken = latencies({"direct": upstream, "gateway": server.port}, method, body, chosen.rounds)
                row = {
                    f"{name}_{q}": round(quantile(values, p), 3)
                    for name, values in taken.items()
                    for q, p in (("p50_ms", 0.5), ("p99_ms", 0.99))
                }
                row["added_p50_ms"] = round(row["gateway_p50_ms"] - row["direct_p50_ms"], 3)
                row["added_p99_ms"] = round(row["gateway_p99_ms"] - row["direct_p99_ms"], 3)
                row["mean_added_ms"] = round(
                    statistics.fmean(taken["gateway"]) - statistics.fmean(taken["direct"]), 3
                )
                results[f"latency_{label}"] = row
            identity = b"Action=GetCallerIdentity&Version=2011-06-15"
            form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
            own = signed("POST", f"{server.url}/", identity, service="sts", headers=form)
            s3_url = f"{server.url}/bench-bucket?versioning="
            for label, url, method, headers, body in (
                ("own_read", f"{server.url}/", "POST", own, identity),
                ("estate_read", s3_url, "GET", signed("GET", s3_url), b""),
                ("estate_write", s3_url, "PUT", signed("PUT", s3_url, VERSIONING), VERSIONING),
            ):
                settle(server.url)
                before, mine = cpu_seconds(server.pid), resource.getrusage(resource.RUSAGE_SELF)
                started = time.perf_counter()
                rate = asyncio.run(throughput(url, method, headers, body, chosen.seconds))
                wall = time.perf_counter() - started
                after = resource.getrusage(resource.RUSAGE_SELF)
                results[f"throughput_{label}"] = {
                    "requests_per_second": round(rate),
                    "server_cores_busy": round((cpu_seconds(server.pid) - before) / wall, 2),
                    "client_cores_busy": round(
                        (after.ru_utime + after.ru_stime - mine.ru_utime - mine.ru_stime) / wall, 2
                    ),
                }
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
