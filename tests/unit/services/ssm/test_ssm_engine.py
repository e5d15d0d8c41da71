"""Automations on a real control store: order, failure, time, identity."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ssm_harness import ACCOUNT, ALICE, CONFIG, REGION, Bench, role_session
from triptych.control.store import Job
from triptych.kernel.context import Cause
from triptych.kernel.errors import ServiceError
from triptych.services.ssm.engine import automate, bury
from triptych.services.ssm.execution import EXECUTIONS, JOB, Execution


def step(name: str, bucket: str = "", **more: Any) -> dict[str, Any]:
    """A step that deletes the policy of a bucket of its own name, so that calls tell steps."""
    inputs = {"Service": "s3", "Api": "DeleteBucketPolicy", "Bucket": bucket or name}
    return {"name": name, "action": "aws:executeAwsApi", "inputs": inputs, **more}


def document(*steps: dict[str, Any], **more: Any) -> str:
    import json

    return json.dumps({"schemaVersion": "0.3", "mainSteps": list(steps), **more})


def buckets(bench: Bench) -> list[str]:
    return [params["Bucket"] for _, params in bench.gateway.calls]


def statuses(execution: Execution) -> dict[str, str]:
    return {run.name: run.status for run in execution.steps}


def failing(*names: str, times: int = 1000) -> Any:
    """DeleteBucketPolicy fails for these buckets, the first so many times."""
    failed: dict[str, int] = {}

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        bucket = params["Bucket"]
        failed[bucket] = failed.get(bucket, 0) + 1
        if bucket in names and failed[bucket] <= times:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", status=404)
        return {}

    return {"s3:DeleteBucketPolicy": answer}


async def execute(bench: Bench, content: str, **parameters: list[str]) -> Execution:
    await bench.create(content, form="JSON")
    return await bench.finish(await bench.start("Doc", **parameters))


async def test_steps_run_in_order_and_every_change_is_a_fact(bench: Bench) -> None:
    bench.gateway.always = failing()
    execution = await execute(bench, document(step("one"), step("two")))
    assert execution.status == "Success"
    assert buckets(bench) == ["one", "two"]
    assert await bench.statuses(execution.id) == [
        ("Pending", ["Pending", "Pending"]),
        ("InProgress", ["InProgress", "Pending"]),
        ("InProgress", ["Success", "InProgress"]),
        ("Success", ["Success", "Success"]),
    ]
    last = (await bench.control.facts_after(0, limit=100))[-1]
    assert last.subject == f"arn:aws:ssm:{REGION}:{ACCOUNT}:automation-execution/{execution.id}"
    assert last.body["DocumentName"] == "Doc"
    assert last.body["StepExecutions"][1] == {
        "StepName": "two",
        "Action": "aws:executeAwsApi",
        "StepStatus": "Success",
        "ExecutionStartTime": "2026-03-04T05:06:07+00:00",
        "ExecutionEndTime": "2026-03-04T05:06:07+00:00",
    }


async def test_failure_aborts_with_aws_words(bench: Bench) -> None:
    bench.gateway.always = failing("two")
    execution = await execute(bench, document(step("one"), step("two"), step("three")))
    assert statuses(execution) == {"one": "Success", "two": "Failed", "three": "Pending"}
    assert execution.status == "Failed"
    assert execution.failure == (
        "Step fails when it is Execute/Cancelling action. An error occurred (NoSuchBucket) when calling the "
        "DeleteBucketPolicy operation: The specified bucket does not exist"
    )
    assert buckets(bench) == ["one", "two"]


@pytest.mark.parametrize(
    ("failed_step", "ran", "status"),
    [
        ({"onFailure": "Continue"}, ["one", "two"], "Success"),
        ({"onFailure": "Continue", "isCritical": True}, ["one", "two"], "Failed"),
        ({"onFailure": "Continue", "isEnd": True}, ["one"], "Success"),
        ({"onFailure": "Continue", "nextStep": "three"}, ["one", "three"], "Success"),
        ({"onFailure": "step:three"}, ["one", "three"], "Failed"),
        ({"onFailure": "step:three", "isCritical": False}, ["one", "three"], "Success"),
        ({"onFailure": "Abort", "isCritical": False}, ["one"], "Failed"),
        ({}, ["one"], "Failed"),
    ],
)
async def test_on_failure(bench: Bench, failed_step: dict, ran: list[str], status: str) -> None:
    bench.gateway.always = failing("one")
    execution = await execute(
        bench, document(step("one", **failed_step), step("two", isEnd=True), step("three"))
    )
    assert buckets(bench) == ran
    assert execution.status == status
    assert bool(execution.failure) == (status == "Failed")


async def test_next_step_and_end(bench: Bench) -> None:
    bench.gateway.always = failing()
    execution = await execute(
        bench, document(step("one", nextStep="three"), step("two", isEnd=True), step("three", nextStep="two"))
    )
    assert buckets(bench) == ["one", "three", "two"]
    assert execution.status == "Success"


async def test_retries_pause_and_count(bench: Bench) -> None:
    bench.gateway.always = failing("one", times=2)
    await bench.create(document(step("one", maxAttempts=3)), form="JSON")
    execution_id = await bench.start("Doc")
    assert await bench.run(execution_id) == 1.0
    assert await bench.run(execution_id) == 1.0, "woken early, it must not try early"
    assert len(bench.gateway.calls) == 1
    bench.clock.pass_(1)
    assert await bench.run(execution_id) == 2.0
    bench.clock.pass_(2)
    assert await bench.run(execution_id) is None
    execution = await bench.execution(execution_id)
    assert (execution.status, execution.steps[0].attempt, execution.steps[0].failure) == ("Success", 3, None)


async def test_attempts_used_up(bench: Bench) -> None:
    bench.gateway.always = failing("one")
    execution = await execute(bench, document(step("one", maxAttempts=2)))
    assert (execution.status, len(bench.gateway.calls)) == ("Failed", 2)


WAIT = {
    "name": "wait",
    "action": "aws:waitForAwsResourceProperty",
    "timeoutSeconds": 60,
    "inputs": {
        "Service": "s3",
        "Api": "GetBucketVersioning",
        "Bucket": "b",
        "PropertySelector": "$.Status",
        "DesiredValues": ["Enabled"],
    },
}


async def test_wait_polls_without_blocking(bench: Bench) -> None:
    bench.gateway.script = [
        ("s3:GetBucketVersioning", {}),
        ("s3:GetBucketVersioning", {"Status": "Suspended"}),
        ("s3:GetBucketVersioning", {"Status": "Enabled"}),
    ]
    await bench.create(document(WAIT), form="JSON")
    execution_id = await bench.start("Doc")
    assert await bench.run(execution_id) == 0.5
    bench.clock.pass_(0.5)
    assert await bench.run(execution_id) == 0.5
    bench.clock.pass_(0.5)
    assert await bench.run(execution_id) is None
    assert (await bench.execution(execution_id)).status == "Success"


async def test_timeout_counts_across_restarts(bench: Bench) -> None:
    bench.gateway.always = {"s3:GetBucketVersioning": {}}
    await bench.create(document(WAIT), form="JSON")
    execution_id = await bench.start("Doc")
    bench.clock.pass_(1000)  # waiting for a worker is not waiting for the bucket
    await bench.run(execution_id)
    bench.clock.pass_(50)
    await bench.reopen()
    assert await bench.run(execution_id) == 10, "no look beyond the deadline"
    bench.clock.pass_(10)
    await bench.reopen()
    assert await bench.run(execution_id) is None
    execution = await bench.execution(execution_id)
    assert (execution.status, execution.steps[0].status) == ("TimedOut", "TimedOut")
    assert "60 seconds" in execution.failure
    assert len(bench.gateway.calls) == 2


async def test_timeout_is_per_attempt_and_follows_on_failure(bench: Bench) -> None:
    bench.gateway.always = {"s3:GetBucketVersioning": {}, **failing()}
    wait = {**WAIT, "maxAttempts": 2, "onFailure": "step:two"}
    await bench.create(document(wait, step("one"), step("two")), form="JSON")
    began = bench.clock.now()
    execution = await bench.finish(await bench.start("Doc"))
    assert statuses(execution) == {"wait": "TimedOut", "one": "Pending", "two": "Success"}
    assert execution.status == "TimedOut"
    assert (bench.clock.now() - began).total_seconds() == 60 + 1 + 60


async def test_call_that_fails_late_has_timed_out_but_success_counts(bench: Bench) -> None:
    def slow(params: dict[str, Any]) -> dict[str, Any]:
        bench.clock.pass_(30)
        if params["Bucket"] == "bad":
            raise ServiceError("SlowDown", "Reduce your request rate.", status=503)
        return {}

    bench.gateway.always = {"s3:DeleteBucketPolicy": slow}
    execution = await execute(
        bench, document(step("good", timeoutSeconds=10), step("bad", timeoutSeconds=10))
    )
    assert statuses(execution) == {"good": "Success", "bad": "TimedOut"}


async def test_sleep_survives_restarts(bench: Bench) -> None:
    nap = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    await bench.create(document(nap), form="JSON")
    execution_id = await bench.start("Doc")
    assert await bench.run(execution_id) == 3600
    bench.clock.pass_(3599)
    await bench.reopen()
    assert await bench.run(execution_id) == 1
    bench.clock.pass_(1)
    assert await bench.run(execution_id) is None
    assert (await bench.execution(execution_id)).status == "Success"


async def test_branch_chooses_and_loops_end(bench: Bench) -> None:
    bench.gateway.always = failing()
    branch = {
        "name": "again",
        "action": "aws:branch",
        "inputs": {"Choices": [{"NextStep": "one", "Variable": "{{ Go }}", "StringEquals": "on"}]},
        "isEnd": True,
    }
    parameters = {"Go": {"type": "String", "default": "off"}}
    await bench.create(document(step("one"), branch, parameters=parameters), form="JSON")
    assert (await bench.finish(await bench.start("Doc"))).status == "Success"
    assert buckets(bench) == ["one"]
    bench.gateway.calls.clear()
    execution = await bench.finish(await bench.start("Doc", Go=["on"]))
    assert execution.status == "Failed"
    assert "500 steps" in execution.failure
    assert len(bench.gateway.calls) == 250


async def test_outputs_flow_with_their_types(bench: Bench) -> None:
    describe = {
        "name": "describe",
        "action": "aws:executeAwsApi",
        "inputs": {"Service": "ec2", "Api": "DescribeInstances"},
        "outputs": [
            {"Name": "Ids", "Selector": "$.Reservations[*].Instances[*].InstanceId", "Type": "StringList"},
            {"Name": "Tags", "Selector": "$.Reservations[0].Instances[0].Tags", "Type": "MapList"},
            {"Name": "Code", "Selector": "$.Reservations[0].Instances[0].State.Code", "Type": "Integer"},
        ],
    }
    stop = {
        "name": "stop",
        "action": "aws:executeAwsApi",
        "inputs": {
            "Service": "ec2",
            "Api": "CreateTags",
            "Resources": ["{{ describe.Ids }}", "i-{{ describe.Code }}"],
            "Tags": "{{ describe.Tags }}",
        },
    }
    reply = {
        "Reservations": [
            {
                "Instances": [
                    {
                        "InstanceId": "i-1",
                        "Tags": [{"Key": "a", "Value": "{{ Nope }}"}],
                        "State": {"Code": 16},
                        "LaunchTime": bench.clock.now(),
                    },
                    {"InstanceId": "i-2"},
                ]
            }
        ]
    }
    bench.gateway.script = [("ec2:DescribeInstances", reply), ("ec2:CreateTags", {})]
    execution = await execute(bench, document(describe, stop, outputs=["describe.Ids", "stop.OutputPayload"]))
    assert execution.status == "Success", execution.failure
    assert bench.gateway.calls[1][1] == {
        "Resources": ["i-1", "i-2", "i-16"],
        "Tags": [{"Key": "a", "Value": "{{ Nope }}"}],
    }
    assert execution.outputs == {"describe.Ids": ["i-1", "i-2"], "stop.OutputPayload": ["{}"]}
    shown = (await bench.do("GetAutomationExecution", AutomationExecutionId=execution.id))[
        "AutomationExecution"
    ]
    first = shown["StepExecutions"][0]
    assert first["Outputs"]["Code"] == ["16"]
    assert '"LaunchTime":"2026-03-04T05:06:07Z"' in first["Outputs"]["OutputPayload"][0]
    assert first["Inputs"] == {"Service": '"ec2"', "Api": '"DescribeInstances"'}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"Name": "X", "Selector": "$.Nope", "Type": "String"}, "the reply has nothing at $.Nope"),
        ({"Name": "X", "Selector": "$.Status", "Type": "Integer"}, "Enabled is not of type Integer"),
    ],
)
async def test_output_that_is_not_there_fails_the_step(bench: Bench, output: dict, message: str) -> None:
    bench.gateway.always = {"s3:GetBucketVersioning": {"Status": "Enabled"}}
    look = {
        "name": "look",
        "action": "aws:executeAwsApi",
        "inputs": {"Service": "s3", "Api": "GetBucketVersioning", "Bucket": "b"},
        "outputs": [output],
    }
    execution = await execute(bench, document(look))
    assert execution.status == "Failed"
    assert message in execution.failure


async def test_reference_to_a_step_that_failed(bench: Bench) -> None:
    bench.gateway.always = failing("one")
    execution = await execute(
        bench,
        document(
            step("one", onFailure="Continue"), step("two", bucket="{{ one.OutputPayload }}", maxAttempts=3)
        ),
    )
    assert execution.status == "Failed"
    assert "validating and resolving the step inputs" in execution.failure
    assert buckets(bench) == ["one"]


async def test_large_payload_is_not_kept_but_its_outputs_are(bench: Bench) -> None:
    reply = {"Status": "Enabled", "MFADelete": "x" * 200_000}
    bench.gateway.always = {"s3:GetBucketVersioning": reply, **failing()}
    look = {
        "name": "look",
        "action": "aws:executeAwsApi",
        "inputs": {"Service": "s3", "Api": "GetBucketVersioning", "Bucket": "b"},
        "outputs": [{"Name": "Status", "Selector": "$.Status", "Type": "String"}],
    }
    execution = await execute(bench, document(look, step("two", bucket="{{ look.Status }}")))
    assert execution.status == "Success"
    assert execution.steps[0].outputs == {"Status": "Enabled"}
    assert "not kept" in execution.steps[0].warning


async def test_globals(bench: Bench) -> None:
    bench.gateway.always = failing()
    name = "{{ global:ACCOUNT_ID }}/{{ global:REGION }}/{{ global:DATE }}/{{global:DATE_TIME}}/{{ automation:EXECUTION_ID }}"
    execution = await execute(bench, document(step("one", bucket=name)))
    assert buckets(bench) == [f"{ACCOUNT}/{REGION}/2026-03-04/2026-03-04_05.06.07/{execution.id}"]


async def test_another_process_was_quicker(bench: Bench) -> None:
    """A process whose claim ran out while it called comes back: its attempt counts no second time."""
    late = True

    async def answer(params: dict[str, Any]) -> dict[str, Any]:
        nonlocal late
        if late:
            late = False
            await bench.run(execution_id)
        raise ServiceError("NoSuchBucket", "gone", status=404)

    bench.gateway.always = {"s3:DeleteBucketPolicy": answer}
    await bench.create(document(step("one", maxAttempts=3)), form="JSON")
    execution_id = await bench.start("Doc")
    assert await bench.run(execution_id) == 1.0
    assert (await bench.execution(execution_id)).steps[0].attempt == 2
    assert (await bench.finish(execution_id)).status == "Failed"
    assert len(bench.gateway.calls) == 4


# Who calls.


async def test_without_a_role_the_starter_calls_through_the_service(bench: Bench) -> None:
    bench.gateway.always = failing()
    await execute(bench, document(step("one")))
    who = bench.gateway.contexts[0].identity
    assert (who.arn, who.invoked_by) == (ALICE.arn, "ssm.amazonaws.com")


async def test_started_by_a_service_the_service_calls(bench: Bench) -> None:
    bench.gateway.always = failing()
    bench.identity = CONFIG
    execution = await execute(bench, document(step("one")))
    who = bench.gateway.contexts[0].identity
    assert (who.kind, who.invoked_by, who.account) == ("AWSService", "ssm.amazonaws.com", ACCOUNT)
    assert execution.executed_by == "config.amazonaws.com"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/repair"
WITH_ROLE = {
    "assumeRole": "{{ AutomationAssumeRole }}",
    "parameters": {"AutomationAssumeRole": {"type": "String", "default": ""}},
}


async def test_role_is_assumed_once_and_used(bench: Bench) -> None:
    bench.gateway.always = {"sts:AssumeRole": role_session(ROLE), **failing()}
    execution = await execute(
        bench, document(step("one"), step("two"), **WITH_ROLE), AutomationAssumeRole=[ROLE]
    )
    assert execution.status == "Success"
    assert bench.gateway.names() == ["sts:AssumeRole", "s3:DeleteBucketPolicy", "s3:DeleteBucketPolicy"]
    assert bench.gateway.calls[0][1] == {
        "RoleArn": ROLE,
        "RoleSessionName": f"Automation-{execution.id}",
    }
    assert bench.gateway.contexts[0].identity.invoked_by == "ssm.amazonaws.com"
    who = bench.gateway.contexts[2].identity
    assert (who.kind, who.principal_id, who.access_key_id) == (
        "AssumedRole",
        "AROAROLE:Automation-x",
        "ASIASESSION",
    )
    assert who.issuer is not None
    assert (who.issuer.user_name, who.issuer.principal_id, who.issuer.arn) == ("repair", "AROAROLE", ROLE)
    assert execution.session is None, "no session outlives its use"


async def test_role_session_survives_waits_and_is_renewed_before_its_end(bench: Bench) -> None:
    bench.gateway.always = {
        "sts:AssumeRole": lambda params: role_session(ROLE, until=bench.clock.now() + timedelta(hours=1)),
        "s3:GetBucketVersioning": {},
    }
    wait = {**WAIT, "timeoutSeconds": 9000}
    await bench.create(document(wait, **WITH_ROLE), form="JSON")
    execution_id = await bench.start("Doc", AutomationAssumeRole=[ROLE])
    await bench.run(execution_id)
    bench.clock.pass_(10)
    await bench.reopen()
    await bench.run(execution_id)
    assert bench.gateway.names().count("sts:AssumeRole") == 1
    bench.clock.pass_(55 * 60)
    await bench.run(execution_id)
    assert bench.gateway.names().count("sts:AssumeRole") == 2


async def test_role_that_cannot_be_assumed_fails_the_execution_whatever_the_step_says(bench: Bench) -> None:
    bench.gateway.always = {"sts:AssumeRole": ServiceError("AccessDenied", "no", status=403)}
    execution = await execute(
        bench,
        document(step("one", onFailure="Continue"), step("two"), **WITH_ROLE),
        AutomationAssumeRole=[ROLE],
    )
    assert execution.status == "Failed"
    assert execution.failure.startswith("The defined assume role is unable to be assumed.")
    assert statuses(execution) == {"one": "Failed", "two": "Pending"}


async def test_empty_role_means_none(bench: Bench) -> None:
    bench.gateway.always = failing()
    assert (await execute(bench, document(step("one"), **WITH_ROLE))).status == "Success"
    assert bench.gateway.names() == ["s3:DeleteBucketPolicy"]


async def test_cause_reaches_calls_and_facts(bench: Bench) -> None:
    bench.gateway.always = failing()
    await bench.create(document(step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    cause = Cause(parent="p", origin="o", depth=3)
    job = Job(
        id="j", kind=JOB, account=ACCOUNT, region=REGION, run_at=bench.clock.now(), cause=cause,
        body={"AutomationExecutionId": execution_id},
    )  # fmt: skip
    await automate(bench.ctx(cause=cause), job)
    assert bench.gateway.contexts[0].cause == cause
    facts = [f for f in await bench.control.facts_after(0, limit=100) if f.kind == "AutomationChanged"]
    assert {f.cause for f in facts[1:]} == {cause}
    assert facts[0].cause is not None, "the call that started it"


async def test_defect_leaves_the_execution_as_it_was_and_its_burial_ends_it(bench: Bench) -> None:
    bench.gateway.always = {"s3:DeleteBucketPolicy": RuntimeError("a bug")}
    await bench.create(document(step("one", onFailure="Continue")), form="JSON")
    execution_id = await bench.start("Doc")
    with pytest.raises(RuntimeError):
        await bench.run(execution_id)
    assert (await bench.execution(execution_id)).status == "InProgress"
    job = Job(
        id="j", kind=JOB, account=ACCOUNT, region=REGION, run_at=bench.clock.now(),
        body={"AutomationExecutionId": execution_id},
    )  # fmt: skip
    ctx = bench.ctx()
    await bury(ctx, job, "RuntimeError: a bug")
    await ctx.unit.commit()
    execution = await bench.execution(execution_id)
    assert (execution.status, statuses(execution)) == ("Failed", {"one": "Failed"})
    assert "a bug" in execution.failure
    assert await bench.run(execution_id) is None
    assert (await bench.statuses(execution_id))[-1] == ("Failed", ["Failed"])
    ctx = bench.ctx()
    await bury(ctx, job, "again")
    await ctx.unit.commit()
    assert await bench.execution(execution_id) == execution


async def test_document_changed_or_deleted_meanwhile_does_not_matter(bench: Bench) -> None:
    bench.gateway.always = failing()
    nap = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    await bench.create(document(nap, step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    await bench.run(execution_id)
    await bench.do("DeleteDocument", Name="Doc")
    bench.clock.pass_(3600)
    assert await bench.run(execution_id) is None
    assert (await bench.execution(execution_id)).status == "Success"


# Stop.


async def stopped(bench: Bench, execution_id: str, **params: Any) -> Execution:
    await bench.do("StopAutomationExecution", AutomationExecutionId=execution_id, **params)
    return await bench.execution(execution_id)


async def test_cancel_a_waiting_step(bench: Bench) -> None:
    nap = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    await bench.create(document(nap, step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    await bench.run(execution_id)
    assert (await stopped(bench, execution_id)).status == "Cancelling"
    again = await bench.refused("StopAutomationExecution", AutomationExecutionId=execution_id)
    assert again.code == "InvalidAutomationStatusUpdateException"
    assert await bench.run(execution_id) is None
    execution = await bench.execution(execution_id)
    assert (execution.status, statuses(execution)) == (
        "Cancelled",
        {"nap": "Cancelled", "one": "Pending"},
    )
    assert [s for s, _ in await bench.statuses(execution_id)] == [
        "Pending",
        "InProgress",
        "Cancelling",
        "Cancelled",
    ]
    over = await bench.refused("StopAutomationExecution", AutomationExecutionId=execution_id)
    assert over.code == "InvalidAutomationStatusUpdateException"


async def test_cancel_before_the_start(bench: Bench) -> None:
    await bench.create(document(step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    await stopped(bench, execution_id)
    assert (await bench.finish(execution_id)).status == "Cancelled"
    assert bench.gateway.calls == []


@pytest.mark.parametrize("kind", ["Cancel", "Complete"])
async def test_stop_while_a_call_is_under_way_keeps_its_outcome(bench: Bench, kind: str) -> None:
    async def stop_meanwhile(params: dict[str, Any]) -> dict[str, Any]:
        await bench.do("StopAutomationExecution", AutomationExecutionId=execution_id, Type=kind)
        return {}

    bench.gateway.always = {"s3:DeleteBucketPolicy": stop_meanwhile}
    await bench.create(document(step("one"), step("two")), form="JSON")
    execution_id = await bench.start("Doc")
    execution = await bench.finish(execution_id)
    assert statuses(execution) == {"one": "Success", "two": "Pending"}
    assert execution.status == ("Cancelled" if kind == "Cancel" else "Success")
    assert len(bench.gateway.calls) == 1


async def test_complete_lets_a_waiting_step_end(bench: Bench) -> None:
    nap = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    await bench.create(document(nap, step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    await bench.run(execution_id)
    await stopped(bench, execution_id, Type="Complete")
    execution = await bench.finish(execution_id)
    assert (execution.status, statuses(execution)) == ("Success", {"nap": "Success", "one": "Pending"})


async def test_on_cancel_runs_its_steps_and_ends_cancelled(bench: Bench) -> None:
    bench.gateway.always = failing()
    nap = {
        "name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}, "onCancel": "step:tidy",
    }  # fmt: skip
    await bench.create(document(nap, step("one", isEnd=True), step("tidy"), step("more")), form="JSON")
    execution_id = await bench.start("Doc")
    await bench.run(execution_id)
    await stopped(bench, execution_id)
    execution = await bench.finish(execution_id)
    assert execution.status == "Cancelled"
    assert buckets(bench) == ["tidy", "more"]


async def test_on_cancel_has_two_minutes(bench: Bench) -> None:
    nap = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}, "onCancel": "step:nap2"}
    await bench.create(document(nap, {**nap, "name": "nap2"}), form="JSON")
    execution_id = await bench.start("Doc")
    await bench.run(execution_id)
    await stopped(bench, execution_id)
    await bench.run(execution_id)
    bench.clock.pass_(121)
    assert await bench.run(execution_id) is None
    execution = await bench.execution(execution_id)
    assert (execution.status, statuses(execution)) == (
        "Cancelled",
        {"nap": "Cancelled", "nap2": "Cancelled"},
    )


async def test_conflicts_without_end_are_not_swallowed(bench: Bench) -> None:
    from triptych.control.store import Conflict

    count = 0

    async def meddle(params: dict[str, Any]) -> dict[str, Any]:
        return {}

    class Meddled:
        """A store in which somebody else changes the execution before every commit."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def unit(self) -> Any:
            unit = self.inner.unit()
            commit = unit.commit

            async def late() -> None:
                nonlocal count
                count += 1
                other = self.inner.unit()
                value = await other.get(EXECUTIONS, execution_id, account=ACCOUNT, region=REGION)
                import msgspec

                other.put(
                    EXECUTIONS,
                    execution_id,
                    msgspec.structs.replace(value, tags={"n": str(count)}),
                    account=ACCOUNT,
                    region=REGION,
                )
                await other.commit()
                await commit()

            unit.commit = late
            return unit

    bench.gateway.always = {"s3:DeleteBucketPolicy": meddle}
    await bench.create(document(step("one")), form="JSON")
    execution_id = await bench.start("Doc")
    real = bench.control
    bench.control = Meddled(real)  # type: ignore[assignment]
    with pytest.raises(Conflict):
        await bench.run(execution_id)
    bench.control = real
    assert count == 8
    assert (await bench.finish(execution_id)).status == "Success"
