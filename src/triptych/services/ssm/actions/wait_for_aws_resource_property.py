"""``aws:waitForAwsResourceProperty``: call one AWS operation until a property of the reply has a desired value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from triptych.services.ssm import resource_property
from triptych.services.ssm.action import Action, Attempt, Case, Done, Outcome, Reply, Waiting

FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 30.0


async def run(attempt: Attempt) -> Outcome:
    """Looks once. The pause until the next look is as long as the wait so far, from 0.5 to 30 seconds: it
    follows from the start alone, so nothing need be remembered across restarts."""
    seen = await resource_property.look(attempt)
    if seen.matches:
        return Done()
    waited = (attempt.now - attempt.started).total_seconds()
    pause = min(max(waited, FIRST_POLL_SECONDS), LAST_POLL_SECONDS)
    return Waiting(until=attempt.now + timedelta(seconds=pause))


_RUNNING = {
    "Service": "ec2",
    "Api": "DescribeInstanceStatus",
    "InstanceIds": ["i-1"],
    "PropertySelector": "$.InstanceStatuses[0].InstanceState.Name",
    "DesiredValues": ["running"],
}
_START = datetime(2026, 1, 1, tzinfo=UTC)


def _state(*names: str) -> Reply:
    return Reply(
        call="ec2:DescribeInstanceStatus",
        params={"InstanceIds": ["i-1"]},
        answer={"InstanceStatuses": [{"InstanceState": {"Name": name}} for name in names]},
    )


ACTION = Action(
    name="aws:waitForAwsResourceProperty",
    check=resource_property.check,
    run=run,
    timeout_seconds=3600,
    cases=(
        Case(name="there at once", inputs=_RUNNING, replies=(_state("running"),), outcome=Done()),
        Case(
            name="not yet",
            inputs=_RUNNING,
            replies=(_state("pending"),),
            outcome=Waiting(until=_START + timedelta(seconds=0.5)),
        ),
        Case(
            name="a property that is not there yet is waited for; pauses grow",
            inputs=_RUNNING,
            replies=(_state(),),
            elapsed_seconds=8,
            outcome=Waiting(until=_START + timedelta(seconds=16)),
        ),
        Case(
            name="pauses end growing at 30 seconds",
            inputs=_RUNNING,
            replies=(_state("pending"),),
            elapsed_seconds=600,
            outcome=Waiting(until=_START + timedelta(seconds=630)),
        ),
        Case(
            name="no desired values",
            inputs={k: v for k, v in _RUNNING.items() if k != "DesiredValues"},
            refused="DesiredValues must be a list",
        ),
    ),
)
