"""A real server process on a free port with its own data directory: for tests, benchmarks and the demo."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from triptych.kernel.ids import Ids

START_SECONDS = 120.0
STOP_SECONDS = 60.0
DEFAULTS = {"ESTATE__TIMEOUT_SECONDS": "120", "ESTATE__PRELOAD": "s3,iam,sts"}
"""Settings unless others are given: moto says nothing while it hashes a gibibyte, or gets no processor; and most
servers end before anybody asked for EC2."""
_PORTS = (15_000, 32_000)
"""Below Linux's own choice (``ip_local_port_range``: from 32768)."""


class ServerFailed(RuntimeError):  # noqa: N818
    """The server ended or stayed silent; the message carries the end of its log."""


class ServerProcess:
    """``triptych up`` as a child process.

    :param data_dir: kept by the caller; give the same one again to restart on the same state.
    :param settings: TRIPTYCH_* values without the prefix, e.g. ``{"INTERVALS__CONFIG_SWEEP_SECONDS": "3600"}``.
    """

    def __init__(self, data_dir: Path, *, port: int = 0, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = data_dir / "server.log"
        self._settings = {**DEFAULTS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running.pid

    def start(self) -> None:
        """Start and wait until it is ready; raises ServerFailed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TRIPTYCH_", "AWS_"))}
        environment |= {f"TRIPTYCH_{name}": value for name, value in self._settings.items()}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "triptych",
                    "up",
                    "--port",
                    str(self.port),
                    "--data-dir",
                    str(self.data_dir),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=self.data_dir,
            )
        self._wait_until_ready()

    def stop(self) -> int:
        """SIGTERM and wait; returns the exit status."""
        process = self._running
        process.terminate()
        try:
            return process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServerFailed(f"did not stop on SIGTERM:\n{self.log_tail()}") from None

    def kill(self) -> None:
        """``kill -9``: nothing gets a chance to tidy up."""
        self._running.kill()
        self._running.wait()

    def log_tail(self, lines: int = 40) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerFailed("not started")
        return self._process

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._running.poll() is not None:
                raise ServerFailed(f"ended with status {self._running.returncode}:\n{self.log_tail()}")
            try:
                with urllib.request.urlopen(f"{self.url}/_triptych/ready", timeout=2):  # noqa: S310 - our own URL
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise ServerFailed(f"not ready after {START_SECONDS} s:\n{self.log_tail()}")


def free_port() -> int:
    """A port nobody has at this moment, and that nobody is given while a server starts, or starts again.

    Port 0 would give one of those the system gives to every outgoing connection, seconds before it is bound.
    """
    ids = Ids()
    for _ in range(100):
        port = int(ids.uniform(*_PORTS))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerFailed(f"no port between {_PORTS[0]} and {_PORTS[1]} is free")


@contextlib.contextmanager
def running_server(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[ServerProcess]:
    """A ready server; stopped at the end."""
    server = ServerProcess(data_dir, settings=settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
