"""A log group of a test's own, through boto3 on a real server."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGION_ARN = "arn:aws:logs:us-east-1:000000000000:log-group"


@pytest.fixture
def logs(client):
    return client("logs")


def now() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def group(logs, request):
    """A group of the test's own with a stream ``s``."""
    name = f"/test/{request.node.name.replace('[', '-').replace(']', '')}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


def put(logs, group: str, *events: tuple[int, str], stream: str = "s") -> dict[str, Any]:
    return logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": time, "message": message} for time, message in events],
    )


def refused(call, **params) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
