"""Rules and compliance: what PutConfigRule takes, when rules run, what the reads say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from config_bench import ACCOUNT, REGION, Bench, open_bench
from sqlglot import select
from test_config_capture import ENCRYPTED, group, refused

from triptych.kernel.errors import ServiceError
from triptych.services.config.documents import VERDICTS
from triptych.services.config.parts import KNOWN_RULES, RULES

SSE = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
VERSIONING = "S3_BUCKET_VERSIONING_ENABLED"
SSH = "INCOMING_SSH_DISABLED"


def rule(name: str = "r", identifier: str = SSE, **more: Any) -> dict[str, Any]:
    return {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier}, **more}


async def put(bench: Bench, name: str = "r", identifier: str = SSE, **more: Any) -> None:
    await bench.api("PutConfigRule", ConfigRule=rule(name, identifier, **more))
    await bench.settle()


async def verdicts(bench: Bench, name: str = "r", **more: Any) -> dict[str, str]:
    found = await bench.api("GetComplianceDetailsByConfigRule", ConfigRuleName=name, Limit=100, **more)
    return {
        one["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: one["ComplianceType"]
        for one in found["EvaluationResults"]
    }


async def encrypt(bench: Bench, name: str) -> None:
    bench.estate.bucket(name, GetBucketEncryption=ENCRYPTED)
    await bench.happened("PutBucketEncryption", {"Bucket": name})
    await bench.settle()


async def expose(bench: Bench, name: str) -> None:
    bench.estate.bucket(name)
    await bench.happened("DeleteBucketEncryption", {"Bucket": name})
    await bench.settle()


# --- putting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"Source": {"Owner": "AWS", "SourceIdentifier": "NO_SUCH_RULE"}}, "sourceIdentifier NO_SUCH_RULE is invalid"),
        ({"Source": {"Owner": "AWS"}}, "SourceIdentifier"),
        ({"Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": "arn:aws:lambda:x"}}, "CUSTOM_LAMBDA"),
        (
            {"Source": {"Owner": "CUSTOM_POLICY", "CustomPolicyDetails": {"PolicyRuntime": "guard-2.x.x", "PolicyText": ""}}},
            "CUSTOM_POLICY",
        ),
        (
            {"Source": {"Owner": "AWS", "SourceIdentifier": SSE, "SourceDetails": [{"EventSource": "aws.config"}]}},
            "SourceDetails should be null/empty",
        ),
        ({"InputParameters": "{"}, "Invalid json"),
        ({"InputParameters": "[]"}, "Invalid json"),
        ({"InputParameters": '{"a": {"b": 1}}'}, "Invalid json"),
        ({"InputParameters": '{"unknown": "1"}'}, "Unknown parameters"),
        ({"MaximumExecutionFrequency": "One_Hour"}, "maximum execution frequency is not allowed"),
        ({"Scope": {"ComplianceResourceId": "b"}}, "exactly one resource type"),
        ({"Scope": {"TagValue": "v"}}, "Tag key should not be empty"),
        ({"Scope": {"TagKey": "k", "ComplianceResourceTypes": ["AWS::S3::Bucket"]}}, "both resource and tag"),
        ({"EvaluationModes": [{"Mode": "PROACTIVE"}]}, "PROACTIVE"),
        ({"ConfigRuleState": "DELETING"}, "ConfigRuleState"),
        ({"CreatedBy": "me"}, "CreatedBy"),
        ({"ConfigRuleName": None}, "Name or Id or Arn"),
        ({"ConfigRuleId": "config-rule-abcdef"}, "ConfigRuleId"),
    ],
)  # fmt: skip
async def test_bad_rules_are_refused(bench: Bench, wrong: dict[str, Any], says: str) -> None:
    await bench.recording()
    made = {name: value for name, value in {**rule(), **wrong}.items() if value is not None}
    error = await refused("InvalidParameterValueException", bench.api("PutConfigRule", ConfigRule=made))
    assert says in error.message
    assert (await bench.api("DescribeConfigRules"))["ConfigRules"] == []


async def test_a_known_rule_that_is_not_built_is_named_with_the_built_ones(bench: Bench) -> None:
    await bench.recording()
    unbuilt = min(KNOWN_RULES - set(RULES))
    error = await refused(
        "InvalidParameterValueException", bench.api("PutConfigRule", ConfigRule=rule(identifier=unbuilt))
    )
    assert unbuilt in error.message
    for identifier in RULES:
        assert identifier in error.message


async def test_parameters_are_checked_by_the_rule(bench: Bench) -> None:
    await bench.recording()
    for bad in ('{"isMfaDeleteEnabled": "perhaps"}', '{"isMfaDelete": "true"}'):
        await refused(
            "InvalidParameterValueException",
            bench.api("PutConfigRule", ConfigRule=rule(identifier=VERSIONING, InputParameters=bad)),
        )
    bench.estate.bucket("b", GetBucketVersioning={"Status": "Enabled"})
    await bench.happened("PutBucketVersioning", {"Bucket": "b"})
    await bench.settle()
    await put(bench, identifier=VERSIONING)
    assert (await verdicts(bench))["b"] == "COMPLIANT"
    await put(bench, identifier=VERSIONING, InputParameters='{"isMfaDeleteEnabled": true}')
    assert (await verdicts(bench))["b"] == "NON_COMPLIANT"


async def test_a_rule_needs_a_recorder(bench: Bench) -> None:
    await refused("NoAvailableConfigurationRecorderException", bench.api("PutConfigRule", ConfigRule=rule()))


async def test_a_rule_is_described_changed_and_deleted(bench: Bench) -> None:
    await bench.recording()
    await put(bench, Description="one", Scope={"ComplianceResourceTypes": ["AWS::S3::Bucket"]})
    (shown,) = (await bench.api("DescribeConfigRules", ConfigRuleNames=["r"]))["ConfigRules"]
    assert shown["ConfigRuleArn"] == f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/{shown['ConfigRuleId']}"
    assert shown["ConfigRuleState"] == "ACTIVE"
    assert shown["Source"] == {"Owner": "AWS", "SourceIdentifier": SSE}
    changed = {**rule(Description="two"), "ConfigRuleArn": shown["ConfigRuleArn"]}
    del changed["ConfigRuleName"]
    await bench.api("PutConfigRule", ConfigRule=changed)
    (again,) = (await bench.api("DescribeConfigRules"))["ConfigRules"]
    assert (again["ConfigRuleId"], again["Description"]) == (shown["ConfigRuleId"], "two")
    assert "Scope" not in again
    await refused(
        "InvalidParameterValueException", bench.api("PutConfigRule", ConfigRule=rule(identifier=VERSIONING))
    )
    await bench.settle()
    assert await verdicts(bench) == {"deliveries": "NON_COMPLIANT"}
    await bench.api("DeleteConfigRule", ConfigRuleName="r")
    for operation in ("DeleteConfigRule", "GetComplianceDetailsByConfigRule"):
        await refused("NoSuchConfigRuleException", bench.api(operation, ConfigRuleName="r"))
    assert await bench.store.unit().list(VERDICTS) == []
    await put(bench)
    (new,) = (await bench.api("DescribeConfigRules"))["ConfigRules"]
    assert new["ConfigRuleId"] != shown["ConfigRuleId"]


async def test_rules_come_in_pages(bench: Bench) -> None:
    await bench.recording("AWS::EC2::SecurityGroup")
    names = [f"rule-{number:02}" for number in range(27)]
    for name in names:
        await bench.api("PutConfigRule", ConfigRule=rule(name))
    first = await bench.api("DescribeConfigRules")
    second = await bench.api("DescribeConfigRules", NextToken=first["NextToken"])
    assert [one["ConfigRuleName"] for one in first["ConfigRules"] + second["ConfigRules"]] == names
    assert "NextToken" not in second
    await refused(
        "InvalidNextTokenException", bench.api("DescribeComplianceByConfigRule", NextToken=first["NextToken"])
    )
    await refused("NoSuchConfigRuleException", bench.api("DescribeConfigRules", ConfigRuleNames=["none"]))


async def test_tags(bench: Bench) -> None:
    await bench.recording()
    await bench.api("PutConfigRule", ConfigRule=rule(), Tags=[{"Key": "a", "Value": "1"}])
    (shown,) = (await bench.api("DescribeConfigRules"))["ConfigRules"]
    (recorder,) = (await bench.api("DescribeConfigurationRecorders"))["ConfigurationRecorders"]

    async def tags(arn: str) -> list[dict[str, str]]:
        return (await bench.api("ListTagsForResource", ResourceArn=arn))["Tags"]

    arn = shown["ConfigRuleArn"]
    assert await tags(arn) == [{"Key": "a", "Value": "1"}]
    await bench.api(
        "TagResource", ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}]
    )
    assert await tags(arn) == [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]
    await bench.api("UntagResource", ResourceArn=arn, TagKeys=["a", "never"])
    assert await tags(arn) == [{"Key": "b", "Value": "2"}]
    await bench.api("TagResource", ResourceArn=recorder["arn"], Tags=[{"Key": "x", "Value": ""}])
    assert await tags(recorder["arn"]) == [{"Key": "x", "Value": ""}]
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    await refused("TooManyTagsException", bench.api("TagResource", ResourceArn=arn, Tags=many))
    await refused("ResourceNotFoundException", bench.api("ListTagsForResource", ResourceArn=arn + "x"))


# --- evaluating ------------------------------------------------------------------------------------------


async def test_a_change_of_verdict_is_told_once_with_old_and_new(bench: Bench) -> None:
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.recording()
    await put(bench, Scope={"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "b"})
    slip_at = len(bench.facts)
    await expose(bench, "b")
    first, second = bench.of_kind("ComplianceChanged")
    assert first.body["oldEvaluationResult"] is None
    assert first.body["newEvaluationResult"]["complianceType"] == "COMPLIANT"
    assert second.body["oldEvaluationResult"] == first.body["newEvaluationResult"]
    new = second.body["newEvaluationResult"]
    assert new["complianceType"] == "NON_COMPLIANT"
    assert new["annotation"]
    assert second.body["messageType"] == "ComplianceChangeNotification"
    assert (second.body["rule"], second.body["resource"]) == ("r", "AWS::S3::Bucket/b")
    # the verdict follows from the item, and with it from the call
    slip, change = bench.facts[slip_at], bench.of_kind("ItemChanged")[-1]
    assert second.cause is not None
    assert (second.cause.parent, second.cause.origin) == (change.id, slip.id)
    # another change that leaves the verdict as it is tells nothing
    bench.estate.bucket("b", GetBucketVersioning={"Status": "Enabled"})
    await bench.happened("PutBucketVersioning", {"Bucket": "b"})
    await bench.settle()
    assert len(bench.of_kind("ItemChanged")) == 4
    assert len(bench.of_kind("ComplianceChanged")) == 2


async def test_an_older_item_does_not_overrule_a_newer_verdict(bench: Bench) -> None:
    bench.estate.bucket("b", GetBucketEncryption=ENCRYPTED)
    await bench.recording()
    await put(bench)
    await expose(bench, "b")
    encrypted, exposed = (f for f in bench.of_kind("ItemChanged") if f.body["item"]["resourceId"] == "b")
    assert "ServerSideEncryptionConfiguration" in encrypted.body["item"]["supplementaryConfiguration"]
    await bench.fact("ItemChanged", encrypted.body)
    await bench.settle()
    assert (await verdicts(bench))["b"] == "NON_COMPLIANT"
    assert exposed.body != encrypted.body


async def test_a_deleted_resource_leaves_no_verdict(bench: Bench) -> None:
    bench.estate.bucket("b")
    await bench.recording()
    await put(bench)
    del bench.estate.buckets["b"]
    await bench.happened("DeleteBucket", {"Bucket": "b"})
    await bench.settle()
    assert await verdicts(bench) == {"deliveries": "NON_COMPLIANT"}
    last = bench.of_kind("ComplianceChanged")[-1].body
    assert last["newEvaluationResult"]["complianceType"] == "NOT_APPLICABLE"
    assert last["oldEvaluationResult"]["complianceType"] == "NON_COMPLIANT"


@pytest.mark.parametrize(
    ("scope", "judged"),
    [
        (None, {"a", "b", "deliveries"}),
        ({"ComplianceResourceTypes": ["AWS::S3::Bucket"]}, {"a", "b", "deliveries"}),
        ({"ComplianceResourceTypes": ["AWS::EC2::Instance"]}, set()),
        ({"ComplianceResourceTypes": ["AWS::S3::Bucket"], "ComplianceResourceId": "a"}, {"a"}),
        ({"TagKey": "team"}, {"a", "b"}),
        ({"TagKey": "team", "TagValue": "web"}, {"b"}),
    ],
)
async def test_a_rule_looks_only_at_its_scope(bench: Bench, scope: Any, judged: set[str]) -> None:
    bench.estate.bucket("a", GetBucketTagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    bench.estate.bucket("b", GetBucketTagging={"TagSet": [{"Key": "team", "Value": "web"}]})
    await bench.recording()
    await put(bench, **({"Scope": scope} if scope else {}))
    assert set(await verdicts(bench)) == judged
    # the scope holds for changes too, and what leaves it loses its verdict
    await put(bench, Scope={"TagKey": "nobody-has-it"})
    await encrypt(bench, "a")
    assert await verdicts(bench) == {}


async def test_evaluation_on_demand_and_its_status(bench: Bench) -> None:
    await bench.recording()
    await bench.api("PutConfigRule", ConfigRule=rule())
    (status,) = (await bench.api("DescribeConfigRuleEvaluationStatus"))["ConfigRulesEvaluationStatus"]
    assert status["FirstEvaluationStarted"] is False
    await bench.settle()
    (status,) = (await bench.api("DescribeConfigRuleEvaluationStatus"))["ConfigRulesEvaluationStatus"]
    assert status["FirstEvaluationStarted"] is True
    first = status["LastSuccessfulEvaluationTime"]
    await bench.api("DeleteEvaluationResults", ConfigRuleName="r")
    assert await verdicts(bench) == {}
    bench.clock.time += timedelta(minutes=5)
    await bench.api("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    await bench.settle()
    assert await verdicts(bench) == {"deliveries": "NON_COMPLIANT"}
    (status,) = (await bench.api("DescribeConfigRuleEvaluationStatus"))["ConfigRulesEvaluationStatus"]
    assert status["LastSuccessfulEvaluationTime"] > first
    await refused("NoSuchConfigRuleException", bench.api("StartConfigRulesEvaluation", ConfigRuleNames=["x"]))


async def test_periodic_rules_run_when_their_time_has_come(bench: Bench) -> None:
    await bench.recording()
    await put(bench, "hourly", SSH, MaximumExecutionFrequency="One_Hour")
    await put(bench, "daily", SSH)
    await put(bench, "on change", SSE)

    async def started() -> list[str]:
        await bench.start("config.periodic_rules")
        names = sorted(job.body["rule"] for job in await bench.jobs() if job.kind == "config.evaluate_rule")
        await bench.settle()
        return names

    assert await started() == []
    bench.clock.time += timedelta(minutes=59)
    assert await started() == []
    bench.clock.time += timedelta(minutes=2)
    assert await started() == ["hourly"]
    assert await started() == []
    bench.clock.time += timedelta(hours=23)
    assert await started() == ["daily", "hourly"]


async def test_security_groups_are_judged(bench: Bench) -> None:
    bench.estate.groups = {"sg-1": group("sg-1", "0.0.0.0/0"), "sg-2": group("sg-2", "10.0.0.0/8")}
    await bench.recording()
    await put(bench, identifier=SSH)
    assert await verdicts(bench) == {"sg-1": "NON_COMPLIANT", "sg-2": "COMPLIANT"}


# --- reading ---------------------------------------------------------------------------------------------


async def test_compliance_reads_agree(bench: Bench) -> None:
    for number in range(30):
        bench.estate.bucket(f"bad-{number:02}")
    bench.estate.bucket("good", GetBucketEncryption=ENCRYPTED, GetBucketVersioning={"Status": "Enabled"})
    await bench.recording()
    bench.estate.groups["sg-1"] = group("sg-1")
    await put(bench, "sse", SSE)
    await put(bench, "versions", VERSIONING)
    await put(bench, "ssh", SSH)
    by_rule = (await bench.api("DescribeComplianceByConfigRule"))["ComplianceByConfigRules"]
    capped = {"CappedCount": 25, "CapExceeded": True}
    bad = {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": capped}
    assert by_rule == [
        {"ConfigRuleName": "sse", "Compliance": bad},
        {"ConfigRuleName": "ssh", "Compliance": {"ComplianceType": "INSUFFICIENT_DATA"}},
        {"ConfigRuleName": "versions", "Compliance": bad},
    ]
    only = await bench.api("DescribeComplianceByConfigRule", ComplianceTypes=["INSUFFICIENT_DATA"])
    assert [one["ConfigRuleName"] for one in only["ComplianceByConfigRules"]] == ["ssh"]

    details, token = [], {}
    while True:
        page = await bench.api("GetComplianceDetailsByConfigRule", ConfigRuleName="sse", **token)
        assert len(page["EvaluationResults"]) <= 10
        details += page["EvaluationResults"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert len(details) == 32
    assert await verdicts(bench, "sse", ComplianceTypes=["COMPLIANT"]) == {"good": "COMPLIANT"}

    found = await bench.api(
        "GetComplianceDetailsByResource", ResourceType="AWS::S3::Bucket", ResourceId="good"
    )
    names = [
        one["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"]
        for one in found["EvaluationResults"]
    ]
    assert sorted(names) == ["sse", "versions"]
    found = await bench.api(
        "DescribeComplianceByResource", ResourceType="AWS::S3::Bucket", ComplianceTypes=["COMPLIANT"]
    )
    assert found["ComplianceByResources"] == [
        {
            "ResourceType": "AWS::S3::Bucket",
            "ResourceId": "good",
            "Compliance": {"ComplianceType": "COMPLIANT"},
        }
    ]
    found = await bench.api(
        "DescribeComplianceByResource", ResourceType="AWS::S3::Bucket", ResourceId="bad-00"
    )
    assert found["ComplianceByResources"][0]["Compliance"]["ComplianceContributorCount"]["CappedCount"] == 2

    summary = (await bench.api("GetComplianceSummaryByConfigRule"))["ComplianceSummary"]
    assert summary["NonCompliantResourceCount"] == {"CappedCount": 2, "CapExceeded": False}
    assert summary["CompliantResourceCount"] == {"CappedCount": 0, "CapExceeded": False}
    (whole,) = (await bench.api("GetComplianceSummaryByResourceType"))["ComplianceSummariesByResourceType"]
    assert whole["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"] == 31
    buckets, groups = (
        await bench.api(
            "GetComplianceSummaryByResourceType", ResourceTypes=["AWS::S3::Bucket", "AWS::EC2::SecurityGroup"]
        )
    )["ComplianceSummariesByResourceType"]
    assert buckets["ComplianceSummary"]["CompliantResourceCount"]["CappedCount"] == 1
    assert groups["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"] == 0


async def test_bad_compliance_reads_are_refused(bench: Bench) -> None:
    await bench.recording()
    code = "InvalidParameterValueException"
    await refused(code, bench.api("GetComplianceDetailsByResource", ResourceType="AWS::S3::Bucket"))
    await refused(code, bench.api("DescribeComplianceByResource", ResourceId="b"))
    await refused(code, bench.api("DescribeComplianceByConfigRule", ComplianceTypes=["NOT_APPLICABLE"]))
    await refused(code, bench.api("GetComplianceDetailsByResource", ResourceEvaluationId="x"))


async def test_evaluations_and_items_are_in_the_lake(tmp_path: Path) -> None:
    async with open_bench(tmp_path, real_lake=True) as bench:
        await bench.recording()
        await put(bench)
        await encrypt(bench, "deliveries")
        query = select("resource_id", "compliance", "previous", "cause_origin").from_("config_evaluations")
        rows = await bench.lake.select(query.order_by("time"), account=ACCOUNT, region=REGION)
        assert [(row["compliance"], row["previous"]) for row in rows] == [
            ("NON_COMPLIANT", ""),
            ("COMPLIANT", "NON_COMPLIANT"),
        ]
        change = bench.of_kind("ItemChanged")[-1]
        assert change.cause is not None
        assert rows[-1]["cause_origin"] == change.cause.origin
        query = select("fact_id", "status").from_("config_items")
        rows = await bench.lake.select(query.order_by("time"), account=ACCOUNT, region=REGION)
        assert [row["status"] for row in rows] == ["ResourceDiscovered", "OK"]
        assert rows[-1]["fact_id"] == change.id


async def test_a_rule_that_gets_no_answer_says_so(bench: Bench) -> None:
    await bench.recording()
    await put(bench, identifier="IAM_PASSWORD_POLICY")
    await bench.settle()
    assert await verdicts(bench) == {}
    (status,) = (await bench.api("DescribeConfigRuleEvaluationStatus"))["ConfigRulesEvaluationStatus"]
    assert status["LastErrorCode"] == "NotImplemented"
    assert "LastSuccessfulEvaluationTime" not in status
    bench.estate.broken["GetAccountPasswordPolicy"] = ServiceError("NoSuchEntity", "none", status=404)
    await bench.api("StartConfigRulesEvaluation", ConfigRuleNames=["r"])
    await bench.settle()
    assert await verdicts(bench) == {ACCOUNT: "NON_COMPLIANT"}
    (status,) = (await bench.api("DescribeConfigRuleEvaluationStatus"))["ConfigRulesEvaluationStatus"]
    assert "LastErrorCode" not in status
