"""Metrics are what the catalogue says, and log lines hold no secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from triptych.edge.telemetry import CATALOGUE, Metrics, configure_logging, hide_secrets, metrics_page
from triptych.kernel import limits
from triptych.wire.route import Route

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """(name, values of the labels in their alphabetical order) -> value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_every_metric_is_explained_and_in_the_documentation() -> None:
    assert PAGE.read_text() == metrics_page(), "python -m triptych.edge.telemetry > docs/metrics.md"
    for entry in CATALOGUE:
        assert entry.help.endswith("."), entry.name
        assert (entry.kind == "counter") == entry.name.endswith("_total"), entry.name
        assert f"| `{entry.name}` | {entry.kind} |" in PAGE.read_text()
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE)


def test_every_metric_is_moved_by_one_method_and_rendered() -> None:
    metrics = Metrics()
    route = Route(service="s3", operation="ListBuckets", protocol="rest-xml")
    metrics.request(route, own=False, status=200, seconds=0.01)
    metrics.request(route, own=True, status=404, seconds=0.01)
    metrics.request(None, own=True, status=500, seconds=0.01)
    metrics.estate(0.004)
    metrics.facts("ApiCall", 3)
    metrics.reaction_lag("config.capture", 7)
    metrics.job("config.capture", "done")
    metrics.jobs_waiting(2)
    metrics.commit(0.002)
    metrics.lake_rows("cloudtrail_records", 5)
    metrics.dropped("console_event")
    seen = samples(metrics)
    assert seen["triptych_requests_total", "ListBuckets", "ok", "s3"] == 1
    assert seen["triptych_requests_total", "ListBuckets", "client_error", "s3"] == 1
    assert seen["triptych_requests_total", "unknown", "server_error", "unknown"] == 1
    assert seen["triptych_request_seconds_count", "own"] == 2
    assert seen["triptych_request_seconds_sum", "estate"] == 0.01
    assert seen["triptych_estate_seconds_bucket", "0.005"] == 1
    assert seen["triptych_estate_seconds_bucket", "0.0025"] == 0
    assert seen["triptych_facts_total", "ApiCall"] == 3
    assert seen["triptych_reaction_lag", "config.capture"] == 7
    assert seen["triptych_jobs_total", "config.capture", "done"] == 1
    assert seen["triptych_jobs_waiting",] == 2
    assert seen["triptych_commit_seconds_count",] == 1
    assert seen["triptych_lake_rows_total", "cloudtrail_records"] == 5
    assert seen["triptych_dropped_total", "console_event"] == 1
    assert not [name for name, *_ in seen if name.endswith("_created")]
    rendered = {
        line.split()[2] for line in metrics.render().decode().splitlines() if line.startswith("# HELP")
    }
    assert rendered == {entry.name for entry in CATALOGUE}


def test_the_number_of_operations_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "METRIC_OPERATIONS", 2)
    metrics = Metrics()
    for operation in ("A", "B", "C", "D", "A"):
        metrics.request(
            Route(service="s3", operation=operation, protocol="rest-xml"), own=False, status=200, seconds=0
        )
    counted = {
        key[1]: value for key, value in samples(metrics).items() if key[0] == "triptych_requests_total"
    }
    assert counted == {"A": 2, "B": 1, "other": 2}


def test_two_servers_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.facts("ApiCall")
    assert ("triptych_facts_total", "ApiCall") not in samples(other)


def test_numbers_kept_elsewhere_are_read_when_asked_for() -> None:
    metrics = Metrics()
    restarts = [0]
    metrics.before_render(lambda: metrics.sandbox_restarts(restarts[0]))
    assert samples(metrics)["triptych_sandbox_restarts_total",] == 0
    restarts[0] = 2
    assert samples(metrics)["triptych_sandbox_restarts_total",] == 2
    assert samples(metrics)["triptych_sandbox_restarts_total",] == 2


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Logging as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    ours = logging.getLogger("triptych").level
    yield io.StringIO()
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("triptych").setLevel(ours)
    logging.captureWarnings(capture=False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def log(name: str = "triptych.test") -> Any:
    return structlog.get_logger(name)


def test_json_lines(out: io.StringIO) -> None:
    configure_logging(json=True, level="info", stream=out)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        log().info("job_done", kind="config.capture", at=datetime(2026, 1, 1), seconds=0.5)  # noqa: DTZ001
    log().debug("not_shown")
    logging.getLogger("uvicorn.error").warning("hello %s", "there")
    logging.getLogger("uvicorn.error").info("library chatter")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["job_done", "hello there"]
    first, second = lines
    assert (first["level"], first["logger"], first["request_id"]) == ("info", "triptych.test", "r-1")
    assert first["kind"] == "config.capture" and first["at"] == "2026-01-01 00:00:00"
    assert (second["level"], second["logger"]) == ("warning", "uvicorn.error")
    stamp = datetime.fromisoformat(first["timestamp"])
    assert stamp.utcoffset() == timedelta(0) and first["timestamp"].endswith("Z")


def test_console_lines(out: io.StringIO) -> None:
    configure_logging(json=False, level="debug", stream=out)
    log().debug("a_thing", count=3)
    text = out.getvalue()
    assert "a_thing" in text and "count=3" in text and "\x1b" not in text and len(text.splitlines()) == 1


@pytest.mark.parametrize("as_json", [True, False])
def test_tracebacks_are_kept_without_local_variables(out: io.StringIO, as_json: bool) -> None:
    configure_logging(json=as_json, level="info", stream=out)

    def fails() -> None:
        hidden = "hunter" + "2"
        raise KeyError(len(hidden))

    try:
        fails()
    except KeyError:
        log().exception("operation_defect")
    assert "Traceback" in out.getvalue() and "KeyError: 7" in out.getvalue()
    assert "hunter2" not in out.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_not_printed(out: io.StringIO, as_json: bool) -> None:
    configure_logging(json=as_json, level="info", stream=out)
    secret = "hunter2"
    url = f"postgresql://someone:{secret}@db/triptych"
    try:
        raise ValueError(f"cannot reach {url}")
    except ValueError:
        log().exception(
            "started",
            secret_access_key=secret,
            Authorization=f"AWS4 {secret}",
            headers={"X-Amz-Security-Token": secret, "x-amz-date": "today"},
            nested=[{"session_token": secret}, (f"see {url}",)],
            control_url=url,
        )
    logging.getLogger("alembic").warning("connecting to %s", url, extra={"password": secret})
    log().warning(f"cannot reach {url}")
    text = out.getvalue()
    assert secret not in text
    assert "today" in text and "someone" in text and text.count("[hidden]") >= 8


def test_harmless_values_stay() -> None:
    event = {
        "token": "page-2",
        "credentials": 3,
        "has_secret": False,
        "tokens": ["a"],
        "url": "http://host/a@b",
    }
    assert hide_secrets(None, "", dict(event)) == event


def test_warnings_and_libraries_go_the_same_way(out: io.StringIO) -> None:
    library = logging.getLogger("uvicorn")
    library.addHandler(logging.StreamHandler(io.StringIO()))
    configure_logging(json=True, level="error", stream=out)
    logging.getLogger("uvicorn").error("only once")
    logging.getLogger("py.warnings").warning("deprecated")
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == [
        "only once",
        "deprecated",
    ]


def test_unknown_level() -> None:
    with pytest.raises(ValueError, match="'loud' is none of debug, info"):
        configure_logging(json=True, level="loud")
