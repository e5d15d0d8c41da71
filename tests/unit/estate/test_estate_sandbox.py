"""The sandbox's life: start, death, return, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog.testing

from triptych.estate import sandbox_main
from triptych.estate.sandbox import Sandbox, SandboxFailed, child_environment
from triptych.kernel.clock import SystemClock

READY = "import sys; print('READY 4321', flush=True); sys.stdin.read()"
"""A child that behaves: announces a port, ends when its stdin does."""


class PromptClock(SystemClock):
    """Sleeping takes no time but is remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@contextlib.asynccontextmanager
async def running(code: str, clock: PromptClock) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(clock=clock, command=child(code))
    await sandbox.start()
    try:
        yield sandbox
    finally:
        await sandbox.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for another process to get somewhere; there is nothing to be notified by."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_is_up_once_started_and_gone_once_stopped() -> None:
    async with running(READY, PromptClock()) as sandbox:
        pid = sandbox.pid
        assert pid is not None and alive(pid)
        assert sandbox.running and sandbox.base_url == "http://127.0.0.1:4321"
    assert not sandbox.running and sandbox.base_url is None and sandbox.pid is None
    assert not alive(pid)
    await sandbox.stop()  # twice is harmless


async def test_the_child_is_told_what_to_load() -> None:
    code = "import sys; print('READY', len(sys.argv[1]) + len(sys.argv[2]), flush=True); sys.stdin.read()"
    sandbox = Sandbox(clock=PromptClock(), command=child(code), preload=("s3", "sqs"))
    await sandbox.start()
    assert sandbox.base_url == "http://127.0.0.1:5"
    await sandbox.stop()


def test_a_service_moto_lacks_does_not_keep_the_others_from_loading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dispatcher = sandbox_main.Dispatcher(sandbox_main.create_app)
    sandbox_main.preload(dispatcher, ["telegraphy", "sqs"])
    assert list(dispatcher.app_instances) == ["sqs"]
    assert "telegraphy cannot be preloaded" in capsys.readouterr().err


async def test_it_comes_back_when_it_dies() -> None:
    clock = PromptClock()
    async with running(READY, clock) as sandbox:
        first = sandbox.pid
        assert first is not None
        with structlog.testing.capture_logs() as logs:
            os.kill(first, signal.SIGKILL)
            await until(lambda: sandbox.restarts == 1)
        assert sandbox.running and sandbox.pid != first
        assert clock.slept == [0.05]
        died = next(entry for entry in logs if entry["event"] == "sandbox_died")
        assert died["code"] == -signal.SIGKILL and died["log_level"] == "error"


async def test_pauses_grow_while_it_keeps_dying() -> None:
    clock = PromptClock()
    async with running("print('READY 1', flush=True)", clock) as sandbox:
        await until(lambda: sandbox.restarts >= 3)
    assert clock.slept[:3] == [0.05, 0.2, 0.5]


async def test_a_restart_that_fails_is_tried_again(tmp_path: Path) -> None:
    mark = f"{tmp_path}/mark"
    code = (
        f"import os, sys; n = len(os.listdir({str(tmp_path)!r})); open({mark!r} + str(n), 'w').close()\n"
        "if n == 1: sys.exit(3)\n" + READY
    )
    clock = PromptClock()
    async with running(code, clock) as sandbox:
        with structlog.testing.capture_logs() as logs:
            assert sandbox.pid is not None
            os.kill(sandbox.pid, signal.SIGKILL)
            await until(lambda: sandbox.restarts == 1)
        failed = [entry for entry in logs if entry["event"] == "sandbox_restart_failed"]
        assert len(failed) == 1 and "ended with code 3" in failed[0]["error"]
        assert clock.slept == [0.05, 0.2]


async def test_a_child_that_cannot_start_says_why() -> None:
    sandbox = Sandbox(clock=PromptClock(), command=child("raise SystemExit('no module named moto')"))
    with pytest.raises(SandboxFailed, match=r"ended with code 1(.|\n)*no module named moto"):
        await sandbox.start()
    assert not sandbox.running


async def test_a_child_that_never_listens_is_given_up_and_ended() -> None:
    # A shell, which has said its word long before the time is over; Python takes a second to start now and then.
    sandbox = Sandbox(clock=PromptClock(), command=("sh", "-c", 'echo "pid $$"; exec cat'), start_seconds=3.0)
    with pytest.raises(SandboxFailed, match=r"did not listen within 3 s(.|\n)*pid (\d+)") as caught:
        await sandbox.start()
    assert not alive(int(str(caught.value).rsplit("pid ", 1)[1]))


async def test_its_output_is_logged_line_by_line() -> None:
    code = "import sys; print('one\\ntwo', file=sys.stderr, flush=True); " + READY.replace(
        "sys.stdin.read()", "print('three', flush=True); print('x' * 300000, flush=True); sys.stdin.read()"
    )
    with structlog.testing.capture_logs() as logs:
        async with running(code, PromptClock()):

            def lines() -> list[str]:
                return [entry["line"] for entry in logs if entry["event"] == "sandbox_output"]

            await until(lambda: len(lines()) >= 4)
    assert {"one", "two", "three"} <= set(lines())
    assert any("more than" in line for line in lines())


async def test_it_ends_with_a_parent_that_is_killed() -> None:
    """The real child under a parent that gets no chance to clean up."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio\n"
        "from triptych.estate.sandbox import Sandbox\n"
        "from triptych.kernel.clock import SystemClock\n"
        "async def main():\n"
        "    s = Sandbox(clock=SystemClock()); await s.start()\n"
        "    print('CHILD', s.pid, flush=True); await asyncio.sleep(600)\n"
        "asyncio.run(main())",
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    async for line in parent.stdout:
        if line.startswith(b"CHILD"):
            pid = int(line.split()[1])
            break
    assert alive(pid)
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(pid))


def test_the_child_gets_no_way_to_a_real_account() -> None:
    child_env = child_environment(
        {"AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "p", "TRIPTYCH_ENCRYPTION_KEY": "k", "PATH": "/bin"}
    )
    assert child_env["PATH"] == "/bin"
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "TRIPTYCH_ENCRYPTION_KEY"} & set(child_env)
    assert child_env["AWS_EC2_METADATA_DISABLED"] == "true"
