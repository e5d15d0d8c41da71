"""Starting, reading and listing automations: what is refused, what is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.validate import ParamValidator

from ssm_harness import ALICE, Bench
from triptych.kernel.errors import ServiceError
from triptych.services.ssm import SERVICE, api_call
from triptych.services.ssm.automations import expire
from triptych.services.ssm.execution import EXECUTED, EXECUTIONS, JOB, TOKENS
from triptych.wire.model import operation_model, service_model, service_names

NAP = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "{{ Wait }}"}, "onFailure": "Continue"}
API = {
    "name": "api",
    "action": "aws:executeAwsApi",
    "maxAttempts": 2,
    "timeoutSeconds": 20,
    "inputs": {"Service": "s3", "Api": "DeleteBucketPolicy", "Bucket": "b"},
    "outputs": [{"Name": "Done", "Selector": "$.Done", "Type": "Boolean"}],
    "isEnd": True,
}
DOCUMENT = json.dumps(
    {
        "schemaVersion": "0.3",
        "parameters": {
            "Wait": {"type": "String", "default": "PT0S"},
            "Names": {"type": "StringList", "default": []},
        },
        "mainSteps": [NAP, API],
        "outputs": ["api.Done"],
    }
)
TOKEN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
async def doc(bench: Bench) -> Bench:
    bench.gateway.always = {"s3:DeleteBucketPolicy": {"Done": True}}
    await bench.create(DOCUMENT, form="JSON")
    return bench


async def checked(bench: Bench, operation: str, **params: Any) -> dict[str, Any]:
    result = await bench.do(operation, **params)
    model = operation_model("ssm", operation)
    for value, shape in ((params, model.input_shape), (result, model.output_shape)):
        report = ParamValidator().validate(value, shape)
        assert not report.has_errors(), report.generate_report()
    return result


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"DocumentName": "Nope"}, "AutomationDefinitionNotFoundException"),
        ({"DocumentVersion": "2"}, "AutomationDefinitionVersionNotFoundException"),
        ({"Parameters": {"Nope": ["x"]}}, "InvalidAutomationExecutionParametersException"),
        ({"Parameters": {"Wait": ["a", "b"]}}, "InvalidAutomationExecutionParametersException"),
        ({"Mode": "Interactive"}, "NotImplemented"),
        ({"TargetParameterName": "Wait", "Targets": [{"Key": "k", "Values": ["v"]}]}, "NotImplemented"),
        ({"TargetMaps": [{"a": ["b"]}]}, "NotImplemented"),
        ({"MaxConcurrency": "1"}, "NotImplemented"),
        ({"TargetLocations": [{"Regions": ["eu-west-1"]}]}, "NotImplemented"),
        ({"AlarmConfiguration": {"Alarms": [{"Name": "a"}]}}, "NotImplemented"),
    ],
)
async def test_start_refused(doc: Bench, params: dict[str, Any], code: str) -> None:
    assert (await doc.refused("StartAutomationExecution", **({"DocumentName": "Doc"} | params))).code == code
    assert (await doc.do("DescribeAutomationExecutions"))["AutomationExecutionMetadataList"] == []


async def test_required_parameter_and_bad_role(bench: Bench) -> None:
    name = "AWS-EnableS3BucketEncryption"
    error = await bench.refused("StartAutomationExecution", DocumentName=name)
    assert error.code == "InvalidAutomationExecutionParametersException"
    assert "BucketName" in error.message
    parameters = {"BucketName": ["b"], "AutomationAssumeRole": ["repair"]}
    error = await bench.refused("StartAutomationExecution", DocumentName=name, Parameters=parameters)
    assert error.code == "InvalidAutomationExecutionParametersException"
    assert "repair" in error.message


async def test_literal_role_must_be_an_arn(bench: Bench) -> None:
    await bench.create(json.dumps(json.loads(DOCUMENT) | {"assumeRole": "repair"}), form="JSON")
    error = await bench.refused("StartAutomationExecution", DocumentName="Doc")
    assert error.code == "InvalidAutomationExecutionParametersException"


async def test_client_token(doc: Bench) -> None:
    params = {"DocumentName": "Doc", "ClientToken": TOKEN, "Parameters": {"Names": ["a"], "Wait": ["PT1S"]}}
    first = await checked(doc, "StartAutomationExecution", **params)
    again = {"Parameters": {"Wait": ["PT1S"], "Names": ["a"]}, "DocumentName": "Doc", "ClientToken": TOKEN}
    assert await doc.do("StartAutomationExecution", **again) == first
    error = await doc.refused("StartAutomationExecution", DocumentName="Doc", ClientToken=TOKEN)
    assert error.code == "IdempotentParameterMismatch"
    listed = (await doc.do("DescribeAutomationExecutions"))["AutomationExecutionMetadataList"]
    assert len(listed) == 1


async def test_limit_of_active_automations(doc: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triptych.kernel.limits.AUTOMATION_ACTIVE", 2)
    first = await doc.start("Doc")
    await doc.start("Doc")
    error = await doc.refused("StartAutomationExecution", DocumentName="Doc")
    assert error.code == "AutomationExecutionLimitExceededException"
    await doc.finish(first)
    await doc.start("Doc")


async def test_get_shows_everything(doc: Bench) -> None:
    doc.gateway.always = {"s3:DeleteBucketPolicy": ServiceError("AccessDenied", "no", status=403)}
    started = doc.clock.now()
    execution_id = await doc.start("Doc", Wait=["PT10S"], Names=["x", "y"])
    await doc.run(execution_id)
    now = (await checked(doc, "GetAutomationExecution", AutomationExecutionId=execution_id))[
        "AutomationExecution"
    ]
    assert (now["AutomationExecutionStatus"], now["CurrentStepName"], now["CurrentAction"]) == (
        "InProgress",
        "nap",
        "aws:sleep",
    )
    assert now["Parameters"] == {"Wait": ["PT10S"], "Names": ["x", "y"]}
    assert (now["ExecutedBy"], now["DocumentVersion"], now["Mode"]) == (ALICE.arn, "1", "Auto")
    assert "ExecutionEndTime" not in now
    await doc.finish(execution_id)
    then = (await checked(doc, "GetAutomationExecution", AutomationExecutionId=execution_id))[
        "AutomationExecution"
    ]
    assert then["AutomationExecutionStatus"] == "Failed"
    assert then["ExecutionEndTime"] - then["ExecutionStartTime"] == doc.clock.now() - started
    assert then["Outputs"] == {
        "api.Done": ["No output available yet because the step is not successfully executed"]
    }
    nap, api = then["StepExecutions"]
    assert (nap["StepStatus"], nap["OnFailure"], nap["IsCritical"], nap["Inputs"]) == (
        "Success",
        "Continue",
        False,
        {"Duration": '"PT10S"'},
    )
    assert api["ExecutionStartTime"] == started + timedelta(seconds=10)
    assert (api["TimeoutSeconds"], api["MaxAttempts"], api["IsEnd"]) == (20, 2, True)
    assert api["FailureDetails"] == {"FailureStage": "Invocation", "FailureType": "Permission"}
    assert "(AccessDenied) when calling the DeleteBucketPolicy operation: no" in api["FailureMessage"]
    assert then["FailureMessage"] == api["FailureMessage"]


@pytest.mark.parametrize(
    "operation", ["GetAutomationExecution", "StopAutomationExecution", "DescribeAutomationStepExecutions"]
)
async def test_unknown_execution(bench: Bench, operation: str) -> None:
    error = await bench.refused(operation, AutomationExecutionId=TOKEN)
    assert error.code == "AutomationExecutionNotFoundException"


async def test_steps_listed(doc: Bench) -> None:
    execution_id = await doc.start("Doc", Wait=["PT10S"])
    where = {"AutomationExecutionId": execution_id}
    assert await checked(doc, "DescribeAutomationStepExecutions", **where) == {"StepExecutions": []}
    await doc.finish(execution_id)

    async def names(*filters: tuple[str, str], **params: Any) -> list[str]:
        if filters:
            params["Filters"] = [{"Key": key, "Values": [value]} for key, value in filters]
        listed = await checked(doc, "DescribeAutomationStepExecutions", **where, **params)
        return [step["StepName"] for step in listed["StepExecutions"]]

    assert await names() == ["nap", "api"]
    assert await names(ReverseOrder=True) == ["api", "nap"]
    assert await names(("StepName", "api")) == ["api"]
    assert await names(("Action", "aws:sleep")) == ["nap"]
    assert await names(("StepExecutionStatus", "Failed")) == []
    assert await names(("StartTimeAfter", "2026-03-04T05:06:10Z")) == ["api"]
    assert await names(("StartTimeBefore", "2026-03-04T05:06:10Z")) == ["nap"]
    assert await names(("ParentStepExecutionId", "x")) == []
    first = await checked(doc, "DescribeAutomationStepExecutions", **where, MaxResults=1)
    assert await names(MaxResults=1, NextToken=first["NextToken"]) == ["api"]
    step_id = first["StepExecutions"][0]["StepExecutionId"]
    assert await names(("StepExecutionId", step_id)) == ["nap"]
    bad = [{"Key": "StartTimeAfter", "Values": ["yesterday"]}]
    error = await doc.refused("DescribeAutomationStepExecutions", **where, Filters=bad)
    assert error.code == "InvalidFilterValue"


async def test_executions_listed(doc: Bench) -> None:
    ids = []
    for i in range(3):
        doc.clock.pass_(60)
        params = {
            "DocumentName": "Doc",
            "Tags": [{"Key": f"t{i}", "Value": ""}],
            "Parameters": {"Wait": ["PT1H"]},
        }
        ids.append((await doc.do("StartAutomationExecution", **params))["AutomationExecutionId"])
    await doc.run(ids[0])
    await doc.do("StopAutomationExecution", AutomationExecutionId=ids[2])
    await doc.run(ids[2])

    async def found(*filters: tuple[str, str], **params: Any) -> list[int]:
        if filters:
            params["Filters"] = [{"Key": key, "Values": [value]} for key, value in filters]
        listed = await checked(doc, "DescribeAutomationExecutions", **params)
        return [ids.index(e["AutomationExecutionId"]) for e in listed["AutomationExecutionMetadataList"]]

    assert await found() == [2, 1, 0], "newest first"
    assert await found(("ExecutionStatus", "Cancelled")) == [2]
    assert await found(("ExecutionStatus", "InProgress")) == [0]
    assert await found(("ExecutionId", ids[1])) == [1]
    assert await found(("DocumentNamePrefix", "Do")) == [2, 1, 0]
    assert await found(("DocumentNamePrefix", "AWS")) == []
    assert await found(("CurrentAction", "aws:sleep")) == [0]
    assert await found(("TagKey", "t1")) == [1]
    assert await found(
        ("StartTimeAfter", "2026-03-04T05:08:07Z"), ("StartTimeBefore", "2026-03-04T05:08:08Z")
    ) == [1]
    assert await found(("AutomationType", "Local")) == [2, 1, 0]
    assert await found(("AutomationType", "CrossAccount")) == []
    assert await found(("ParentExecutionId", ids[0])) == []
    first = await checked(doc, "DescribeAutomationExecutions", MaxResults=2)
    assert await found(MaxResults=2, NextToken=first["NextToken"]) == [0]
    error = await doc.refused(
        "DescribeAutomationExecutions",
        NextToken=first["NextToken"],
        Filters=[{"Key": "TagKey", "Values": ["x"]}],
    )
    assert error.code == "InvalidNextToken"


async def test_old_automations_are_forgotten(doc: Bench) -> None:
    params = {"DocumentName": "Doc", "ClientToken": TOKEN}
    old = (await doc.do("StartAutomationExecution", **params))["AutomationExecutionId"]
    await doc.finish(old)
    doc.clock.pass_(5 * 86_400)
    young = await doc.start("Doc")
    await doc.finish(young)
    waiting = await doc.start("Doc")
    doc.clock.pass_(26 * 86_400)
    ctx = doc.ctx()
    await expire(ctx)
    await ctx.unit.commit()
    unit = doc.control.unit()
    assert {d.key for d in await unit.list(EXECUTIONS)} == {young, waiting}
    assert {d.key for d in await unit.list(EXECUTED)} == {young, waiting}
    assert await unit.list(TOKENS) == []


async def test_state_and_job_are_committed_together(doc: Bench) -> None:
    """Without its commit a start leaves nothing: no execution, no fact, no job."""
    ctx = doc.ctx()
    await SERVICE.operations["startautomationexecution"](ctx, {"DocumentName": "Doc"})
    assert await doc.control.unit().list(EXECUTIONS) == []
    assert await doc.control.facts_after(0, limit=10) == []
    await ctx.unit.commit()
    assert len(await doc.control.unit().list(EXECUTIONS)) == 1
    assert len(await doc.control.facts_after(0, limit=10)) == 1


def test_service_is_what_the_model_has() -> None:
    known = {name.lower() for name in service_model("ssm").operation_names}
    assert set(SERVICE.operations) <= known
    assert len(SERVICE.operations) == 16
    assert {name.lower() for name in SERVICE.estate} <= known
    assert not {name.lower() for name in SERVICE.estate} & set(SERVICE.operations)
    assert [kind.name for kind in SERVICE.jobs] == [JOB]


def test_aliases_lead_to_services_and_are_needed() -> None:
    assert set(api_call._ALIASES.values()) <= set(service_names())
    assert not set(api_call._ALIASES) & set(api_call._services())


@pytest.mark.parametrize(
    ("service", "api", "found"),
    [
        ("s3", "PutBucketEncryption", "s3:PutBucketEncryption"),
        ("SQS", "sendMessage", "sqs:SendMessage"),
        ("ConfigService", "DescribeConfigRules", "config:DescribeConfigRules"),
        ("CloudWatchLogs", "describe_log_groups", "logs:DescribeLogGroups"),
        ("elasticloadbalancingv2", "DescribeTags", "elbv2:DescribeTags"),
        ("StepFunctions", "ListStateMachines", "stepfunctions:ListStateMachines"),
    ],
)
def test_service_names(service: str, api: str, found: str) -> None:
    name, operation = api_call.find(service, api)
    assert f"{name}:{operation.name}" == found


def test_values_are_fitted_to_the_model() -> None:
    _, operation = api_call.find("cloudwatch", "GetMetricStatistics")
    fitted = api_call.fit(
        operation,
        {
            "Namespace": "n", "MetricName": 5, "StartTime": "2026-01-01T00:00:00Z", "EndTime": 0,
            "Period": "60", "Statistics": "Sum", "Unit": None,
        },
    )  # fmt: skip
    assert fitted["MetricName"] == "5"
    assert fitted["StartTime"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert fitted["EndTime"].isoformat() == "1970-01-01T00:00:00+00:00"
    assert (fitted["Period"], fitted["Statistics"]) == (60, ["Sum"])
    assert "Unit" not in fitted
    _, put = api_call.find("s3", "PutBucketPolicy")
    policy = {"Version": "2012-10-17", "Statement": []}
    assert json.loads(api_call.fit(put, {"Bucket": "b", "Policy": policy})["Policy"]) == policy
