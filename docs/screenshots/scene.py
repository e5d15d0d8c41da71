"""What the pictures show: a payroll service on an estate, told through boto3 alone.

Three hours of metrics and log lines are written with their times; what nobody can date back (calls, configuration,
alarm states) happens while this runs. The incident is the demo's own (``triptych.demo.story``): a junior developer
switches a bucket's encryption off, and the service refuses to upload until it looks again.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from triptych.demo.story import Story, delivery_policy

REGION = "us-east-1"
APP_LOG = "/app/payroll"
UPLOADS = "payroll-uploads-refused"
HISTORY_MINUTES = 180
QUIET_SECONDS = 45
"""Between the preparations and the slip."""
REFUSING_SECONDS = 80
"""How long the service refuses to upload after it has found the bucket unencrypted."""


@dataclass
class Scene:
    """One server's estate and its history; everything random comes from one seed."""

    url: str
    random: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.story = Story(self.url, "test", "test", REGION, suffix="prod")
        self.bucket, self.rule = self.story.bucket, self.story.rule
        self.slip_ms = 0
        self._people: dict[str, tuple[str, str]] = {}

    @contextlib.contextmanager
    def played(self) -> Iterator[None]:
        """All of it, in about five minutes; the service goes on writing its log to the end of the block."""
        self._estate()
        self._rules()
        self._history()
        self._alarms()
        self._dashboard()
        with Service(self) as service:
            for hop in self.story.tell():
                if hop.title == "verdict":
                    time.sleep(QUIET_SECONDS)
                if hop.title == "the slip":
                    self.slip_ms = now_ms()
                    service.refuse()
            self._until("the uploads' alarm to fire", lambda: self._state(UPLOADS) == "ALARM")
            self._aftermath()
            self._until("the uploads' alarm to be over", lambda: self._state(UPLOADS) == "OK")
            yield

    def client(self, service: str, who: str = "") -> Any:
        return self.story.client(service, *self._people.get(who, ()))

    # --- the estate ----------------------------------------------------------------------------------------

    def _estate(self) -> None:
        iam, s3 = self.client("iam"), self.client("s3")
        for name in ("maria", "deploy-pipeline"):
            iam.create_user(UserName=name)
            key = iam.create_access_key(UserName=name)["AccessKey"]
            self._people[name] = (key["AccessKeyId"], key["SecretAccessKey"])
        s3.create_bucket(Bucket="config-history")
        account = self.client("sts").get_caller_identity()["Account"]
        policy = delivery_policy("config-history", account)
        s3.put_bucket_policy(Bucket="config-history", Policy=json.dumps(policy))
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["config.amazonaws.com", "ssm.amazonaws.com", "lambda.amazonaws.com"]},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.role = iam.create_role(RoleName="payroll-service", AssumeRolePolicyDocument=document)["Role"][
            "Arn"
        ]
        config = self.client("config")
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": self.role,
                "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-history"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        self._build()

    def _build(self) -> None:
        """What Maria and the pipeline have made: a network, storage, a table, messages."""
        maria, pipeline = (lambda s: self.client(s, "maria")), (lambda s: self.client(s, "deploy-pipeline"))
        ec2 = maria("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        for name, port in {"payroll-web": 443, "payroll-database": 5432}.items():
            group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            ec2.authorize_security_group_ingress(
                GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="10.20.0.0/16"
            )
        self.database_group = group
        for name in ("payroll-reports", "payroll-archive"):
            maria("s3").create_bucket(Bucket=name)
        maria("s3").put_bucket_versioning(
            Bucket="payroll-archive", VersioningConfiguration={"Status": "Enabled"}
        )
        maria("s3").put_bucket_tagging(
            Bucket="payroll-archive",
            Tagging={"TagSet": [{"Key": "team", "Value": "people"}, {"Key": "stage", "Value": "production"}]},
        )
        maria("kms").create_key(Description="payroll")
        pipeline("sqs").create_queue(QueueName="payslips")
        pipeline("sns").create_topic(Name="on-call")
        pipeline("dynamodb").create_table(
            TableName="employees",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def _rules(self) -> None:
        config = self.client("config", "maria")
        for name, identifier, description in (
            ("restricted-ssh", "INCOMING_SSH_DISABLED", "No security group lets everybody in by SSH."),
            ("bucket-versioning", "S3_BUCKET_VERSIONING_ENABLED", "Buckets keep old versions."),
            ("table-backups", "DYNAMODB_PITR_ENABLED", "Tables can be restored to a point in time."),
            ("user-mfa", "IAM_USER_MFA_ENABLED", "People sign in with a second factor."),
            ("key-rotation", "CMK_BACKING_KEY_ROTATION_ENABLED", "Keys are rotated every year."),
        ):
            config.put_config_rule(
                ConfigRule={
                    "ConfigRuleName": name,
                    "Description": description,
                    "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
                }
            )
        config.put_remediation_configurations(
            RemediationConfigurations=[
                {
                    "ConfigRuleName": "bucket-versioning",
                    "TargetType": "SSM_DOCUMENT",
                    "TargetId": "AWS-ConfigureS3BucketVersioning",
                    "Automatic": False,
                    "Parameters": {
                        "AutomationAssumeRole": {"StaticValue": {"Values": [self.role]}},
                        "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
                        "VersioningState": {"StaticValue": {"Values": ["Enabled"]}},
                    },
                }
            ]
        )

    # --- three hours of a quiet day ------------------------------------------------------------------------

    def _history(self) -> None:
        logs = self.client("logs", "deploy-pipeline")
        for group in (APP_LOG, "/app/web", "/aws/lambda/payslip-mailer"):
            logs.create_log_group(logGroupName=group)
            logs.put_retention_policy(logGroupName=group, retentionInDays=90)
        for stream in ("web-1", "web-2"):
            logs.create_log_stream(logGroupName=APP_LOG, logStreamName=stream)
        for group, stream in {
            "/app/web": "edge-1",
            "/aws/lambda/payslip-mailer": "2026/11/27/latest",
        }.items():
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            line = {"timestamp": now_ms(), "message": "INFO started"}
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])
        logs.put_metric_filter(
            logGroupName=APP_LOG,
            filterName="uploads-refused",
            filterPattern='{ $.level = "ERROR" && $.operation = "upload" }',
            metricTransformations=[
                {
                    "metricName": "UploadsRefused",
                    "metricNamespace": "Payroll",
                    "metricValue": "1",
                    "dimensions": {"BucketName": "$.bucket"},
                }
            ],
        )
        begin = now_ms() - HISTORY_MINUTES * 60_000
        for stream in ("web-1", "web-2"):
            lines = [
                {
                    "timestamp": begin + minute * 60_000 + self.random.randrange(60_000),
                    "message": self.line(),
                }
                for minute in range(HISTORY_MINUTES)
                for _ in range(4 + round(3 * math.sin(minute / 25)))
            ]
            lines.sort(key=lambda line: line["timestamp"])
            logs.put_log_events(logGroupName=APP_LOG, logStreamName=stream, logEvents=lines)
        self._metrics(begin)
        logs.put_query_definition(
            name="Payroll/Slowest requests",
            logGroupNames=[APP_LOG],
            queryString="fields @timestamp, route, latency\n| filter ispresent(latency)\n| sort latency desc\n| limit 20",
        )
        logs.put_query_definition(
            name="Payroll/Errors by operation",
            logGroupNames=[APP_LOG],
            queryString='filter level = "ERROR"\n| stats count(*) as errors by operation, bin(5m)',
        )

    def line(self, *, refused: bool = False) -> str:
        """One line of the service, as JSON."""
        request = f"req-{self.random.randrange(16**6):06x}"
        if refused:
            return json.dumps(
                {
                    "level": "ERROR",
                    "operation": "upload",
                    "message": f"upload refused: {self.bucket} is not encrypted",
                    "bucket": self.bucket,
                    "requestId": request,
                }
            )
        route = self.random.choice(("GET /payslips", "GET /employees", "POST /timesheets", "GET /health"))
        slow = self.random.random() < 0.02
        return json.dumps(
            {
                "level": "WARN" if slow else "INFO",
                "operation": "request",
                "message": "request took long" if slow else "request served",
                "route": route,
                "status": 200,
                "latency": round(self.random.lognormvariate(3.6, 0.4) * (12 if slow else 1), 1),
                "requestId": request,
            }
        )

    def _metrics(self, begin: int) -> None:
        """A wave of requests on two hosts, and what they cost; one value a minute."""
        data = []
        for minute in range(HISTORY_MINUTES + 1):
            load = 240 + 90 * math.sin(minute / 25)
            for host, part in (("web-1", 0.55), ("web-2", 0.45)):
                requests = load * part + self.random.gauss(0, 6)
                for name, value, unit in (
                    ("Requests", round(requests), "Count"),
                    ("Latency", 35 + requests / 9 + self.random.gauss(0, 2.5), "Milliseconds"),
                    ("CPUUtilization", 18 + requests / 5 + self.random.gauss(0, 3), "Percent"),
                ):
                    data.append(
                        {
                            "MetricName": name,
                            "Dimensions": [{"Name": "Host", "Value": host}],
                            "Timestamp": (begin + minute * 60_000) / 1000,
                            "Value": value,
                            "Unit": unit,
                        }
                    )
        for i in range(0, len(data), 500):
            self.client("cloudwatch").put_metric_data(Namespace="Payroll", MetricData=data[i : i + 500])

    # --- what watches ---------------------------------------------------------------------------------------

    def _alarms(self) -> None:
        cloudwatch = self.client("cloudwatch", "maria")
        for host in ("web-1", "web-2"):
            cloudwatch.put_metric_alarm(
                AlarmName=f"payroll-latency-{host}",
                AlarmDescription="Pages of the payroll take longer than people wait.",
                Namespace="Payroll",
                MetricName="Latency",
                Dimensions=[{"Name": "Host", "Value": host}],
                Statistic="Average",
                Period=60,
                EvaluationPeriods=5,
                DatapointsToAlarm=3,
                Threshold=80,
                ComparisonOperator="GreaterThanThreshold",
            )
        cloudwatch.put_metric_alarm(
            AlarmName=UPLOADS,
            AlarmDescription="The payroll refuses to write payslips into its bucket. Runbook: see what changed on the bucket first.",
            Namespace="Payroll",
            MetricName="UploadsRefused",
            Dimensions=[{"Name": "BucketName", "Value": self.bucket}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=10,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        cloudwatch.put_metric_alarm(
            AlarmName="payslip-mailer-silent",
            Namespace="AWS/Lambda",
            MetricName="Invocations",
            Dimensions=[{"Name": "FunctionName", "Value": "payslip-mailer"}],
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=3,
            Threshold=1,
            ComparisonOperator="LessThanThreshold",
        )
        cloudwatch.put_composite_alarm(
            AlarmName="payroll-in-trouble",
            AlarmDescription="Anything that people notice.",
            AlarmRule=f'ALARM("{UPLOADS}") OR (ALARM("payroll-latency-web-1") AND ALARM("payroll-latency-web-2"))',
        )

    def _dashboard(self) -> None:
        def chart(x: int, y: int, title: str, name: str, **more: Any) -> dict[str, Any]:
            metrics = [["Payroll", name, "Host", host] for host in ("web-1", "web-2")]
            properties = {"title": title, "region": REGION, "metrics": metrics, "period": 60, **more}
            return {"type": "metric", "x": x, "y": y, "width": 8, "height": 6, "properties": properties}

        account = self.client("sts").get_caller_identity()["Account"]
        watched = (UPLOADS, "payroll-latency-web-1", "payroll-latency-web-2", "payslip-mailer-silent")
        alarms = [f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{name}" for name in watched]
        query = f"SOURCE '{APP_LOG}' | fields @timestamp, level, message, route, latency | filter level != \"INFO\" | sort @timestamp desc | limit 20"
        text = "# Payroll\nOn call: **people-platform**. First look at [what changed](#/incidents), then at the log below."
        widgets = [
            {
                "type": "text",
                "x": 0,
                "y": 0,
                "width": 8,
                "height": 4,
                "properties": {"markdown": text},
            },
            {
                "type": "alarm",
                "x": 8,
                "y": 0,
                "width": 16,
                "height": 4,
                "properties": {"title": "Alarms", "alarms": alarms},
            },
            chart(0, 4, "Requests a minute", "Requests", stat="Sum", stacked=True, view="timeSeries"),
            chart(8, 4, "Latency, average (ms)", "Latency", stat="Average", view="timeSeries"),
            chart(16, 4, "CPU now", "CPUUtilization", stat="Average", view="singleValue"),
            {
                "type": "log",
                "x": 0,
                "y": 10,
                "width": 24,
                "height": 6,
                "properties": {
                    "title": "What is not routine",
                    "region": REGION,
                    "query": query,
                    "view": "table",
                },
            },
        ]
        self.client("cloudwatch", "maria").put_dashboard(
            DashboardName="payroll", DashboardBody=json.dumps({"widgets": widgets})
        )

    # --- after the slip -------------------------------------------------------------------------------------

    def _aftermath(self) -> None:
        """Maria looks around; the pipeline opens a port it should not."""
        self.client("s3", "maria").put_bucket_tagging(
            Bucket=self.bucket, Tagging={"TagSet": [{"Key": "incident", "Value": "reviewed"}]}
        )
        self.client("ec2", "deploy-pipeline").authorize_security_group_ingress(
            GroupId=self.database_group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
        )

    def _state(self, alarm: str) -> str:
        found = self.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return str(found[0]["StateValue"])

    def _until(self, what: str, look: Any, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not look():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}, in vain")
            time.sleep(1)


class Service(threading.Thread):
    """The payroll while it runs: lines every second, and refusals after ``refuse`` until it has looked again."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(daemon=True)
        self._scene = scene
        self._logs = scene.client("logs")
        self._stopped = threading.Event()
        self._refusing_until = 0.0

    def refuse(self) -> None:
        self._refusing_until = time.monotonic() + REFUSING_SECONDS

    def run(self) -> None:
        while not self._stopped.wait(1):
            refused = time.monotonic() < self._refusing_until
            lines = [self._scene.line() for _ in range(3)] + [self._scene.line(refused=True)] * refused
            at = now_ms()
            events = [{"timestamp": at + i, "message": line} for i, line in enumerate(lines)]
            self._logs.put_log_events(logGroupName=APP_LOG, logStreamName="web-1", logEvents=events)

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()


def now_ms() -> int:
    return int(time.time() * 1000)
