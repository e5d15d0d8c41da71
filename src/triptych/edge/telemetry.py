"""What operators see: log lines and metrics. ``python -m triptych.edge.telemetry`` prints docs/metrics.md.

Metrics are a catalogue (``CATALOGUE``) that ``Metrics`` is built from and the documentation printed from, so
neither can know one the other does not. Every label has few values, or a bound.
"""

from __future__ import annotations

import logging
import platform
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric

from triptych import __version__
from triptych.kernel import limits
from triptych.wire.route import Route

__all__ = ["CATALOGUE", "Described", "Metrics", "configure_logging", "metrics_page"]

LEVELS = ("debug", "info", "warning", "error")
HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(
    r"secret|passw(or)?d|authorization|credential|(private|encryption|api)[-_]?key|"
    r"(session|security|access|bearer)[-_]?token|cookie|signature",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One metric: what it counts and which labels it has. Histograms are in seconds."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


CATALOGUE = (
    Described(
        name="triptych_requests_total",
        kind="counter",
        help="Requests answered, by AWS service, operation and outcome (ok, client_error, server_error). Requests that "
        f"name no operation count as unknown; beyond {limits.METRIC_OPERATIONS} operations, as other.",
        labels=("service", "operation", "outcome"),
    ),
    Described(
        name="triptych_request_seconds",
        kind="histogram",
        help="From a request's first byte to its reply: kind own (our services) or estate (forwarded, the "
        "upstream's time included).",
        labels=("kind",),
    ),
    Described(
        name="triptych_estate_seconds",
        kind="histogram",
        help="What upstreams took of it, from the call out to the head of their reply.",
    ),
    Described(
        name="triptych_facts_total",
        kind="counter",
        help="Facts committed to the outbox, by kind.",
        labels=("kind",),
    ),
    Described(
        name="triptych_reaction_lag",
        kind="gauge",
        help="Facts a reaction still has before it.",
        labels=("reaction",),
    ),
    Described(
        name="triptych_jobs_total",
        kind="counter",
        help="Job runs ended, by kind and outcome (done, again, retry, dead).",
        labels=("kind", "outcome"),
    ),
    Described(name="triptych_jobs_waiting", kind="gauge", help="Jobs due and not yet claimed."),
    Described(
        name="triptych_commit_seconds",
        kind="histogram",
        help="Commits of the control store, the wait for its writer included.",
    ),
    Described(
        name="triptych_lake_rows_total",
        kind="counter",
        help="Rows written to the lake, by table. Repeats absorbed by their token count again.",
        labels=("table",),
    ),
    Described(
        name="triptych_sandbox_restarts_total",
        kind="counter",
        help="Times the sandbox estate died and came up again, empty.",
    ),
    Described(
        name="triptych_dropped_total",
        kind="counter",
        help="Things given up at a bound, by what they were. Anything but 0 deserves a look at the log.",
        labels=("what",),
    ),
    Described(
        name="triptych_build_info",
        kind="gauge",
        help="Always 1; the labels say what runs.",
        labels=("version", "python"),
    ),
)


class _Registry(CollectorRegistry):
    """Without the ``_created`` series, which double the page and tell nobody anything."""

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class Metrics:
    """The metrics of one server; built once by ``app`` and handed down. Not global, so two servers do not mix."""

    def __init__(self) -> None:
        self._registry = _Registry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for entry in CATALOGUE:
            self._build(entry)
        self._operations: set[tuple[str, str]] = set()
        self._readers: list[Callable[[], None]] = []
        self._restarts = 0
        self._gauges["triptych_build_info"].labels(__version__, platform.python_version()).set(1)

    def _build(self, entry: Described) -> None:
        if entry.kind == "counter":
            self._counters[entry.name] = Counter(
                entry.name, entry.help, entry.labels, registry=self._registry
            )
        elif entry.kind == "gauge":
            self._gauges[entry.name] = Gauge(entry.name, entry.help, entry.labels, registry=self._registry)
        else:
            self._histograms[entry.name] = Histogram(
                entry.name, entry.help, entry.labels, registry=self._registry, buckets=_SECONDS
            )

    def request(self, route: Route | None, *, own: bool, status: int, seconds: float) -> None:
        """A request was answered. ``own``: by one of our services rather than the estate."""
        service, operation = self._bounded(route)
        outcome = "ok" if status < 400 else "client_error" if status < 500 else "server_error"
        self._counters["triptych_requests_total"].labels(service, operation, outcome).inc()
        self._histograms["triptych_request_seconds"].labels("own" if own else "estate").observe(seconds)

    def _bounded(self, route: Route | None) -> tuple[str, str]:
        if route is None:
            return "unknown", "unknown"
        name = (route.service, route.operation)
        if name not in self._operations:
            if len(self._operations) >= limits.METRIC_OPERATIONS:
                return "other", "other"
            self._operations.add(name)
        return name

    def estate(self, seconds: float) -> None:
        """An upstream answered."""
        self._histograms["triptych_estate_seconds"].observe(seconds)

    def facts(self, kind: str, count: int = 1) -> None:
        """Facts were committed."""
        self._counters["triptych_facts_total"].labels(kind).inc(count)

    def reaction_lag(self, reaction: str, facts: int) -> None:
        """A reaction is so many facts behind."""
        self._gauges["triptych_reaction_lag"].labels(reaction).set(facts)

    def job(self, kind: str, outcome: Literal["done", "again", "retry", "dead"]) -> None:
        """A job's run ended; ``again`` is a job that asked to be called later."""
        self._counters["triptych_jobs_total"].labels(kind, outcome).inc()

    def jobs_waiting(self, count: int) -> None:
        self._gauges["triptych_jobs_waiting"].set(count)

    def commit(self, seconds: float) -> None:
        """The control store committed a unit of work."""
        self._histograms["triptych_commit_seconds"].observe(seconds)

    def lake_rows(self, table: str, count: int) -> None:
        """Rows reached the lake (``open_lake(wrote=metrics.lake_rows)``)."""
        self._counters["triptych_lake_rows_total"].labels(table).inc(count)

    def sandbox_restarts(self, total: int) -> None:
        """So many restarts since this server started (``Sandbox.restarts``)."""
        self._counters["triptych_sandbox_restarts_total"].inc(max(0, total - self._restarts))
        self._restarts = max(total, self._restarts)

    def dropped(self, what: str, count: int = 1) -> None:
        """Something was given up at a bound; the caller also writes a log line."""
        self._counters["triptych_dropped_total"].labels(what).inc(count)

    def before_render(self, reader: Callable[[], None]) -> None:
        """Call ``reader`` before every page: for numbers somebody else keeps and that are read when asked for."""
        self._readers.append(reader)

    def render(self) -> bytes:
        """The page in Prometheus's text format 0.0.4."""
        for reader in self._readers:
            reader()
        return generate_latest(self._registry)


def metrics_page() -> str:
    """docs/metrics.md, from the catalogue."""
    lines = [
        "# Metrics",
        "",
        "`GET /_triptych/metrics` answers in Prometheus's text format. This page is printed by",
        "`python -m triptych.edge.telemetry`. Histograms are in seconds, with buckets from 1 ms to 10 s.",
        "",
        "| metric | kind | labels | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{entry.name}` | {entry.kind} | {', '.join(f'`{label}`' for label in entry.labels)} | {entry.help} |"
        for entry in CATALOGUE
    ]
    return "\n".join(lines) + "\n"


def configure_logging(*, json: bool, level: str, stream: TextIO | None = None) -> None:
    """Send every log line, ours and the libraries', through one pipeline to stdout.

    Console lines for people, or one JSON object a line; ISO-8601 UTC times; bound context variables are on
    every line; values under secret-looking keys and passwords in URLs never are. ``level`` is for our own
    lines; libraries speak from ``warning`` on, because some print signed headers at ``debug``.
    Raises ValueError for an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r} is none of {', '.join(LEVELS)}")
    out = stream or sys.stdout
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(json=json, colors=out.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("triptych").setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "alembic"):
        # Libraries that attach handlers of their own would print every line twice.
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rendering(*, json: bool, colors: bool) -> Iterator[structlog.typing.Processor]:
    # Tracebacks become text before secrets are hidden; structured ones would hold local variables.
    yield structlog.processors.format_exc_info
    if json:
        yield structlog.processors.EventRenamer("message")
        yield hide_secrets
        yield structlog.processors.JSONRenderer(default=str)
    else:
        yield hide_secrets
        yield structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=28
        )


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log processor: values under secret-looking keys, at any depth, and passwords in URLs."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: object, value: Any) -> Any:
    if isinstance(key, str) and _SECRET_KEY.search(key) and value and not isinstance(value, int | float):
        return HIDDEN
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\1{HIDDEN}@", value) if "://" in value else value
    if isinstance(value, Mapping):
        return {inner: _shown(inner, item) for inner, item in value.items()}
    if isinstance(value, list | set | frozenset) or type(value) is tuple:
        return [_shown("", item) for item in value]
    return value


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
