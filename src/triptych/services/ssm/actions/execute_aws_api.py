"""``aws:executeAwsApi``: call one AWS operation; the reply is the payload."""

from __future__ import annotations

from triptych.kernel.errors import ServiceError
from triptych.services.ssm import api_call
from triptych.services.ssm.action import Action, Attempt, Case, Done, Failed, Reply


async def run(attempt: Attempt) -> Done:
    return Done(payload=await api_call.make(attempt.inputs, attempt.call))


ACTION = Action(
    name="aws:executeAwsApi",
    check=api_call.check,
    run=run,
    has_payload=True,
    cases=(
        Case(
            name="calls the operation and hands on the reply",
            inputs={"Service": "s3", "Api": "GetBucketVersioning", "Bucket": "b"},
            replies=(
                Reply(call="s3:GetBucketVersioning", params={"Bucket": "b"}, answer={"Status": "Enabled"}),
            ),
            outcome=Done(payload={"Status": "Enabled"}),
        ),
        Case(
            name="service and operation without regard to case, text to numbers",
            inputs={"Service": "SQS", "Api": "receiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "3"},
            replies=(
                Reply(
                    call="sqs:ReceiveMessage",
                    params={"QueueUrl": "u", "MaxNumberOfMessages": 3},
                    answer={"Messages": []},
                ),
            ),
            outcome=Done(payload={"Messages": []}),
        ),
        Case(
            name="an error of the service is the step's failure",
            inputs={"Service": "s3", "Api": "DeleteBucketPolicy", "Bucket": "gone"},
            replies=(
                Reply(
                    call="s3:DeleteBucketPolicy",
                    params={"Bucket": "gone"},
                    answer=ServiceError("NoSuchBucket", "The specified bucket does not exist", status=404),
                ),
            ),
            outcome=Failed(message="NoSuchBucket"),
        ),
        Case(name="no service", inputs={"Api": "ListBuckets"}, refused="input Service is required"),
        Case(name="unknown service", inputs={"Service": "s4", "Api": "X"}, refused="'s4' is not a service"),
        Case(
            name="unknown operation",
            inputs={"Service": "s3", "Api": "Nope"},
            refused="not an operation of s3",
        ),
        Case(
            name="unknown parameter",
            inputs={"Service": "s3", "Api": "GetBucketVersioning", "Bucket": "b", "Bukcet": "b"},
            refused="Bukcet is unknown",
        ),
        Case(
            name="missing parameter",
            inputs={"Service": "s3", "Api": "GetBucketVersioning"},
            refused="needs the parameter Bucket",
        ),
        Case(
            name="a parameter of the wrong type",
            inputs={"Service": "sqs", "Api": "ReceiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "x"},
            refused="MaxNumberOfMessages must be a integer",
        ),
    ),
)
