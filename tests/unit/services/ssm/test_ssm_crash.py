"""An automation killed anywhere resumes after the last step that was committed, and ends as if nothing had been."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ssm_harness import Bench
from triptych.control.store import ControlStore


class Killed(BaseException):
    """The process is gone; nothing catches this."""


class Mortal:
    """A control store whose process is killed before or after its n-th commit."""

    def __init__(self, inner: ControlStore, *, commits: int, after: bool) -> None:
        self.inner = inner
        self.left = commits
        self.after = after

    def unit(self) -> Any:
        unit = self.inner.unit()
        commit = unit.commit

        async def mortal() -> None:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            await commit()
            if self.left == 0:
                raise Killed

        unit.commit = mortal  # type: ignore[method-assign]
        return unit


def api(name: str, **more: Any) -> dict[str, Any]:
    inputs = {"Service": "s3", "Api": "DeleteBucketPolicy", "Bucket": name}
    return {"name": name, "action": "aws:executeAwsApi", "inputs": inputs, **more}


DOCUMENT = json.dumps(
    {
        "schemaVersion": "0.3",
        "mainSteps": [
            api("one"),
            {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT30S"}},
            {
                "name": "look",
                "action": "aws:executeAwsApi",
                "inputs": {"Service": "s3", "Api": "GetBucketVersioning", "Bucket": "look"},
                "outputs": [{"Name": "Status", "Selector": "$.Status", "Type": "String"}],
            },
            {
                "name": "fork",
                "action": "aws:branch",
                "inputs": {
                    "Choices": [
                        {"NextStep": "bad", "Variable": "{{ look.Status }}", "StringEquals": "Enabled"}
                    ]
                },
            },
            api("never"),
            api("bad", maxAttempts=2, onFailure="step:last"),
            api("skipped"),
            api("last"),
        ],
        "outputs": ["look.Status"],
    }
)
ORDER = ["one", "look", "bad", "bad", "last"]


def answer(params: dict[str, Any]) -> dict[str, Any]:
    from triptych.kernel.errors import ServiceError

    if params["Bucket"] == "bad":
        raise ServiceError("NoSuchBucket", "gone", status=404)
    return {}


async def survive(bench: Bench, execution_id: str) -> None:
    """Run to the end; when killed, take over with a copy of what was on disk."""
    for _ in range(60):
        try:
            seconds = await bench.run(execution_id)
        except Killed:
            await bench.reopen()
            continue
        if seconds is None:
            return
        bench.clock.pass_(seconds)
    raise AssertionError("it does not end")


async def started(bench: Bench) -> str:
    bench.gateway.always = {"s3:DeleteBucketPolicy": answer, "s3:GetBucketVersioning": {"Status": "Enabled"}}
    await bench.create(DOCUMENT, form="JSON")
    return await bench.start("Doc")


def outcome(execution: Any) -> Any:
    return (
        execution.status,
        [(run.name, run.status, run.attempt, run.outputs) for run in execution.steps],
        execution.outputs,
    )


COMMITS = 11
"""Enough to be killed at every commit of the document above and once past the end."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("n", range(1, COMMITS + 1))
async def test_killed_at_a_commit(bench: Bench, n: int, after: bool) -> None:
    execution_id = await started(bench)
    mortal = Mortal(bench.control, commits=n, after=after)
    bench.control = mortal  # type: ignore[assignment]
    await survive(bench, execution_id)
    execution = await bench.execution(execution_id)
    assert outcome(execution) == (
        "Failed",
        [
            ("one", "Success", 1, {"OutputPayload": {}}),
            ("nap", "Success", 1, {}),
            ("look", "Success", 1, {"OutputPayload": {"Status": "Enabled"}, "Status": "Enabled"}),
            ("fork", "Success", 1, {}),
            ("never", "Pending", 0, {}),
            ("bad", "Failed", 2, {}),
            ("skipped", "Pending", 0, {}),
            ("last", "Success", 1, {"OutputPayload": {}}),
        ],
        {"look.Status": ["Enabled"]},
    )
    made = [params["Bucket"] for _, params in bench.gateway.calls]
    again = len(made) - len(ORDER)
    assert again in (0, 1), "at most the one attempt that was not committed is made again"
    if again:
        assert not after, "what was committed is not made again"
        assert any(
            made[i] == made[i + 1] and made[: i + 1] + made[i + 2 :] == ORDER for i in range(len(made) - 1)
        )
    else:
        assert made == ORDER
    facts = await bench.statuses(execution_id)
    assert len(facts) == len({json.dumps(fact) for fact in facts}), "no change is told twice"
    assert facts[-1][0] == "Failed"


async def test_the_last_kills_come_after_the_end(bench: Bench) -> None:
    execution_id = await started(bench)
    mortal = Mortal(bench.control, commits=1000, after=True)
    bench.control = mortal  # type: ignore[assignment]
    await survive(bench, execution_id)
    assert 1000 - mortal.left in range(COMMITS - 2, COMMITS + 1), "COMMITS covers every commit"


@pytest.mark.parametrize("n", range(1, len(ORDER) + 1))
@pytest.mark.parametrize("done", [False, True], ids=["not-done", "done"])
async def test_killed_within_a_call(bench: Bench, n: int, done: bool) -> None:
    """``done``: the call took effect and its answer was lost."""
    execution_id = await started(bench)
    inner, count, effects = bench.gateway, 0, []

    async def call(context: Any, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        if count == n and not done:
            raise Killed
        effects.append(params["Bucket"])
        if count == n:
            raise Killed
        return await inner(context, service, operation, params)

    bench.gateway = call  # type: ignore[assignment]
    await survive(bench, execution_id)
    execution = await bench.execution(execution_id)
    assert execution.status == "Failed"
    assert [run.status for run in execution.steps if run.name in ("one", "look", "last")] == ["Success"] * 3
    assert effects == (ORDER[: n - 1] + [ORDER[n - 1]] * (2 if done else 1) + ORDER[n:])


async def test_killed_while_cancelling(bench: Bench) -> None:
    execution_id = await started(bench)
    bench.clock.pass_(1)
    await bench.run(execution_id)  # it naps
    await bench.do("StopAutomationExecution", AutomationExecutionId=execution_id)
    bench.control = Mortal(bench.control, commits=1, after=False)  # type: ignore[assignment]
    await survive(bench, execution_id)
    execution = await bench.execution(execution_id)
    assert execution.status == "Cancelled"
    assert [p["Bucket"] for _, p in bench.gateway.calls] == ["one"]
