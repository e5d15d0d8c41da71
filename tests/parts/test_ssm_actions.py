"""Every action's own cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ssm_harness import Gateway
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.services.ssm import library, template
from triptych.services.ssm.action import Action, Attempt, Case, Done, Failed, InvalidInputs
from triptych.wire.model import operation_model

START = datetime(2026, 1, 1, tzinfo=UTC)
CASES = [
    pytest.param(action, case, id=f"{action.name}: {case.name}")
    for action in library.ACTIONS.values()
    for case in action.cases
]


@pytest.mark.parametrize("action", library.ACTIONS.values(), ids=lambda action: action.name)
def test_action_has_good_and_bad_cases(action: Action) -> None:
    assert any(isinstance(case.outcome, Done) for case in action.cases)
    assert any(case.refused for case in action.cases)
    assert len({case.name for case in action.cases}) == len(action.cases)
    assert all((case.outcome is None) == bool(case.refused) for case in action.cases)


@pytest.mark.parametrize(("action", "case"), CASES)
async def test_action_case(action: Action, case: Case) -> None:
    assert not template.is_open(case.inputs)
    gateway = Gateway(script=[(reply.call, reply.answer) for reply in case.replies])
    context = Context(account="1", region="r", identity=Identity(kind="Unknown", account="1"), time=START)

    async def call(service: str, operation: str, params: dict) -> dict:
        return await gateway(context, service, operation, params)

    attempt = Attempt(
        inputs=case.inputs, now=START + timedelta(seconds=case.elapsed_seconds), started=START, call=call
    )
    try:
        action.check(case.inputs)
        outcome = await action.run(attempt)
    except InvalidInputs as error:
        assert case.refused
        assert case.refused in str(error)
        return
    except ServiceError as error:
        outcome = Failed(message=str(error))
    assert not case.refused
    if isinstance(case.outcome, Failed):
        assert isinstance(outcome, Failed)
        assert case.outcome.message in outcome.message
        assert case.outcome.type == outcome.type
    else:
        assert outcome == case.outcome
    assert gateway.calls == [(reply.call, reply.params) for reply in case.replies]
    assert all(operation_model(*reply.call.split(":")) for reply in case.replies)
