"""What a service declares and what its functions are handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Protocol

import msgspec

from triptych.bus.batch import Batch
from triptych.control.collection import Collection
from triptych.control.store import ControlStore, Job, Unit
from triptych.jobs.kind import Retry
from triptych.kernel.arn import arn
from triptych.kernel.catalog import modules
from triptych.kernel.clock import Clock
from triptych.kernel.context import Cause, Context, Identity, service_identity
from triptych.kernel.fact import Fact, FactKind
from triptych.kernel.ids import Ids
from triptych.lake.lake import Lake
from triptych.lake.table import Table
from triptych.settings import Settings

OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "sns", "ssm", "lambda", "sts")
"""The services (botocore's names) that are, or will be, Triptych's own. What is not built of them is refused, not
forwarded: a sandbox that stores an alarm and never evaluates it would be a silent no-op."""


class Caller(Protocol):
    """``gateway.call``: the only way from one service to another and to the estate."""

    async def __call__(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Validated, audited, authorised like any request. Raises ServiceError as the callee answered."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything a service may use that lives longer than one request; built by ``app``."""

    settings: Settings
    clock: Clock
    ids: Ids
    control: ControlStore
    lake: Lake
    caller: Caller


@dataclass(frozen=True, slots=True)
class Ctx:
    """What an operation, reaction or job works with: the circumstances, a unit of work, the runtime.

    Whoever handed it out commits the unit when the function returns, together with the ApiCall fact, the
    reaction's cursor or the job's completion. An exception discards what was staged.
    """

    context: Context
    unit: Unit
    runtime: Runtime

    @property
    def account(self) -> str:
        return self.context.account

    @property
    def region(self) -> str:
        return self.context.region

    @property
    def now(self) -> datetime:
        """When the request arrived or the work started; the one time of this piece of work."""
        return self.context.time

    @property
    def ids(self) -> Ids:
        return self.runtime.ids

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        return arn(service, self.region if region is None else region, self.account, resource)

    def at(self, *, account: str, region: str, cause: Cause | None = None) -> Ctx:
        """The same unit of work in another account and region (background work spans many)."""
        context = msgspec.structs.replace(
            self.context, account=account, region=region, event_id="", cause=cause
        )
        return replace(self, context=context)

    async def call(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        *,
        principal: str = "",
        identity: Identity | None = None,
        region: str | None = None,
        source_arn: str = "",
    ) -> dict[str, Any]:
        """Call another service through the gateway, as ``principal`` (``config.amazonaws.com``) or ``identity``.

        Without either the call is made as this context's own identity. Outside this unit of work.
        ``source_arn``: on whose behalf a principal calls.
        """
        who = identity or (service_identity(self.account, principal) if principal else self.context.identity)
        context = Context(
            account=self.account,
            region=region or self.region,
            identity=who,
            time=self.runtime.clock.now(),
            cause=self.context.because,
            source_ip=who.invoked_by or self.context.source_ip,
            user_agent=who.invoked_by or self.context.user_agent,
            source_arn=source_arn,
        )
        return await self.runtime.caller(context, service, operation, params)

    def fact(self, kind: FactKind, subject: str, body: dict[str, Any]) -> Fact:
        """Stage a fact that follows from this piece of work."""
        fact = Fact(
            id=self.ids.uuid(),
            kind=kind,
            account=self.account,
            region=self.region,
            time=self.runtime.clock.now(),
            subject=subject,
            body=body,
            cause=self.context.because,
        )
        self.unit.fact(fact)
        return fact

    def job(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        key: str = "",
        delay_seconds: float = 0.0,
        cause: Cause | None = None,
    ) -> None:
        """Stage a job; it starts after the commit."""
        self.unit.job(
            Job(
                id=self.ids.uuid(),
                kind=kind,
                account=self.account,
                region=self.region,
                body=body,
                run_at=self.runtime.clock.now() + timedelta(seconds=delay_seconds),
                key=key,
                cause=cause or self.context.because,
            )
        )


def caused_by(fact: Fact) -> Cause:
    """The cause for whatever a reaction does about a fact."""
    if fact.cause is None:
        return Cause(parent=fact.id, origin=fact.id)
    return Cause(parent=fact.id, origin=fact.cause.origin, depth=fact.cause.depth + 1)


Handler = Callable[[Ctx, dict[str, Any]], Awaitable[dict[str, Any] | None]]
_MARK = "_triptych_operation"


def operation(function: Handler) -> Handler:
    """Mark ``async def create_trail(ctx, params) -> dict | None`` as the operation ``CreateTrail``.

    ``params`` is the decoded, validated input in the model's member names (timestamps are aware datetimes,
    blobs bytes); the result uses the output shape's member names. Raise ServiceError to refuse. The name is
    matched to the model without case or underscores. Docstring: say what is only partly honoured after a
    line ``Partly:``; the parity page quotes it.
    """
    setattr(function, _MARK, True)
    return function


def operations_of(package: ModuleType) -> dict[str, Handler]:
    """Every operation in the modules of a service's package, by folded name (``createtrail``)."""
    found: dict[str, Handler] = {}
    for module in modules(package):
        for name, function in vars(module).items():
            if getattr(function, _MARK, False) and function.__module__ == module.__name__:
                folded = name.replace("_", "")
                if folded in found:
                    raise TypeError(f"operation {name} is defined twice in {package.__name__}")
                found[folded] = function
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Called with consecutive facts of some kinds, in commit order, at least once; one caller at a time.

    What it stages is committed with its cursor, so control state changes exactly once; lake writes carry
    ``batch.token``. Facts span accounts and regions: use ``ctx.at(account=f.account, region=f.region,
    cause=caused_by(f))``. Keep it quick: slow work is a job.

    :param stable: whether a repeat after a crash must have the same facts under the same token. False is
        cheaper, for reactions that write nothing to the lake.
    """

    name: str
    kinds: frozenset[FactKind]
    handle: Callable[[Ctx, Batch], Awaitable[None]]
    stable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A handler for staged jobs. What it stages is committed with the job's completion.

    ``dead`` is called once in a unit of its own when the attempts are used up.
    """

    name: str
    handle: Callable[[Ctx, Job], Awaitable[None]]
    retry: Retry = field(default_factory=Retry)
    concurrency: int = 8
    dead: Callable[[Ctx, Job, str], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """Work on a clock: every ``seconds(settings)``, one runner in the whole installation (a lease).

    ``aligned``: at whole multiples of the period (``:00``, ``:10``, ...), not in the rhythm of the first start.
    """

    name: str
    seconds: Callable[[Settings], float]
    handle: Callable[[Ctx], Awaitable[None]]
    aligned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One AWS service of ours.

    :param name: botocore's service name.
    :param estate: operations of this service that belong to the estate and are forwarded (SSM's Parameter
        Store, STS's AssumeRole); every other operation without a handler answers NotImplemented.
    :param unrecorded: operations whose successful calls become no ApiCall facts: data in volume (PutLogEvents), which
        AWS's trails do not have either. A call that fails is recorded as any other.
    """

    name: str
    operations: Mapping[str, Handler]
    estate: frozenset[str] = frozenset()
    unrecorded: frozenset[str] = frozenset()
    collections: Sequence[Collection[Any]] = ()
    tables: Sequence[Table] = ()
    reactions: Sequence[Reaction] = ()
    jobs: Sequence[JobKind] = ()
    periodic: Sequence[Periodic] = ()
