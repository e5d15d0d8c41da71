"""The sandbox estate: moto's server as a supervised child process on loopback."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Mapping, Sequence

import structlog

from triptych.kernel import limits
from triptych.kernel.clock import Clock

__all__ = ["Sandbox", "SandboxFailed"]

log = structlog.get_logger()

_COMMAND = (sys.executable, "-m", "triptych.estate.sandbox_main")
_BACKOFF_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_STEADY_SECONDS = 30.0
"""After running this long a death counts as the first again."""


class SandboxFailed(Exception):  # noqa: N818 - an outcome, told to the operator
    """The child did not come up; the message holds the last lines it wrote."""


class Sandbox:
    """One child process: started, watched, restarted with growing pauses, stopped.

    Its state is in its memory: a restart begins with an empty estate, which the log says. ``base_url`` is None
    while it is down; callers answer 503 then, they do not wait.

    :param preload: services to load at the start, one after the other; the others are loaded on demand.
    :ivar restarts: how often it came up again after dying.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        preload: Sequence[str] = (),
        command: Sequence[str] = _COMMAND,
        start_seconds: float = limits.SANDBOX_START_SECONDS,
    ) -> None:
        self._clock = clock
        self._command = (*command, *preload)
        self._start_seconds = start_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._last_lines: deque[str] = deque(maxlen=20)
        self._readers: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self.base_url: str | None = None
        self.restarts = 0

    @property
    def running(self) -> bool:
        return self.base_url is not None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> None:
        """Start the child and wait until it listens; raises SandboxFailed."""
        try:
            await self._spawn()
        except BaseException:
            await self._end()
            raise
        self._watch = asyncio.create_task(self._supervise(), name="sandbox")

    async def stop(self) -> None:
        """End the child; it has nothing to save. Harmless when it is not running."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        await self._end()

    async def _spawn(self) -> None:
        started = self._clock.monotonic()
        self._last_lines.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,  # never written to: its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=limits.SANDBOX_LINE_BYTES,
            env=child_environment(os.environ),
            start_new_session=True,  # a Ctrl-C at the terminal is the parent's to handle
        )
        assert process.stdout is not None and process.stderr is not None
        errors = asyncio.create_task(self._log_lines(process.stderr, "stderr"))
        self._readers = [errors]
        try:
            async with asyncio.timeout(self._start_seconds):
                port = await self._port(process.stdout)
        except TimeoutError:
            raise SandboxFailed(self._report(f"did not listen within {self._start_seconds:g} s")) from None
        if port is None:
            await errors
            raise SandboxFailed(self._report(f"ended with code {await process.wait()}"))
        self._readers.append(asyncio.create_task(self._log_lines(process.stdout, "stdout")))
        self.base_url = f"http://127.0.0.1:{port}"
        log.info(
            "sandbox_started",
            pid=process.pid,
            port=port,
            seconds=round(self._clock.monotonic() - started, 3),
        )

    async def _port(self, stdout: asyncio.StreamReader) -> int | None:
        """The port the child announces, or None when it ends first."""
        while line := await _line(stdout):
            word, _, port = line.partition(" ")
            if word == "READY" and port.isdigit():
                return int(port)
            self._note(line, "stdout")
        return None

    def _report(self, what: str) -> str:
        said = "\n".join(self._last_lines) or "(it wrote nothing)"
        return f"The sandbox estate {what}. Command: {' '.join(self._command)}. Its last lines:\n{said}"

    async def _log_lines(self, stream: asyncio.StreamReader, name: str) -> None:
        while (line := await _line(stream)) is not None:
            self._note(line, name)

    def _note(self, line: str, stream: str) -> None:
        if line:
            self._last_lines.append(line)
            log.info("sandbox_output", line=line, stream=stream)

    async def _supervise(self) -> None:
        """Bring the child back whenever it dies; runs until cancelled."""
        deaths = 0
        while True:
            assert self._process is not None
            came_up = self._clock.monotonic()
            code = await self._process.wait()
            was_up, self.base_url = self.running, None
            if was_up and self._clock.monotonic() - came_up >= _STEADY_SECONDS:
                deaths = 0
            pause = _BACKOFF_SECONDS[min(deaths, len(_BACKOFF_SECONDS) - 1)]
            deaths += 1
            log.error("sandbox_died", code=code, restart_seconds=pause, lost="everything the sandbox held")
            await self._end()
            await self._clock.sleep(pause)
            try:
                await self._spawn()
            except (SandboxFailed, OSError) as error:
                log.error("sandbox_restart_failed", error=str(error))
                await self._kill()
            else:
                self.restarts += 1

    async def _end(self) -> None:
        """Let go of the child and everything that listens to it."""
        self.base_url = None
        await self._kill()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers = []

    async def _kill(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            process.kill()  # it ends by itself when stdin closes; this also ends one that hangs
        await process.wait()


async def _line(stream: asyncio.StreamReader) -> str | None:
    """The next line without its end; None at the end of the stream. An overlong one is named, not kept."""
    try:
        raw = await stream.readline()
    except ValueError:
        return f"(a line of more than {limits.SANDBOX_LINE_BYTES} bytes)"
    return raw.decode("utf-8", "replace").rstrip() if raw else None


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The child's variables: the parent's without its AWS credentials and settings, plus moto's switches.

    moto makes AWS clients of its own here and there; they must find no way to a real account.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("AWS_", "MOTO_", "TRIPTYCH_", "BOTO"))
    }
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "MOTO_DISABLE_GLOBAL_CORS": "true",  # the gateway speaks for itself
        "PYTHONUNBUFFERED": "1",
    }
