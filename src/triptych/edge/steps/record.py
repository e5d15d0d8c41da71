"""The record: one ApiCall fact per request, committed together with what the request changed."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.edge.mask import masked
from triptych.edge.read_only import read_only
from triptych.estate import identities
from triptych.kernel.context import OURSELVES, Context, service_identity
from triptych.kernel.fact import ApiCall, Fact
from triptych.wire import sigv2
from triptych.wire.model import event_source

_ANSWERS_WITH_CREDENTIALS = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})


async def record(desk: Desk, x: Exchange) -> None:
    """Commit the fact with the staged state. Only reads do not wait for their commit: nobody builds on them.

    Requests whose operation or caller is unknown are not facts: they are counted and logged (AWS, too,
    records no call whose signature it could not verify), nor is data in volume (``Service.unrecorded``).
    Raises Conflict.
    """
    if x.route is None or x.context is None:
        return
    if x.unit is not None and x.error is None and not desk.records(x.route):
        await x.unit.commit()
        return
    call = _api_call(desk, x)
    unit = x.unit if x.unit is not None and x.error is None else desk.control.unit()
    fact = Fact(
        id=x.event_id,
        kind="ApiCall",
        account=x.context.account,
        region=x.context.region,
        time=x.received,
        subject=f"{call.service}:{call.operation}",
        body=msgspec.to_builtins(call),
        cause=x.context.cause,
    )
    # Nothing hangs on a read, and its rows in the lake cost more than most reads: those of a second share inserts.
    unit.fact(fact, waits=call.read_only)
    issued = x.error is None and x.route.service in ("iam", "sts") and not desk.owns(x.route)
    if issued:
        await identities.learn(
            unit,
            desk.vault,
            x.context,
            x.route.service,
            x.route.operation,
            x.params or {},
            x.output or {},
            call=partial(_ask, desk, x.context),
        )
    if call.read_only and not issued and unit.only_tells:
        # StartQuery counts as reading and yet leaves something that has to be there when it is answered.
        await desk.control.commit_later(unit)
    else:
        started = desk.clock.monotonic()
        await unit.commit()
        desk.metrics.commit(desk.clock.monotonic() - started)


async def _ask(
    desk: Desk, context: Context, service: str, operation: str, params: dict[str, Any]
) -> dict[str, Any]:
    """A question of our own to the estate, recorded as ours and as a consequence of the call it is about."""
    us = msgspec.structs.replace(
        context,
        identity=service_identity(context.account, OURSELVES),
        event_id="",
        cause=context.because,
        source_ip=OURSELVES,
        user_agent=OURSELVES,
    )
    return await desk.runtime.caller(us, service, operation, params)


def _api_call(desk: Desk, x: Exchange) -> ApiCall:
    assert x.route is not None and x.context is not None
    service, operation = x.route.service, x.route.operation
    reading = read_only(service, operation)
    answered = x.error is None and (not reading or operation in _ANSWERS_WITH_CREDENTIALS)
    return ApiCall(
        service=service,
        operation=operation,
        event_source=event_source(service),
        api_version=x.service.api_version,
        request_id=_request_id(x),
        identity=x.context.identity,
        source_ip=x.context.source_ip,
        user_agent=x.context.user_agent,
        host=x.context.host,
        read_only=reading,
        status=x.error.status if x.error else (x.reply.status if x.reply else 200),
        parameters=_described(x.params, x.operation.input_shape),
        response=_described(x.output, x.operation.output_shape) if answered else None,
        error_code=x.error.code if x.error else "",
        error_message=x.error.message if x.error else "",
        bytes_in=x.payload_bytes or len(x.request.body),
        bytes_out=x.bytes_out,
        auth_method=x.signature.method if x.signature else "",
        signature_version="SigV2" if x.signature and x.signature.algorithm == sigv2.ALGORITHM else "SigV4",
        tls_version=x.tls_version,
        cipher_suite=x.cipher_suite,
        from_console=x.from_console,
        latency_ms=round((desk.clock.monotonic() - x.started) * 1000, 3),
    )


def _described(value: dict[str, Any] | None, shape: Any) -> dict[str, Any] | None:
    if value is None or shape is None:
        return None
    described: dict[str, Any] = masked({k: v for k, v in value.items() if k != "ResponseMetadata"}, shape)
    return described


def _request_id(x: Exchange) -> str:
    """The id the client will see: the estate's own where it gave one."""
    if x.reply is not None:
        for name in ("x-amzn-requestid", "x-amz-request-id"):
            if given := x.reply.headers.get(name):
                return given
    return x.request_id
