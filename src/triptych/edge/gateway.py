"""The life of a request, on one page.

``handle`` takes a request off the wire through STEPS; ``call`` is the way in for callers in process
(captures, runbook steps, deliveries), which have no bytes but get the same validation, answer and record.
"""

from __future__ import annotations

from typing import Any

import structlog

from triptych.control.store import Conflict
from triptych.edge.body import Disconnected
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange, Reply
from triptych.edge.steps.answer import answer
from triptych.edge.steps.authenticate import authenticate
from triptych.edge.steps.decode import decode
from triptych.edge.steps.encode import encode
from triptych.edge.steps.inside import enter, leave
from triptych.edge.steps.receive import receive
from triptych.edge.steps.record import record
from triptych.edge.steps.route import route
from triptych.kernel import limits
from triptych.kernel.context import Context
from triptych.kernel.errors import ServiceError

log = structlog.get_logger()

STEPS = (
    route,  # which service, protocol and operation (reads a form's body, the only place that names it)
    receive,  # the body: read whole, or left to be streamed to the estate
    authenticate,  # SigV4 -> identity, account, region; streamed bodies are verified as they pass
    decode,  # bytes -> parameters; ours are validated against the model
)
# then: answer (dispatch to our operation, or forward to the estate) and record (state and fact, one commit),
# together repeated on a conflict; finally encode. An error in any step is an outcome, recorded if it can be.


class Gateway:
    """Takes exchanges through their steps."""

    _desk: Desk

    def attend(self, desk: Desk) -> None:
        """Take the desk. Apart from the constructor because what stands on the desk may call the gateway."""
        self._desk = desk

    async def handle(self, x: Exchange) -> Reply:
        """Answer one request off the wire. Raises Disconnected when the client left before sending it all."""
        try:
            for step in STEPS:
                await step(self._desk, x)
        except ServiceError as error:
            x.error = error
        except Disconnected:
            raise
        except Exception:
            log.exception("request_defect", request_id=x.request_id, operation=_name(x))
            x.error = _defect()
        await self._answer_and_record(x)
        reply = encode(x)
        own = x.route is None or self._desk.owns(x.route)
        self._desk.metrics.request(x.route, own=own, status=reply.status, seconds=self._elapsed(x))
        return reply

    async def call(
        self, context: Context, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Make a call from inside (``services.contract.Caller``): validated, recorded, its cause kept."""
        x = enter(self._desk, context, service, operation, params)
        await self._answer_and_record(x)
        return leave(x)

    async def _answer_and_record(self, x: Exchange) -> None:
        """Answer unless it failed already; write state and fact at once; start again if somebody was quicker."""
        for _ in range(limits.CONFLICT_RETRIES):
            try:
                if x.error is None and x.reply is None:
                    await answer(self._desk, x)
            except ServiceError as error:
                x.error = error
            except Disconnected:
                raise
            except Exception:
                log.exception("operation_defect", request_id=x.request_id, operation=_name(x))
                x.error = _defect()
            try:
                await record(self._desk, x)
            except Conflict:
                continue
            except Exception:
                # What cannot be recorded is not acknowledged.
                log.exception("record_defect", request_id=x.request_id, operation=_name(x))
                x.error, x.reply = _defect(), None
            return
        x.reply = None  # the estate's answer, if there is one, is not recorded: it is not acknowledged either
        x.error = ServiceError(
            "ThrottlingException", "Too many concurrent changes to the same resource; try again."
        )

    def _elapsed(self, x: Exchange) -> float:
        return self._desk.clock.monotonic() - x.started


def _name(x: Exchange) -> str:
    return f"{x.route.service}:{x.route.operation}" if x.route else f"{x.request.method} {x.request.path}"


def _defect() -> ServiceError:
    return ServiceError(
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
        status=500,
    )
