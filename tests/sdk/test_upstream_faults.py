"""An upstream that is down or silent: the caller gets an AWS-shaped 503 in time, and the call is recorded all the same."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from triptych.testing.server import ServerProcess, running_server


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, silent: int) -> Iterator[ServerProcess]:
    settings = {
        "ESTATE__DEFAULT": "http://127.0.0.1:9",  # nobody listens on the discard port
        "ESTATE__SERVICES__SQS": f"http://127.0.0.1:{silent}",
        "ESTATE__TIMEOUT_SECONDS": "0.5",
    }
    with running_server(tmp_path_factory.mktemp("faults"), settings=settings) as running:
        yield running


def refusal(call, **params) -> ClientError:
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value


@pytest.mark.parametrize(
    ("service", "operation", "params", "name"),
    [
        ("s3", "create_bucket", {"Bucket": "unreachable"}, "CreateBucket"),
        ("iam", "create_user", {"UserName": "unreachable"}, "CreateUser"),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "CreateVpc"),
        ("dynamodb", "delete_table", {"TableName": "unreachable"}, "DeleteTable"),
        ("sqs", "create_queue", {"QueueName": "silent"}, "CreateQueue"),
    ],
)
def test_503_in_the_protocols_shape_and_a_record(
    client, eventually, service, operation, params, name
) -> None:
    error = refusal(getattr(client(service), operation), **params)
    assert error.response["Error"]["Code"] == "ServiceUnavailable"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    request_id = error.response["ResponseMetadata"]["RequestId"]

    def look():
        found = client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}]
        )
        return found["Events"]

    record = json.loads(eventually(look, what=f"{name} in the event history")[0]["CloudTrailEvent"])
    assert record["requestID"] == request_id
    assert record["errorCode"].endswith("ServiceUnavailable")
    assert record["responseElements"] is None


def test_our_own_services_go_on(server: ServerProcess) -> None:
    trail = boto3.client(
        "cloudtrail", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    assert trail.describe_trails()["trailList"] == []
