"""One resource of every type, made, changed and deleted with boto3 through a real server: its items say so."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")

ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TRUSTED = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    ],
}
ROLE = "arn:aws:iam::000000000000:role/config"


@pytest.fixture(scope="module")
def recording(client):
    client("s3").create_bucket(Bucket="deliveries")
    config = client("config")
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "deliveries"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    return config


class Lives:
    """Create, change and delete, of each type; after each step, the condition by which a query finds the item."""

    def __init__(self, client) -> None:
        self.client = client

    def user(self) -> Iterator[str]:
        iam = self.client("iam")
        iam.create_user(UserName="lives")
        yield "resourceName = 'lives'"
        iam.put_user_policy(UserName="lives", PolicyName="own", PolicyDocument=json.dumps(ALLOWED))
        yield "configuration.userPolicyList.policyName = 'own'"
        iam.delete_user_policy(UserName="lives", PolicyName="own")
        iam.delete_user(UserName="lives")

    def role(self) -> Iterator[str]:
        iam = self.client("iam")
        iam.create_role(RoleName="lives", AssumeRolePolicyDocument=json.dumps(TRUSTED))
        yield "resourceName = 'lives'"
        iam.tag_role(RoleName="lives", Tags=[{"Key": "team", "Value": "web"}])
        yield "tags.tag = 'team=web'"
        iam.delete_role(RoleName="lives")

    def policy(self) -> Iterator[str]:
        iam = self.client("iam")
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
        arn = iam.create_policy(PolicyName="lives", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
        yield "resourceName = 'lives'"
        version = iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True
        )
        yield "configuration.defaultVersionId = 'v2'"
        assert version["PolicyVersion"]["VersionId"] == "v2"
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        iam.delete_policy(PolicyArn=arn)

    def instance(self) -> Iterator[str]:
        ec2 = self.client("ec2")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")
        name = made["Instances"][0]["InstanceId"]
        yield f"resourceId = '{name}'"
        ec2.stop_instances(InstanceIds=[name])
        yield "configuration.state.value = 'stopped'"
        ec2.terminate_instances(InstanceIds=[name])

    def volume(self) -> Iterator[str]:
        ec2 = self.client("ec2")
        name = ec2.create_volume(AvailabilityZone="us-east-1a", Size=7)["VolumeId"]
        yield f"resourceId = '{name}'"
        ec2.create_tags(Resources=[name], Tags=[{"Key": "team", "Value": "web"}])
        yield "tags.tag = 'team=web' AND configuration.size = 7"
        ec2.delete_volume(VolumeId=name)

    def vpc(self) -> Iterator[str]:
        ec2 = self.client("ec2")
        name = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        yield f"resourceId = '{name}' AND configuration.cidrBlock = '10.9.1.2'"
        subnet = ec2.create_subnet(VpcId=name, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        yield f"relationships.resourceId = '{subnet}'"
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=name)

    def key(self) -> Iterator[str]:
        kms = self.client("kms")
        name = kms.create_key(Description="lives")["KeyMetadata"]["KeyId"]
        yield f"resourceId = '{name}'"
        kms.enable_key_rotation(KeyId=name)
        yield "supplementaryConfiguration.KeyRotationStatus = true"
        kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
        yield "configuration.keyState = 'PendingDeletion'"

    def table(self) -> Iterator[str]:
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName="lives",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield "resourceId = 'lives'"
        dynamodb.update_continuous_backups(
            TableName="lives", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        yield (
            "supplementaryConfiguration.ContinuousBackupsDescription.pointInTimeRecoveryDescription"
            ".pointInTimeRecoveryStatus = 'ENABLED'"
        )
        dynamodb.delete_table(TableName="lives")

    def database(self) -> Iterator[str]:
        rds = self.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier="lives",
            DBInstanceClass="db.m5.large",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="root",
            MasterUserPassword="hunter2-hunter2",
        )
        yield "resourceName = 'lives'"
        rds.modify_db_instance(DBInstanceIdentifier="lives", DeletionProtection=True)
        yield "configuration.deletionProtection = true"
        rds.modify_db_instance(DBInstanceIdentifier="lives", DeletionProtection=False)
        rds.delete_db_instance(DBInstanceIdentifier="lives", SkipFinalSnapshot=True)

    def topic(self) -> Iterator[str]:
        sns = self.client("sns")
        arn = sns.create_topic(Name="lives")["TopicArn"]
        yield f"resourceId = '{arn}'"
        sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Lives")
        yield "configuration.DisplayName = 'Lives'"
        sns.delete_topic(TopicArn=arn)

    def queue(self) -> Iterator[str]:
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName="lives")["QueueUrl"]
        yield "resourceName = 'lives'"
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
        yield "configuration.VisibilityTimeout = 77"
        sqs.delete_queue(QueueUrl=url)

    def trail(self) -> Iterator[str]:
        self.client("s3").create_bucket(Bucket="lives-logs")
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*", "Resource": "*"}
            ],
        }  # fmt: skip
        self.client("s3").put_bucket_policy(Bucket="lives-logs", Policy=json.dumps(policy))
        cloudtrail = self.client("cloudtrail")
        cloudtrail.create_trail(Name="lives", S3BucketName="lives-logs")
        yield "resourceId = 'lives'"
        cloudtrail.update_trail(Name="lives", EnableLogFileValidation=True)
        yield "configuration.logFileValidationEnabled = true"
        cloudtrail.delete_trail(Name="lives")

    def log_group(self) -> Iterator[str]:
        logs = self.client("logs")
        logs.create_log_group(logGroupName="/lives")
        yield "resourceId = '/lives'"
        logs.put_retention_policy(logGroupName="/lives", retentionInDays=7)
        yield "configuration.RetentionInDays = 7"
        logs.delete_log_group(logGroupName="/lives")

    def alarm(self) -> Iterator[str]:
        cloudwatch = self.client("cloudwatch")
        alarm = {
            "AlarmName": "lives",
            "MetricName": "m",
            "Namespace": "n",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        cloudwatch.put_metric_alarm(**alarm, Threshold=1)
        yield "resourceName = 'lives'"
        cloudwatch.put_metric_alarm(**alarm, Threshold=2)
        yield "configuration.threshold = 2"
        cloudwatch.delete_alarms(AlarmNames=["lives"])


TYPES = {
    "AWS::IAM::User": "user",
    "AWS::IAM::Role": "role",
    "AWS::IAM::Policy": "policy",
    "AWS::EC2::Instance": "instance",
    "AWS::EC2::Volume": "volume",
    "AWS::EC2::VPC": "vpc",
    "AWS::KMS::Key": "key",
    "AWS::DynamoDB::Table": "table",
    "AWS::RDS::DBInstance": "database",
    "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue",
    "AWS::CloudTrail::Trail": "trail",
    "AWS::Logs::LogGroup": "log_group",
    "AWS::CloudWatch::Alarm": "alarm",
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_life_is_recorded(kind: str, recording, client, eventually) -> None:
    def found(condition: str) -> list[str]:
        expression = f"SELECT resourceId WHERE resourceType = '{kind}' AND {condition}"
        results = recording.select_resource_config(Expression=expression)["Results"]
        return [json.loads(row)["resourceId"] for row in results]

    life = getattr(Lives(client), TYPES[kind])()
    ids: list[str] = []
    for condition in life:
        ids = eventually(lambda condition=condition: found(condition), what=f"{kind} with {condition}")
    if kind == "AWS::KMS::Key":
        return  # seven days are the least KMS waits
    (resource_id,) = ids
    eventually(lambda: not found(f"resourceId = '{resource_id}'"), what=f"{kind} to be gone")


def test_a_table_without_recovery_is_repaired(recording, client, eventually) -> None:
    """The loop over a new type, a new rule and a new runbook: found, judged, repaired, judged again."""
    rule = "recovery"
    recording.put_config_rule(
        ConfigRule={
            "ConfigRuleName": rule,
            "Source": {"Owner": "AWS", "SourceIdentifier": "DYNAMODB_PITR_ENABLED"},
        }
    )
    recording.put_remediation_configurations(
        RemediationConfigurations=[
            {
                "ConfigRuleName": rule,
                "TargetType": "SSM_DOCUMENT",
                "TargetId": "AWSConfigRemediation-EnablePITRForDynamoDbTable",
                "Parameters": {
                    "AutomationAssumeRole": {"StaticValue": {"Values": [ROLE]}},
                    "TableName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
                },
                "Automatic": True,
                "MaximumAutomaticAttempts": 5,
                "RetryAttemptSeconds": 60,
            }
        ]
    )
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="ledger",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def verdicts() -> list[str]:
        results = recording.get_compliance_details_by_config_rule(ConfigRuleName=rule)["EvaluationResults"]
        return [one["ComplianceType"] for one in results]

    eventually(lambda: verdicts() == ["COMPLIANT"], what="the table to be repaired")
    backups = dynamodb.describe_continuous_backups(TableName="ledger")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    runs = recording.describe_remediation_execution_status(ConfigRuleName=rule)[
        "RemediationExecutionStatuses"
    ]
    assert [one["State"] for one in runs] == ["SUCCEEDED"]
