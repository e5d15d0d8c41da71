"""Live tail and who follows a group: boto3 and the command lines, on a real server."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from logs_kit import REGION_ARN, now, put, refused


@pytest.fixture
def tailing(server):
    """A client that does not put ``stream-`` before the host's name, as the AWS guides say for custom endpoints."""
    return boto3.client(
        "logs",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False, read_timeout=60),
    )


def test_a_live_tail_shows_events_as_they_arrive(logs, group, tailing) -> None:
    put(logs, group, (now(), "ERROR before the session"))
    arn = f"{REGION_ARN}:{group}"
    logs.create_log_stream(logGroupName=group, logStreamName="other")
    answer = tailing.start_live_tail(
        logGroupIdentifiers=[arn], logStreamNames=["s"], logEventFilterPattern="ERROR"
    )
    stream = iter(answer["responseStream"])
    start = next(stream)["sessionStart"]
    assert start["logGroupIdentifiers"] == [arn] and start["logEventFilterPattern"] == "ERROR"
    for number in range(3):
        put(logs, group, (now(), f"ERROR {number}"), (now(), f"INFO {number}"))
        put(logs, group, (now(), f"ERROR elsewhere {number}"), stream="other")
    shown: list[dict[str, Any]] = []
    for event in stream:
        update = event["sessionUpdate"]
        assert update["sessionMetadata"] == {"sampled": False}
        shown += update["sessionResults"]
        if len(shown) >= 3:
            break
    answer["responseStream"].close()
    assert [each["message"] for each in shown] == ["ERROR 0", "ERROR 1", "ERROR 2"]
    assert {(each["logStreamName"], each["logGroupIdentifier"]) for each in shown} == {("s", arn)}


def test_a_quiet_live_tail_sends_empty_updates_and_refuses_nonsense(group, tailing) -> None:
    answer = tailing.start_live_tail(logGroupIdentifiers=[f"{REGION_ARN}:{group}"])
    stream = iter(answer["responseStream"])
    assert "sessionStart" in next(stream)
    assert next(stream)["sessionUpdate"]["sessionResults"] == []
    answer["responseStream"].close()
    assert refused(tailing.start_live_tail, logGroupIdentifiers=["nothing"])[0] == "ResourceNotFoundException"
    bad = {"logGroupIdentifiers": [group], "logEventFilterPattern": "a:b"}
    assert refused(tailing.start_live_tail, **bad)[0] == "InvalidParameterException"
    two = {"logGroupIdentifiers": [group, group], "logStreamNames": ["s"]}
    assert refused(tailing.start_live_tail, **two)[0] == "InvalidParameterException"


def second_cli() -> list[str]:
    """The AWS CLI v2, which no package index has: a program of the machine's."""
    found = shutil.which("aws", path=os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin")
    for program in dict.fromkeys(filter(None, (found, "/usr/local/bin/aws", "/usr/bin/aws"))):
        if Path(program).exists():
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            said = subprocess.run(
                [program, "--version"], capture_output=True, text=True, env=environment, check=False
            )
            if said.stdout.startswith("aws-cli/2"):
                return [program]
    return []


class Tail:
    """A command line that follows a group; whatever it prints, on both of its outputs, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._shown = ""
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def ends(self) -> None:
        """Its output is read to the end, before anybody closes it."""
        self._process.terminate()
        self._reading.join(timeout=60)

    def shows(self, text: str, meanwhile: Callable[[], object], seconds: float = 120) -> None:
        """``meanwhile`` is done again and again until the text is printed."""
        deadline = time.monotonic() + seconds
        while text not in self._shown and time.monotonic() < deadline and self._process.poll() is None:
            meanwhile()
            with contextlib.suppress(queue.Empty):
                self._shown += self._lines.get(timeout=1)
        assert text in self._shown, f"it printed {self._shown!r} and ended with {self._process.poll()}"


@contextlib.contextmanager
def following(server, *arguments: str, program: Sequence[str] = ()) -> Iterator[Tail]:
    # The first command line, where a test imports it, leaves AWS_DATA_PATH behind, which breaks the second.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "PYTHONUNBUFFERED": "1",
    }
    if program:  # it has a Python of its own
        environment.pop("PYTHONPATH", None)
        # Older ones do not know AWS_ENDPOINT_URL.
        arguments = (*arguments, "--endpoint-url", server.url)
    command = [*(program or (sys.executable, "-m", "awscli")), *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        tail = Tail(process)
        try:
            yield tail
        finally:
            tail.ends()


def test_the_command_line_follows_a_live_tail(logs, group, server) -> None:
    with following(
        server, "logs", "start-live-tail", "--log-group-identifiers", f"{REGION_ARN}:{group}"
    ) as tail:
        tail.shows("hello from the tail", lambda: put(logs, group, (now(), "hello from the tail")))


def test_the_command_line_tails_and_follows(logs, group, server) -> None:
    program = second_cli()
    if not program:
        pytest.skip("there is no AWS CLI v2 here (aws logs tail is not in v1)")
    put(logs, group, (now(), "before anybody looked"))
    with following(server, "logs", "tail", group, "--follow", "--since", "5m", program=program) as tail:
        tail.shows("before anybody looked", lambda: None)
        tail.shows("while it follows", lambda: put(logs, group, (now(), "while it follows")))


def test_polling_as_logs_tail_follow_does(logs, group) -> None:
    """``aws logs tail --follow`` (the second command line's) asks FilterLogEvents again from its last event's time."""
    seen: dict[str, str] = {}
    since = now() - 60_000
    for number in range(4):
        put(logs, group, (now(), f"a{number}"), (now(), f"b{number}"))
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since, interleaved=True, PaginationConfig={"PageSize": 3}
        )
        for page in pages:
            for event in page["events"]:
                since = max(since, event["timestamp"])
                seen.setdefault(event["eventId"], event["message"])
    assert list(seen.values()) == [f"{letter}{number}" for number in range(4) for letter in "ab"]
