"""The story: an admin prepares, a junior slips, Triptych sees, judges and repairs; every hop read from an API."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

T = TypeVar("T")

RULE = "bucket-encryption"
RUNBOOK = "AWS-EnableS3BucketEncryption"
JUNIOR = "junior-developer"
PATIENCE_SECONDS = 60.0
"""Far more than a step takes; a machine may have other work."""
ALARM_PERIOD_SECONDS = 10
FORBIDDEN = "salaries.csv"
NEWS = ("Config Rules Compliance Change", "CloudWatch Alarm State Change")
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}

Chapter = Literal[
    "prepare", "incident", "audit", "configuration", "compliance", "remediation", "alarm", "delivery", "story"
]


class StoryFailed(Exception):  # noqa: N818
    """A step did not happen; the message says which and what was seen instead."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that happened.

    :param milliseconds: after the junior's reply; None for the preparations.
    """

    chapter: Chapter
    title: str
    detail: str
    milliseconds: float | None = None
    lines: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Story:
    """Talks to one server as its admin and as the junior.

    :param url: the endpoint; the credential must be one that may do everything there.
    """

    url: str
    access_key_id: str
    secret_access_key: str
    region: str
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))

    def __post_init__(self) -> None:
        self._clients: dict[tuple[str, str], Any] = {}
        self.bucket = f"payroll-{self.suffix}"
        self.logs_bucket = f"audit-logs-{self.suffix}"
        self.junior_name = f"{JUNIOR}-{self.suffix}" if self._junior_exists() else JUNIOR
        self.rule = f"{RULE}-{self.suffix}"
        self.alarm = f"access-denied-{self.suffix}"
        self.news = f"news-{self.suffix}"
        self._heard: set[tuple[str, str]] = set()
        self._slip = 0.0
        self._outcome: dict[str, Any] = {}

    def tell(self) -> Iterator[Hop]:
        """Do it and watch it; raises StoryFailed."""
        try:
            yield from self._prepare()
            yield from self._incident()
            yield from self._watch()
        except (ClientError, BotoCoreError) as error:
            raise StoryFailed(str(error)) from error

    def result(self) -> dict[str, Any]:
        """What came of it: bucket, rule, seconds_to_repair, the record and the chain of causes."""
        return dict(self._outcome)

    # --- clients -----------------------------------------------------------------------------------------

    def client(self, service: str, access_key_id: str = "", secret_access_key: str = "") -> Any:
        """A boto3 client, made once: making one costs more than the calls it makes."""
        who = access_key_id or self.access_key_id
        if (service, who) not in self._clients:
            self._clients[service, who] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=self.region,
                aws_access_key_id=who,
                aws_secret_access_key=secret_access_key or self.secret_access_key,
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service, who]

    def _junior_exists(self) -> bool:
        try:
            self.client("iam").get_user(UserName=JUNIOR)
        except ClientError:
            return False
        except BotoCoreError as error:
            raise StoryFailed(f"{self.url} does not answer: {error}") from error
        return True

    # --- the preparations --------------------------------------------------------------------------------

    def _prepare(self) -> Iterator[Hop]:
        me = self.client("sts").get_caller_identity()
        self.account = me["Account"]
        s3 = self.client("s3")
        for name in (self.bucket, self.logs_bucket):
            s3.create_bucket(**self._bucket_location(name))
        s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration=ENCRYPTION)
        yield Hop("prepare", "bucket", f"{self.bucket}, encrypted by default (AES256)")
        s3.put_bucket_policy(
            Bucket=self.logs_bucket, Policy=json.dumps(delivery_policy(self.logs_bucket, self.account))
        )
        trail = self.client("cloudtrail")
        trail.create_trail(Name=f"demo-{self.suffix}", S3BucketName=self.logs_bucket)
        trail.start_logging(Name=f"demo-{self.suffix}")
        yield Hop("prepare", "trail", f"demo-{self.suffix} delivers to {self.logs_bucket}")
        role = self._role()
        self._record_configuration(role)
        yield Hop("prepare", "recorder", "AWS::S3::Bucket is recorded")
        self._rule_and_remediation(role)
        yield Hop("prepare", "rule", f"{self.rule}, repaired automatically by {RUNBOOK}")
        self._alarm()
        yield Hop(
            "prepare",
            "alarm",
            f"{self.alarm}: any call to S3 that is denied, looked at every {ALARM_PERIOD_SECONDS} s",
        )
        self._subscribe()
        yield Hop("prepare", "queue", f"{self.news} hears of both, from EventBridge and through SNS")
        iam = self.client("iam")
        iam.create_user(UserName=self.junior_name)
        key = iam.create_access_key(UserName=self.junior_name)["AccessKey"]
        self._junior = self.client("s3", key["AccessKeyId"], key["SecretAccessKey"])
        yield Hop("prepare", "user", f"{self.junior_name} gets access key {key['AccessKeyId']}")
        self._until("the bucket to be judged COMPLIANT", lambda: self._verdict() == "COMPLIANT")
        yield Hop("prepare", "verdict", "COMPLIANT")

    def _bucket_location(self, name: str) -> dict[str, Any]:
        if self.region == "us-east-1":
            return {"Bucket": name}
        return {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": self.region}}

    def _role(self) -> str:
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["ssm.amazonaws.com", "config.amazonaws.com"]},
        }
        role = self.client("iam").create_role(
            RoleName=f"triptych-demo-{self.suffix}",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        return str(role["Role"]["Arn"])

    def _record_configuration(self, role: str) -> None:
        config = self.client("config")
        if config.describe_configuration_recorders()["ConfigurationRecorders"]:
            return  # a running server's own recorder; its settings are not ours to change
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": role,
                "recordingGroup": {"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]},
            }
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": self.logs_bucket})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    def console_link(self) -> str:
        """The incident's page on this server; the alarm is where it begins."""
        return f"{self.url}/console/#/incident?alarm={self.alarm}&region={self.region}"

    def _alarm(self) -> None:
        """A file nobody may read, and an alarm on the gateway's own count of denied calls."""
        s3 = self.client("s3")
        s3.put_object(Bucket=self.bucket, Key=FORBIDDEN, Body=b"name,salary\n")
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/{FORBIDDEN}",
        }
        s3.put_bucket_policy(
            Bucket=self.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        )
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=self.alarm,
            Namespace="Triptych/Gateway",
            MetricName="AccessDenied",
            Dimensions=[{"Name": "Service", "Value": "s3"}],
            Statistic="Sum",
            Period=ALARM_PERIOD_SECONDS,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )

    def _subscribe(self) -> None:
        """One queue, told twice: by an EventBridge rule itself, and by a topic the same rule publishes to."""
        sqs, sns, events = self.client("sqs"), self.client("sns"), self.client("events")
        self._queue = sqs.create_queue(QueueName=self.news)["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        topic = sns.create_topic(Name=self.news)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
        about = [{"detail": {"configRuleName": [self.rule]}}, {"detail": {"alarmName": [self.alarm]}}]
        events.put_rule(Name=self.news, EventPattern=json.dumps({"detail-type": NEWS, "$or": about}))
        targets = [{"Id": "queue", "Arn": queue_arn}, {"Id": "topic", "Arn": topic}]
        events.put_targets(Rule=self.news, Targets=targets)

    def _rule_and_remediation(self, role: str) -> None:
        config = self.client("config")
        config.put_config_rule(
            ConfigRule={
                "ConfigRuleName": self.rule,
                "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"},
                "Scope": {
                    "ComplianceResourceTypes": ["AWS::S3::Bucket"],
                    "ComplianceResourceId": self.bucket,
                },
            }
        )
        config.put_remediation_configurations(
            RemediationConfigurations=[
                {
                    "ConfigRuleName": self.rule,
                    "TargetType": "SSM_DOCUMENT",
                    "TargetId": RUNBOOK,
                    "Automatic": True,
                    "MaximumAutomaticAttempts": 3,
                    "RetryAttemptSeconds": 60,
                    "Parameters": {
                        "AutomationAssumeRole": {"StaticValue": {"Values": [role]}},
                        "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
                        "SSEAlgorithm": {"StaticValue": {"Values": ["AES256"]}},
                    },
                }
            ]
        )

    # --- the slip and what follows -------------------------------------------------------------------------

    def _incident(self) -> Iterator[Hop]:
        watch = _Watch(self._encrypted, self._verdict)
        self._junior.delete_bucket_encryption(Bucket=self.bucket)
        self._slip = time.monotonic()
        watch.start()
        self._watching = watch
        yield Hop(
            "incident", "the slip", f"{self.junior_name} calls DeleteBucketEncryption on {self.bucket}", 0.0
        )
        yield self._hop(
            "incident", "a second try", f"{self.junior_name} asks for {FORBIDDEN}: {self._denied()}"
        )

    def _watch(self) -> Iterator[Hop]:
        event = self._until("the call in LookupEvents", self._event)
        record = json.loads(event["CloudTrailEvent"])
        who = record["userIdentity"]
        yield self._hop(
            "audit",
            "recorded",
            f"{who.get('userName')} from {record['sourceIPAddress']}: {record['eventName']} {record['requestParameters']['bucketName']}",
            (f"arn {who.get('arn')}", f"eventID {record['eventID']}", f"userAgent {record['userAgent']}"),
        )
        repaired = self._until("the bucket to be encrypted again", lambda: self._watching.repaired)
        before, after = self._until("the configuration item without encryption", self._items)
        yield self._hop(
            "configuration",
            "changed",
            "ServerSideEncryptionConfiguration is gone",
            tuple(difference(before, after)),
        )
        chain = self._until("the chain of causes to be complete", lambda: self._chain(record["eventID"]))
        noncompliant = next(e for e in chain if e["kind"] == "ComplianceChanged")
        seen = self._watching.noncompliant
        how = (
            "seen through GetComplianceDetailsByConfigRule"
            if seen
            else "read from the timeline; it was repaired before the next poll"
        )
        yield Hop(
            "compliance",
            "NON_COMPLIANT",
            f"{noncompliant['summary']} ({how})",
            self._since(chain, noncompliant),
        )
        execution = self._until("the remediation to have succeeded", self._execution)
        steps = tuple(f"{s['Name']}: {s['State']}" for s in execution["StepDetails"])
        yield self._hop("remediation", execution["State"], f"{RUNBOOK} on {self.bucket}", steps)
        self._until("the bucket to be judged COMPLIANT again", lambda: self._verdict() == "COMPLIANT")
        yield self._hop("compliance", "COMPLIANT", f"{self.bucket} under {self.rule}")
        state = self._until("the alarm to fire", self._fired)
        yield self._hop("alarm", "ALARM", f"{self.alarm}: {state}")
        self._until("both events in the queue by both ways", self._news_by_both_ways)
        yield self._hop(
            "delivery",
            "in the queue",
            f"{self.news}",
            tuple(f"{kind}, through {way}" for kind, way in sorted(self._heard)),
        )
        seconds = repaired - self._slip
        yield Hop("story", "encrypted again", f"{seconds:.3f} s after the slip", seconds * 1000)
        self._outcome = {
            "bucket": self.bucket,
            "rule": self.rule,
            "user": self.junior_name,
            "seconds_to_repair": round(seconds, 3),
            "record": record,
            "chain": self._chain(record["eventID"]) or chain,
        }

    def _hop(self, chapter: Chapter, title: str, detail: str, lines: tuple[str, ...] = ()) -> Hop:
        return Hop(chapter, title, detail, (time.monotonic() - self._slip) * 1000, lines)

    # --- what the APIs say ---------------------------------------------------------------------------------

    def _event(self) -> dict[str, Any] | None:
        found = self.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": self.junior_name}]
        )["Events"]
        return next((e for e in found if e["EventName"] == "DeleteBucketEncryption"), None)

    def _items(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The last item with encryption and the first one after it without."""
        history = self.client("config").get_resource_config_history(
            resourceType="AWS::S3::Bucket", resourceId=self.bucket, chronologicalOrder="Forward"
        )["configurationItems"]
        bare = [i for i, item in enumerate(history) if not _sse(item)]
        after = next((i for i in bare if i > 0 and _sse(history[i - 1])), None)
        return None if after is None else (history[after - 1], history[after])

    def _verdict(self) -> str:
        results = self.client("config").get_compliance_details_by_config_rule(ConfigRuleName=self.rule)[
            "EvaluationResults"
        ]
        return str(results[0]["ComplianceType"]) if results else ""

    def _execution(self) -> dict[str, Any] | None:
        found = self.client("config").describe_remediation_execution_status(
            ConfigRuleName=self.rule,
            ResourceKeys=[{"resourceType": "AWS::S3::Bucket", "resourceId": self.bucket}],
        )["RemediationExecutionStatuses"]
        latest: dict[str, Any] | None = found[0] if found else None
        if latest and latest["State"] == "FAILED":
            raise StoryFailed(
                f"the remediation failed: {[s.get('ErrorMessage') for s in latest['StepDetails']]}"
            )
        return latest if latest and latest["State"] == "SUCCEEDED" else None

    def _denied(self) -> str:
        try:
            self._junior.get_object(Bucket=self.bucket, Key=FORBIDDEN)
        except ClientError as error:
            return str(error.response["ResponseMetadata"]["HTTPStatusCode"])
        raise StoryFailed(f"{FORBIDDEN} was readable in spite of the bucket policy")

    def _fired(self) -> str | None:
        """Why, from the history: by the time anybody looks, the alarm may be OK again."""
        found = self.client("cloudwatch").describe_alarm_history(
            AlarmName=self.alarm, HistoryItemType="StateUpdate"
        )["AlarmHistoryItems"]
        states = [json.loads(item["HistoryData"])["newState"] for item in found]
        return next((str(s["stateReason"]) for s in states if s["stateValue"] == "ALARM"), None)

    def _news_by_both_ways(self) -> bool:
        """Read the queue; what came through SNS stands in SNS's envelope."""
        sqs = self.client("sqs")
        taken = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            body = json.loads(message["Body"])
            event, way = (
                (json.loads(body["Message"]), "SNS")
                if body.get("Type") == "Notification"
                else (body, "EventBridge")
            )
            self._heard.add((event["detail-type"], way))
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return len(self._heard) == 2 * len(NEWS)

    def _encrypted(self) -> bool:
        try:
            self.client("s3").get_bucket_encryption(Bucket=self.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ServerSideEncryptionConfigurationNotFoundError":
                return False
            raise
        return True

    def _chain(self, event_id: str) -> list[dict[str, Any]] | None:
        """Everything that followed from the slip; None until the second verdict is in it."""
        request = AWSRequest("GET", f"{self.url}/_triptych/timeline", params={"id": event_id})
        credentials = boto3.Session(self.access_key_id, self.secret_access_key).get_credentials()
        SigV4Auth(credentials, "triptych", self.region).add_auth(request)
        reply = URLLib3Session().send(request.prepare())
        if reply.status_code != 200:
            raise StoryFailed(f"the timeline answers {reply.status_code}: {reply.text}")
        events: list[dict[str, Any]] = json.loads(reply.content)["events"]
        verdicts = sum(1 for e in events if e["kind"] == "ComplianceChanged")
        return events if verdicts >= 2 else None

    def _since(self, chain: list[dict[str, Any]], event: dict[str, Any]) -> float:
        """Milliseconds between the slip and an event, by the server's clock."""
        return (_moment(event) - _moment(chain[0])) * 1000

    def _until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look again and again; the longer it takes, the longer the pauses, which are a twentieth of the time."""
        began = time.monotonic()
        while (waited := time.monotonic() - began) < PATIENCE_SECONDS:
            if seen := look():
                return seen
            time.sleep(0.02 + waited / 20)
        raise StoryFailed(f"waited {PATIENCE_SECONDS:.0f} s for {what}, in vain")


class _Watch(threading.Thread):
    """Looks at the bucket and its verdict while the story goes on."""

    def __init__(self, encrypted: Callable[[], bool], verdict: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self._encrypted = encrypted
        self._verdict = verdict
        self.repaired: float | None = None
        self.noncompliant = False

    def run(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self._encrypted():
                self.repaired = time.monotonic()
                return
            self.noncompliant = self.noncompliant or self._verdict() == "NON_COMPLIANT"
            time.sleep(0.01)


def _moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def _sse(item: dict[str, Any]) -> str | None:
    found: str | None = (item.get("supplementaryConfiguration") or {}).get(
        "ServerSideEncryptionConfiguration"
    )
    return found


def difference(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What changed between two configuration items, a line each."""
    old, new = before.get("supplementaryConfiguration") or {}, after.get("supplementaryConfiguration") or {}
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            if name in old:
                yield f"- {name} {old[name]}"
            if name in new:
                yield f"+ {name} {new[name]}"


def delivery_policy(bucket: str, account: str) -> dict[str, Any]:
    """The bucket policy CloudTrail and Config need to deliver (AWS: "Amazon S3 bucket policy for CloudTrail")."""
    services = {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": services,
                "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
                "Resource": f"arn:aws:s3:::{bucket}",
            },
            {
                "Effect": "Allow",
                "Principal": services,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ],
    }
