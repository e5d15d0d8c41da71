"""Fixtures for everybody: a real server of our own, shared by the tests of one file."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import hypothesis
import pytest
from botocore.config import Config

from postgres_kit import postgres_url  # noqa: F401 - a fixture for everybody
from side_by_side import (  # noqa: F401 - hooks of pytest and of pytest-xdist
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from triptych.testing.server import ServerProcess, running_server

QUIET = {
    "INTERVALS__CONFIG_SWEEP_SECONDS": "3600",  # what the tests see came through the front door
    "INTERVALS__TRAIL_DELIVERY_SECONDS": "1",
}


# The same examples every time, so that a red run is about the change; other ones with HYPOTHESIS_PROFILE=explore.
# How long an example takes says something about the machine, nothing about us.
PATIENT = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("repeatable", derandomize=True, **PATIENT)
hypothesis.settings.register_profile("explore", **PATIENT)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=2, help="rounds of the kill -9 test")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server"), settings=QUIET) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess):
    """``client("s3")`` as root, or with other credentials; one client per service and credential."""
    made = {}

    def make(
        service: str,
        key: str = "test",
        secret: str = "test",
        token: str | None = None,
        region: str = "us-east-1",
    ):
        address = (service, key, secret, token, region)
        if address not in made:
            made[address] = boto3.client(
                service,
                endpoint_url=server.url,
                region_name=region,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return made[address]

    return make


@pytest.fixture
def eventually():
    """Look again until something is there: for what another process does in its own time."""
    import time

    def until(look, *, what: str, seconds: float = 60.0):
        began = time.monotonic()
        while (waited := time.monotonic() - began) < seconds:
            if seen := look():
                return seen
            time.sleep(0.05 + waited / 20)
        pytest.fail(f"waited {seconds} s for {what}")

    return until
