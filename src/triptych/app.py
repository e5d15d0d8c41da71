"""The composition root: builds everything, hands it down, starts and stops it in order. Known by nobody."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Literal

import structlog

from triptych import services as services_package
from triptych.bus.batch import Batch
from triptych.bus.dispatcher import Dispatcher
from triptych.bus.dispatcher import Reaction as BusReaction
from triptych.console import session
from triptych.console.mount import Console
from triptych.console.static import BUILT, Pages
from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.control.store import Job, Unit
from triptych.edge.asgi import FrontDoor
from triptych.edge.desk import Desk
from triptych.edge.gateway import Gateway
from triptych.edge.telemetry import Metrics
from triptych.edge.views import Views
from triptych.estate import identities
from triptych.estate.forward import Estate
from triptych.estate.sandbox import Sandbox
from triptych.estate.vault import open_vault
from triptych.jobs.cron import Cron
from triptych.jobs.cron import Periodic as CronPeriodic
from triptych.jobs.kind import Later
from triptych.jobs.worker import JobHandler, Worker
from triptych.kernel.catalog import modules
from triptych.kernel.clock import Clock, SystemClock
from triptych.kernel.context import OURSELVES, Cause, Context, service_identity
from triptych.kernel.ids import Ids
from triptych.lake.open import open_lake
from triptych.services import plane_events, timeline
from triptych.services.contract import Ctx, JobKind, Periodic, Reaction, Runtime, Service
from triptych.settings import Settings, is_loopback

log = structlog.get_logger()

PACE_SECONDS = 0.02
"""A hop of the closed loop that meets a busy reaction waits at most this long for it."""
LAKE_PACE_SECONDS = 0.2
"""Reactions that write to the lake gather for longer: an insert costs milliseconds however few rows it has."""

PURGE_SECONDS = 24 * 3600
"""How often credentials and sessions that expired days ago are forgotten."""


class UnsafeSettings(Exception):  # noqa: N818
    """Settings that would expose the server; it does not start with them."""


def check_exposure(settings: Settings) -> None:
    """The well-known test credential is for loopback only; raises UnsafeSettings."""
    if not is_loopback(settings.host) and (settings.root_access_key_id, settings.root_secret_access_key) == (
        "test",
        "test",
    ):
        raise UnsafeSettings(
            f"Refusing to listen on {settings.host} with the default credential test/test: everybody who reaches the "
            "port would be root. `triptych init` writes a triptych.toml with a generated credential."
        )


def our_services() -> list[Service]:
    """Every service package, found by looking."""
    found = [getattr(module, "SERVICE", None) for module in modules(services_package)]
    return [service for service in found if isinstance(service, Service)]


class App:
    """A running Triptych without its sockets; ``async with open_app(settings) as app``."""

    def __init__(
        self,
        desk: Desk,
        gateway: Gateway,
        console: Console,
        parts: Sequence[tuple[str, Callable[[], bool]]],
        measure: Callable[[], Awaitable[None]],
    ) -> None:
        self.desk = desk
        self.gateway = gateway
        self.has_pages = console.has_pages
        self._parts = parts
        self.front_door = FrontDoor(
            gateway=gateway,
            views=Views(desk, is_ready=self.ready, measure=measure),
            site=console,
            clock=desk.clock,
            ids=desk.ids,
        )

    def ready(self) -> dict[str, bool]:
        return {name: is_up() for name, is_up in self._parts}


@contextlib.asynccontextmanager
async def open_app(
    settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncIterator[App]:
    """Start everything below the sockets, and stop it in the opposite order."""
    check_exposure(settings)
    clock, ids = clock or SystemClock(), ids or Ids()
    ours = our_services()
    tables = [*(table for service in ours for table in service.tables), timeline.TIMELINE]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    metrics = Metrics()
    async with contextlib.AsyncExitStack() as stack:
        control = await open_store(
            settings.control_url or f"sqlite:///{settings.data_dir / 'control.db'}",
            sync=settings.sync,
            clock=clock,
        )
        stack.push_async_callback(control.close)
        lake = await open_lake(
            path=None if settings.lake_url else settings.data_dir / "lake",
            url=settings.lake_url,
            tables=tables,
            clock=clock,
            flush_seconds=settings.intervals.lake_flush_seconds,
            fsync=settings.sync == "full",
            optional_indexes=settings.log_index,
            cache_bytes=settings.lake_cache_bytes,
            wrote=metrics.lake_rows,
        )
        stack.push_async_callback(lake.close)
        sandbox = Sandbox(clock=clock, preload=settings.estate.preload) if _uses_sandbox(settings) else None
        if sandbox is not None:
            await sandbox.start()
            stack.push_async_callback(sandbox.stop)
        estate = Estate(settings=settings, sandbox=sandbox, clock=clock)
        await estate.start()
        stack.push_async_callback(estate.close)

        gateway = Gateway()
        runtime = Runtime(
            settings=settings, clock=clock, ids=ids, control=control, lake=lake, caller=gateway.call
        )
        vault = open_vault(settings)
        sessions = session.SessionStore(settings=settings, control=control, vault=vault, clock=clock, ids=ids)
        desk = Desk(
            settings=settings,
            clock=clock,
            ids=ids,
            control=control,
            estate=estate,
            vault=vault,
            services={service.name: service for service in ours},
            runtime=runtime,
            metrics=metrics,
            sessions=sessions,
        )
        console = Console(desk, sessions, Pages(BUILT, ids))
        gateway.attend(desk)
        background = _Background(runtime, control, ours, metrics)
        await background.start()
        stack.push_async_callback(background.stop)
        parts = [
            ("control", lambda: True),
            ("lake", lambda: True),
            ("estate", lambda: sandbox is None or sandbox.running),
            ("background", lambda: background.running),
        ]

        async def measure() -> None:
            await background.measure()
            metrics.sandbox_restarts(sandbox.restarts if sandbox else 0)

        yield App(desk, gateway, console, parts, measure)


def _uses_sandbox(settings: Settings) -> bool:
    return "sandbox" in (settings.estate.default, *settings.estate.services.values())


class _Background:
    """Reactions, jobs and periodic work: the services' handlers bound to units of work."""

    def __init__(
        self, runtime: Runtime, control: SqlStore, ours: Sequence[Service], metrics: Metrics
    ) -> None:
        self._runtime = runtime
        self._metrics = metrics
        reactions = [
            *(r for service in ours for r in service.reactions),
            plane_events.REACTION,
            timeline.REACTION,
        ]
        self.dispatcher = Dispatcher(
            control,
            [self._reaction(r) for r in reactions],
            clock=runtime.clock,
            ids=runtime.ids,
        )
        self.worker = Worker(
            control,
            clock=runtime.clock,
            ids=runtime.ids,
            handlers={kind.name: self._job(kind) for service in ours for kind in service.jobs},
        )
        purge = CronPeriodic(name="estate.purge", seconds=PURGE_SECONDS, run=self._purge)
        self.cron = Cron(
            control,
            [purge, *(self._periodic(p) for service in ours for p in service.periodic)],
            clock=runtime.clock,
            ids=runtime.ids,
        )
        self.running = False

    async def start(self) -> None:
        await self.worker.start()
        await self.dispatcher.start()
        await self.cron.start()
        self.running = True

    async def stop(self) -> None:
        self.running = False
        await self.cron.stop()
        await self.dispatcher.stop()
        await self.worker.stop()

    async def measure(self) -> None:
        """Put what only the stores know on the metrics page."""
        for name, lag in (await self.dispatcher.lag()).items():
            self._metrics.reaction_lag(name, lag.facts)
        self._metrics.jobs_waiting(sum((await self.worker.depth()).values()))

    def _ctx(self, unit: Unit, *, account: str = "", region: str = "", cause: Cause | None = None) -> Ctx:
        now: datetime = self._runtime.clock.now()
        who = service_identity(account, OURSELVES)
        return Ctx(
            Context(account=account, region=region, identity=who, time=now, cause=cause), unit, self._runtime
        )

    def _reaction(self, reaction: Reaction) -> BusReaction:
        sees_every_fact = reaction.name == timeline.REACTION.name

        async def run(unit: Unit, batch: Batch) -> None:
            await reaction.handle(self._ctx(unit), batch)
            if sees_every_fact:
                for fact in batch.facts:
                    self._metrics.facts(fact.kind)

        return BusReaction(
            name=reaction.name,
            kinds=reaction.kinds,
            run=run,
            stable=reaction.stable,
            pace_seconds=LAKE_PACE_SECONDS if reaction.stable else PACE_SECONDS,
        )

    def _job(self, kind: JobKind) -> JobHandler:
        dead = kind.dead

        async def run(unit: Unit, job: Job) -> None:
            outcome: Literal["done", "again", "retry"] = "retry"
            try:
                await kind.handle(
                    self._ctx(unit, account=job.account, region=job.region, cause=job.cause), job
                )
                outcome = "done"
            except Later:
                outcome = "again"
                raise
            finally:
                self._metrics.job(kind.name, outcome)

        async def bury(unit: Unit, job: Job, reason: str) -> None:
            self._metrics.job(kind.name, "dead")
            if dead is not None:
                await dead(
                    self._ctx(unit, account=job.account, region=job.region, cause=job.cause), job, reason
                )

        return JobHandler(name=kind.name, run=run, retry=kind.retry, concurrency=kind.concurrency, dead=bury)

    async def _purge(self, unit: Unit) -> None:
        await identities.purge(unit, self._runtime.clock.now())
        await session.purge(unit, self._runtime.clock.now())

    def _periodic(self, periodic: Periodic) -> CronPeriodic:
        async def run(unit: Unit) -> None:
            await periodic.handle(self._ctx(unit))

        return CronPeriodic(
            name=periodic.name,
            seconds=periodic.seconds(self._runtime.settings),
            run=run,
            aligned=periodic.aligned,
        )
