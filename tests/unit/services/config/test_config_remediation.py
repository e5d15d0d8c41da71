"""Remediation: from NON_COMPLIANT to repaired, through failures, exceptions and crashes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from config_bench import Bench
from test_config_capture import ENCRYPTED, refused
from test_config_rules import expose, put, verdicts

from triptych.kernel.errors import ServiceError
from triptych.services.config.repair_loop import REMEDIATION

RUNBOOK = "AWS-EnableS3BucketEncryption"
BUCKET = [{"resourceType": "AWS::S3::Bucket", "resourceId": "b"}]
SCOPE = {"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "b"}


def remediation(**more: Any) -> dict[str, Any]:
    return {
        "ConfigRuleName": "r",
        "TargetType": "SSM_DOCUMENT",
        "TargetId": RUNBOOK,
        "Parameters": {
            "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
            "SSEAlgorithm": {"StaticValue": {"Values": ["AES256"]}},
        },
        **more,
    }


async def prepare(bench: Bench, *, encrypted: bool = True, **more: Any) -> None:
    """A recorded bucket, a rule on it, and its remediation."""
    bench.estate.documents[RUNBOOK] = ["BucketName", "SSEAlgorithm", "AutomationAssumeRole"]
    bench.estate.bucket("b", **({"GetBucketEncryption": ENCRYPTED} if encrypted else {}))
    await bench.recording()
    await put(bench, Scope=SCOPE)
    reply = await bench.api("PutRemediationConfigurations", RemediationConfigurations=[remediation(**more)])
    assert reply["FailedBatches"] == []
    await bench.settle()


def starts(bench: Bench) -> list[dict[str, Any]]:
    return [
        params for _, _, operation, params in bench.estate.calls if operation == "StartAutomationExecution"
    ]


def states(bench: Bench) -> list[tuple[str, int]]:
    return [(fact.body["state"], fact.body["attempt"]) for fact in bench.of_kind("RemediationChanged")]


async def status(bench: Bench) -> dict[str, Any]:
    found = await bench.api("DescribeRemediationExecutionStatus", ConfigRuleName="r", ResourceKeys=BUCKET)
    (shown,) = found["RemediationExecutionStatuses"]
    return shown


async def exceptions(bench: Bench) -> list[dict[str, Any]]:
    return (await bench.api("DescribeRemediationExceptions", ConfigRuleName="r"))["RemediationExceptions"]


def repair_on_start(bench: Bench) -> None:
    """What the runbook does, at once; that it is done nobody says."""

    def repaired(automation_id: str) -> None:
        bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
        bench.estate.automations[automation_id]["status"] = "Success"

    bench.estate.on_start = repaired


def end_on_start(bench: Bench, ended: str) -> None:
    bench.estate.on_start = lambda automation_id: bench.estate.automations[automation_id].update(
        status=ended, message="it did not work"
    )


# --- the loop --------------------------------------------------------------------------------------------


async def test_a_slip_is_repaired_and_every_step_is_told(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    slip_at = len(bench.facts)
    await expose(bench, "b")
    (start,) = starts(bench)
    assert start["DocumentName"] == RUNBOOK
    assert start["Parameters"] == {"BucketName": ["b"], "SSEAlgorithm": ["AES256"]}
    (automation_id,) = bench.estate.automations
    begun = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
    await bench.automation(
        automation_id,
        "InProgress",
        StepName="PutEncryption",
        StepStatus="InProgress",
        ExecutionStartTime=begun,
    )
    await bench.settle()
    shown = await status(bench)
    assert shown["State"] == "IN_PROGRESS"
    assert shown["StepDetails"] == [{"Name": "PutEncryption", "State": "IN_PROGRESS", "StartTime": begun}]
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.happened("PutBucketEncryption", {"Bucket": "b"})
    await bench.automation(
        automation_id,
        "Success",
        StepName="PutEncryption",
        StepStatus="Success",
        ExecutionStartTime=begun,
        ExecutionEndTime=begun + timedelta(seconds=1),
    )
    await bench.settle()
    shown = await status(bench)
    assert shown["State"] == "SUCCEEDED"
    assert shown["StepDetails"][0]["StopTime"] == begun + timedelta(seconds=1)
    assert states(bench) == [("QUEUED", 1), ("IN_PROGRESS", 1), ("SUCCEEDED", 1)]
    assert await verdicts(bench) == {"b": "COMPLIANT"}
    # one story: slip -> item -> verdict -> remediation -> the call that repairs
    slip = bench.facts[slip_at]
    queued, started = bench.of_kind("RemediationChanged")[:2]
    assert queued.body["resource"] == "AWS::S3::Bucket/b"
    assert queued.cause is not None and started.cause is not None
    assert queued.cause.origin == started.cause.origin == slip.id
    assert queued.cause.depth == 3
    assert started.body["AutomationExecutionId"] == automation_id
    (context,) = (c for c, _, operation, _ in bench.estate.calls if operation == "StartAutomationExecution")
    assert context.cause == queued.cause
    # nothing is left to do
    await bench.later(600)
    assert len(starts(bench)) == 1
    assert await bench.jobs() == []


async def test_an_end_that_nobody_told_is_found_by_asking(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    repair_on_start(bench)
    await expose(bench, "b")
    assert (await status(bench))["State"] == "IN_PROGRESS"
    await bench.later(2)
    assert (await status(bench))["State"] == "SUCCEEDED"
    assert await verdicts(bench) == {"b": "COMPLIANT"}


async def test_asking_gets_rarer(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    await expose(bench, "b")
    await bench.later(600)
    asked = Counter(operation for _, _, operation, _ in bench.estate.calls)["GetAutomationExecution"]
    assert 20 <= asked <= 40
    assert (await status(bench))["State"] == "IN_PROGRESS"


async def test_existing_resources_are_repaired_when_the_configuration_comes(bench: Bench) -> None:
    await prepare(bench, encrypted=False, Automatic=True)
    assert len(starts(bench)) == 1


async def test_without_automatic_nothing_starts_until_asked(bench: Bench) -> None:
    await prepare(bench)
    await expose(bench, "b")
    assert starts(bench) == []
    repair_on_start(bench)
    assert await bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=BUCKET) == {}
    busy = await bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=BUCKET)
    assert busy["FailedItems"] == BUCKET
    await bench.later(2)
    assert (await status(bench))["State"] == "SUCCEEDED"
    assert len(starts(bench)) == 1


async def test_on_demand_failures_are_shown_and_not_tried_again(bench: Bench) -> None:
    await prepare(bench)
    end_on_start(bench, "Failed")
    await bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=BUCKET)
    await bench.later(600)
    shown = await status(bench)
    assert shown["State"] == "FAILED"
    assert shown["StepDetails"][-1]["ErrorMessage"] == "it did not work"
    assert len(starts(bench)) == 1
    assert await exceptions(bench) == []


async def test_one_started_by_hand_stands_in_for_the_automatic_one(bench: Bench) -> None:
    await prepare(bench, Automatic=True, MaximumAutomaticAttempts=2, RetryAttemptSeconds=10)
    await bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=BUCKET)
    await bench.settle()
    await expose(bench, "b")
    (automation_id,) = bench.estate.automations
    repair_on_start(bench)
    await bench.automation(automation_id, "Failed")
    await bench.later(20)
    assert [state for state, _ in states(bench)] == [
        "QUEUED",
        "IN_PROGRESS",
        "FAILED",
        "QUEUED",
        "IN_PROGRESS",
        "SUCCEEDED",
    ]
    assert await verdicts(bench) == {"b": "COMPLIANT"}


async def test_unknown_resources_cannot_be_remediated(bench: Bench) -> None:
    await prepare(bench)
    nobody = [{"resourceType": "AWS::S3::Bucket", "resourceId": "nobody"}]
    reply = await bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=nobody + BUCKET)
    assert reply["FailedItems"] == nobody
    await bench.settle()
    assert [start["Parameters"]["BucketName"] for start in starts(bench)] == [["b"]]


# --- failures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", ["Failed", "TimedOut", "Cancelled"])
async def test_failures_are_tried_again_within_the_window_and_then_excepted(bench: Bench, ended: str) -> None:
    await prepare(bench, Automatic=True, MaximumAutomaticAttempts=3, RetryAttemptSeconds=60)
    end_on_start(bench, ended)
    await expose(bench, "b")
    begun = bench.clock.now()
    await bench.later(65)
    assert states(bench) == [
        (state, attempt) for attempt in (1, 2, 3) for state in ("QUEUED", "IN_PROGRESS", "FAILED")
    ]
    # three attempts, three tokens, all within the window
    assert len({start["ClientToken"] for start in starts(bench)}) == 3
    last = bench.of_kind("RemediationChanged")[-1]
    assert timedelta(seconds=30) <= last.time - begun <= timedelta(seconds=60)
    (exception,) = await exceptions(bench)
    assert exception["ResourceId"] == "b"
    assert "3 times" in exception["Message"]
    await bench.later(600)
    assert len(starts(bench)) == 3
    # excepted until somebody says otherwise
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.happened("PutBucketEncryption", {"Bucket": "b"})
    await bench.settle()
    await expose(bench, "b")
    assert len(starts(bench)) == 3
    keys = [{"ResourceType": "AWS::S3::Bucket", "ResourceId": "b"}]
    await bench.api("DeleteRemediationExceptions", ConfigRuleName="r", ResourceKeys=keys)
    await bench.api("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    await bench.settle()
    assert len(starts(bench)) == 4
    assert states(bench)[-1] == ("IN_PROGRESS", 1)


async def test_a_success_that_repairs_nothing_is_a_failed_attempt(bench: Bench) -> None:
    await prepare(bench, Automatic=True, MaximumAutomaticAttempts=2, RetryAttemptSeconds=10)
    end_on_start(bench, "Success")
    await expose(bench, "b")
    await bench.later(20)
    assert [state for state, _ in states(bench)] == ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED"] * 2
    (exception,) = await exceptions(bench)
    assert "still NON_COMPLIANT" in exception["Message"]


async def test_what_came_right_by_itself_is_not_tried_again(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    end_on_start(bench, "Failed")
    await expose(bench, "b")
    await bench.later(1)
    assert states(bench)[-1] == ("FAILED", 1)
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.happened("PutBucketEncryption", {"Bucket": "b"})
    await bench.later(600)
    assert len(starts(bench)) == 1
    assert await bench.jobs() == []
    # and the next slip starts counting anew
    await expose(bench, "b")
    assert states(bench)[-1] == ("IN_PROGRESS", 1)


async def test_a_refused_start_is_a_failed_attempt(bench: Bench) -> None:
    await prepare(bench, Automatic=True, MaximumAutomaticAttempts=1)
    bench.estate.broken["StartAutomationExecution"] = ServiceError(
        "InvalidAutomationExecutionParametersException", "Missing parameter"
    )
    await expose(bench, "b")
    shown = await status(bench)
    assert shown["State"] == "FAILED"
    assert "Missing parameter" in shown["StepDetails"][-1]["ErrorMessage"]
    assert len(await exceptions(bench)) == 1


async def test_a_passing_trouble_of_ssm_is_the_jobs_to_retry(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    bench.estate.broken["StartAutomationExecution"] = ServiceError("InternalServerError", "later", status=500)
    with pytest.raises(ServiceError):
        await expose(bench, "b")
    await bench.react()
    assert states(bench) == [("QUEUED", 1)]
    bench.estate.broken.clear()
    await bench.settle()
    assert states(bench) == [("QUEUED", 1), ("IN_PROGRESS", 1)]
    assert len({start["ClientToken"] for start in starts(bench)}) == 1


async def test_a_job_given_up_does_not_look_alive(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    bench.estate.broken["StartAutomationExecution"] = ServiceError("InternalServerError", "later", status=500)
    with pytest.raises(ServiceError):
        await expose(bench, "b")
    (job,) = [job for job in await bench.jobs() if job.kind == "config.remediation"]
    ctx = bench.ctx(account=job.account, region=job.region)
    assert REMEDIATION.dead is not None
    await REMEDIATION.dead(ctx, job, "SSM is out of reach")
    await ctx.unit.commit()
    shown = await status(bench)
    assert (shown["State"], shown["StepDetails"][-1]["ErrorMessage"]) == ("FAILED", "SSM is out of reach")


# --- crashes ---------------------------------------------------------------------------------------------


async def test_a_crash_after_the_start_does_not_start_twice(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    bench.estate.bucket("b")
    await bench.happened("DeleteBucketEncryption", {"Bucket": "b"})
    for _ in range(20):
        await bench.react()
        kinds = [job.kind for job in await bench.jobs() if job.run_at <= bench.clock.now()]
        if kinds == ["config.remediation"]:
            break
        await bench.work()
    await bench.work(crash=True)
    assert len(starts(bench)) == 1
    assert (await status(bench))["State"] == "QUEUED"
    await bench.settle()
    assert len(starts(bench)) == 2
    assert len({start["ClientToken"] for start in starts(bench)}) == 1
    assert len(bench.estate.automations) == 1
    assert (await status(bench))["State"] == "IN_PROGRESS"


async def test_crashes_at_every_step_still_end_in_a_repair(bench: Bench) -> None:
    """Every job dies once just before its commit, and is run again."""
    await prepare(bench, Automatic=True)
    repair_on_start(bench)
    bench.estate.bucket("b")
    await bench.happened("DeleteBucketEncryption", {"Bucket": "b"})
    for _ in range(200):
        await bench.react()
        await bench.work(crash=True)
        if not await bench.work() and not await bench.react():
            waiting = await bench.jobs()
            if not waiting:
                break
            bench.clock.time = waiting[0].run_at
    assert (await status(bench))["State"] == "SUCCEEDED"
    assert len(bench.estate.automations) == 1
    assert await verdicts(bench) == {"b": "COMPLIANT"}
    assert [state for state, _ in states(bench)] == ["QUEUED", "IN_PROGRESS", "SUCCEEDED"]


async def test_facts_handed_over_twice_change_nothing(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    await expose(bench, "b")
    (automation_id,) = bench.estate.automations
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    for _ in range(2):
        for fact in bench.of_kind("ComplianceChanged"):
            await bench.fact("ComplianceChanged", fact.body)
        await bench.automation(automation_id, "Success")
    await bench.settle()
    assert Counter(state for state, _ in states(bench)) == {"QUEUED": 1, "IN_PROGRESS": 1, "SUCCEEDED": 1}


# --- exceptions ------------------------------------------------------------------------------------------


async def test_excepted_resources_are_left_alone_until_the_exception_ends(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    keys = [{"ResourceType": "AWS::S3::Bucket", "ResourceId": "b"}]
    until = bench.clock.now() + timedelta(hours=1)
    reply = await bench.api(
        "PutRemediationExceptions",
        ConfigRuleName="r",
        ResourceKeys=keys,
        Message="busy",
        ExpirationTime=until,
    )
    assert reply["FailedBatches"] == []
    assert await exceptions(bench) == [
        {
            "ConfigRuleName": "r",
            "ResourceType": "AWS::S3::Bucket",
            "ResourceId": "b",
            "Message": "busy",
            "ExpirationTime": until,
        }
    ]
    await expose(bench, "b")
    assert starts(bench) == []
    bench.clock.time = until
    assert await exceptions(bench) == []
    await bench.api("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    await bench.settle()
    assert len(starts(bench)) == 1


async def test_bad_exceptions_are_refused(bench: Bench) -> None:
    await prepare(bench)
    keys = [{"ResourceType": "AWS::S3::Bucket", "ResourceId": "b"}]
    code = "InvalidParameterValueException"
    await refused(code, bench.api("PutRemediationExceptions", ConfigRuleName="x", ResourceKeys=keys))
    await refused(
        code, bench.api("PutRemediationExceptions", ConfigRuleName="r", ResourceKeys=[{"ResourceId": "b"}])
    )
    past = bench.clock.now() - timedelta(seconds=1)
    await refused(
        code,
        bench.api("PutRemediationExceptions", ConfigRuleName="r", ResourceKeys=keys, ExpirationTime=past),
    )
    await refused(
        "NoSuchRemediationExceptionException",
        bench.api("DeleteRemediationExceptions", ConfigRuleName="r", ResourceKeys=keys),
    )
    await bench.api("PutRemediationExceptions", ConfigRuleName="r", ResourceKeys=keys)
    other = {"ResourceType": "AWS::S3::Bucket", "ResourceId": "other"}
    reply = await bench.api("DeleteRemediationExceptions", ConfigRuleName="r", ResourceKeys=[*keys, other])
    assert reply["FailedBatches"][0]["FailedItems"] == [other]
    assert await exceptions(bench) == []


# --- configurations --------------------------------------------------------------------------------------


async def test_a_remediation_is_described_changed_and_deleted(bench: Bench) -> None:
    await prepare(bench, Automatic=True)
    (shown,) = (await bench.api("DescribeRemediationConfigurations", ConfigRuleNames=["r", "none"]))[
        "RemediationConfigurations"
    ]
    assert (shown["MaximumAutomaticAttempts"], shown["RetryAttemptSeconds"]) == (5, 60)
    assert shown["Parameters"] == remediation()["Parameters"]
    await bench.api(
        "PutRemediationConfigurations",
        RemediationConfigurations=[remediation(Automatic=True, RetryAttemptSeconds=30)],
    )
    (again,) = (await bench.api("DescribeRemediationConfigurations", ConfigRuleNames=["r"]))[
        "RemediationConfigurations"
    ]
    assert (again["Arn"], again["RetryAttemptSeconds"]) == (shown["Arn"], 30)
    await refused("ResourceInUseException", bench.api("DeleteConfigRule", ConfigRuleName="r"))
    await expose(bench, "b")
    await refused(
        "RemediationInProgressException", bench.api("DeleteRemediationConfiguration", ConfigRuleName="r")
    )
    (automation_id,) = bench.estate.automations
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.automation(automation_id, "Success")
    await bench.settle()
    await bench.api("DeleteRemediationConfiguration", ConfigRuleName="r")
    code = "NoSuchRemediationConfigurationException"
    await refused(code, bench.api("DeleteRemediationConfiguration", ConfigRuleName="r"))
    await refused(code, bench.api("DescribeRemediationExecutionStatus", ConfigRuleName="r"))
    await refused(code, bench.api("StartRemediationExecution", ConfigRuleName="r", ResourceKeys=BUCKET))
    await bench.api("DeleteConfigRule", ConfigRuleName="r")
    await bench.later(600)
    assert await bench.jobs() == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ConfigRuleName": "other"}, "'other' provided in the request does not exist"),
        ({"TargetId": "NoSuchDocument"}, "NoSuchDocument does not exist"),
        ({"Parameters": {"Bucket": {"StaticValue": {"Values": ["b"]}}}}, "has no parameter Bucket"),
        ({"Parameters": {"BucketName": {}}}, "either a ResourceValue or a StaticValue"),
    ],
)
async def test_bad_remediations_come_back(bench: Bench, wrong: dict[str, Any], says: str) -> None:
    await prepare(bench)
    bad = remediation(**wrong)
    reply = await bench.api("PutRemediationConfigurations", RemediationConfigurations=[bad])
    (failed,) = reply["FailedBatches"]
    assert says in failed["FailureMessage"]
    assert failed["FailedItems"] == [bad]


async def test_few_are_repaired_at_once_where_the_controls_say_so(bench: Bench) -> None:
    bench.estate.documents[RUNBOOK] = ["BucketName", "SSEAlgorithm"]
    for number in range(9):
        bench.estate.bucket(f"bucket-{number}")
    await bench.recording()
    await put(bench)
    controls = {"SsmControls": {"ConcurrentExecutionRatePercentage": 20}}
    await bench.api(
        "PutRemediationConfigurations",
        RemediationConfigurations=[remediation(Automatic=True, ExecutionControls=controls)],
    )
    await bench.settle()
    assert len(starts(bench)) == 2  # a fifth of ten
    for automation_id in list(bench.estate.automations):
        bucket = bench.estate.automations[automation_id]["params"]["Parameters"]["BucketName"][0]
        bench.estate.bucket(bucket, GetBucketEncryption=ENCRYPTED)
        await bench.automation(automation_id, "Success")
    await bench.later(3)
    assert len(starts(bench)) == 3  # a fifth of eight, at least one
