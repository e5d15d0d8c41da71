"""Managed rules that ask others before they judge, over a real server: an account without anything, then put right."""

from __future__ import annotations

import json

import pytest

from triptych.services.config.parts import RULES

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")

ACCOUNT = "000000000000"
PARAMETERS = {
    "ACCESS_KEYS_ROTATED": {"maxAccessKeyAge": "90"},
    "IAM_USER_UNUSED_CREDENTIALS_CHECK": {"maxCredentialUsageAge": "90"},
}
ASKING = sorted(name for name, rule in RULES.items() if rule.asks is not None)


@pytest.fixture(scope="module")
def config(client):
    client("s3").create_bucket(Bucket="deliveries")
    config = client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config",
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "deliveries"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    iam = client("iam")
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="a good One 1!")
    iam.create_access_key(UserName="ann")
    for name in ASKING:
        config.put_config_rule(
            ConfigRule={
                "ConfigRuleName": name,
                "Source": {"Owner": "AWS", "SourceIdentifier": name},
                "InputParameters": json.dumps(PARAMETERS.get(name, {})),
            }
        )
    return config


@pytest.fixture
def judged(config, client, eventually):
    """Wait until a rule says so of a resource."""

    def wait(rule: str, resource: str, compliance: str) -> None:
        def look() -> bool:
            results = config.get_compliance_details_by_config_rule(ConfigRuleName=rule)["EvaluationResults"]
            found = {
                result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: result[
                    "ComplianceType"
                ]
                for result in results
            }
            return found.get(resource) == compliance

        eventually(look, what=f"{rule}: {resource} {compliance}", seconds=60)

    return wait


def user_id(client) -> str:
    return client("iam").get_user(UserName="ann")["User"]["UserId"]


def vpc_id(client) -> str:
    return client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]


def password_policy(client) -> None:
    client("iam").update_account_password_policy(
        MinimumPasswordLength=14,
        PasswordReusePrevention=24,
        MaxPasswordAge=90,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
    )


def encryption(client) -> None:
    client("ec2").enable_ebs_encryption_by_default()


def trail(client) -> None:
    client("s3").create_bucket(Bucket="logs")
    statement = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": action,
            "Resource": on,
        }
        for action, on in (("s3:GetBucketAcl", "arn:aws:s3:::logs"), ("s3:PutObject", "arn:aws:s3:::logs/*"))
    ]
    policy = {"Version": "2012-10-17", "Statement": statement}
    client("s3").put_bucket_policy(Bucket="logs", Policy=json.dumps(policy))
    cloudtrail = client("cloudtrail")
    cloudtrail.create_trail(Name="audit", S3BucketName="logs", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="audit")


def data_events(client) -> None:
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": resources}
    client("cloudtrail").put_event_selectors(TrailName="audit", EventSelectors=[selector])


def detector(client) -> None:
    client("guardduty").create_detector(Enable=True)


def hub(client) -> None:
    client("securityhub").enable_security_hub()


def device(client) -> None:
    iam = client("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ann", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def flow_log(client) -> None:
    client("ec2").create_flow_logs(
        ResourceIds=[vpc_id(client)],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::deliveries",
    )


@pytest.mark.parametrize(
    ("rule", "resource", "repair"),
    [
        ("IAM_PASSWORD_POLICY", ACCOUNT, password_policy),
        ("EC2_EBS_ENCRYPTION_BY_DEFAULT", ACCOUNT, encryption),
        ("CLOUD_TRAIL_ENABLED", ACCOUNT, trail),
        ("CLOUDTRAIL_S3_DATAEVENTS_ENABLED", ACCOUNT, data_events),
        ("GUARDDUTY_ENABLED_CENTRALIZED", ACCOUNT, detector),
        ("SECURITYHUB_ENABLED", ACCOUNT, hub),
        ("IAM_USER_MFA_ENABLED", user_id, device),
        ("VPC_FLOW_LOGS_ENABLED", vpc_id, flow_log),
    ],
)
def test_what_is_missing_is_found_and_what_was_put_right_too(
    config, client, judged, rule: str, resource, repair
) -> None:
    where = resource if isinstance(resource, str) else resource(client)
    judged(rule, where, "NON_COMPLIANT")
    repair(client)
    config.start_config_rules_evaluation(ConfigRuleNames=[rule])
    judged(rule, where, "COMPLIANT")


def test_what_else_is_asked(config, client, judged) -> None:
    judged("IAM_ROOT_ACCESS_KEY_CHECK", ACCOUNT, "COMPLIANT")
    judged("ROOT_ACCOUNT_MFA_ENABLED", ACCOUNT, "NON_COMPLIANT")
    judged("ROOT_ACCOUNT_HARDWARE_MFA_ENABLED", ACCOUNT, "NON_COMPLIANT")
    judged("ACCESS_KEYS_ROTATED", user_id(client), "COMPLIANT")
    judged("IAM_USER_UNUSED_CREDENTIALS_CHECK", user_id(client), "COMPLIANT")
    judged("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC", ACCOUNT, "NON_COMPLIANT")


def test_every_rule_got_its_answers(config, eventually) -> None:
    def look() -> bool:
        found = config.describe_config_rule_evaluation_status(ConfigRuleNames=ASKING)
        return all("LastSuccessfulEvaluationTime" in each for each in found["ConfigRulesEvaluationStatus"])

    eventually(look, what="an evaluation by every rule", seconds=60)
    found = config.describe_config_rule_evaluation_status(ConfigRuleNames=ASKING)
    assert [
        each["LastErrorMessage"] for each in found["ConfigRulesEvaluationStatus"] if "LastErrorCode" in each
    ] == []
