"""SNS as an unmodified boto3 sees it, with queues of the estate and a receiver on a real socket."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from messaging_kit import ACCOUNT, refused


def test_topics_and_their_attributes(client) -> None:
    sns = client("sns")
    arn = sns.create_topic(
        Name="news", Attributes={"DisplayName": "News"}, Tags=[{"Key": "a", "Value": "b"}]
    )["TopicArn"]
    assert arn == f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
    assert sns.create_topic(Name="news")["TopicArn"] == arn
    code, message = refused(sns.create_topic, Name="news", Attributes={"DisplayName": "Other"})
    assert (code, message) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "News"
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SignatureVersion"] == "2"
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert {"TopicArn": arn} in sns.list_topics()["Topics"]
    assert refused(sns.create_topic, Name="a b") == ("InvalidParameter", "Invalid parameter: Topic Name")
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")


def test_lists_go_on_where_they_stopped(client) -> None:
    sns = client("sns", region="eu-west-3")
    names = {f"topic-{number:03}" for number in range(103)}
    for name in names:
        sns.create_topic(Name=name)
    first = sns.list_topics()
    second = sns.list_topics(NextToken=first["NextToken"])
    assert (len(first["Topics"]), len(second["Topics"]), "NextToken" in second) == (100, 3, False)
    assert {t["TopicArn"].rpartition(":")[2] for t in first["Topics"] + second["Topics"]} == names
    assert refused(sns.list_topics, NextToken="bogus")[0] == "InvalidParameter"


def test_a_queue_gets_what_its_filter_wants(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="filtered")["TopicArn"]
    url, queue_arn = queue("filtered")
    subscription = sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps({"level": ["high"], "size": [{"numeric": [">", 5]}]})},
    )["SubscriptionArn"]

    def publish(text: str, level: str, size: str) -> str:
        attributes = {
            "level": {"DataType": "String", "StringValue": level},
            "size": {"DataType": "Number", "StringValue": size},
        }
        return sns.publish(TopicArn=arn, Message=text, Subject="S", MessageAttributes=attributes)["MessageId"]

    publish("low", "low", "9")
    publish("small", "high", "5")
    wanted = publish("this", "high", "6")
    (message,) = taken(url)
    document = json.loads(message["Body"])
    assert (document["Type"], document["MessageId"], document["Message"]) == ("Notification", wanted, "this")
    assert document["MessageAttributes"]["size"] == {"Type": "Number", "Value": "6"}
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
    )
    sns.set_subscription_attributes(
        SubscriptionArn=subscription,
        AttributeName="FilterPolicy",
        AttributeValue='{"a": {"b": [{"exists": true}]}}',
    )
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    sns.publish(TopicArn=arn, Message='{"a": 1}')
    sns.publish(
        TopicArn=arn,
        Message='{"a": {"b": 1}}',
        MessageAttributes={"bin": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}},
    )
    (message,) = taken(url)
    assert message["Body"] == '{"a": {"b": 1}}'
    assert message["MessageAttributes"]["bin"]["BinaryValue"] == b"\x00\x01"
    sns.unsubscribe(SubscriptionArn=subscription)
    assert refused(sns.get_subscription_attributes, SubscriptionArn=subscription) == (
        "NotFound",
        "Subscription does not exist",
    )


def test_an_owned_subscription_is_not_ended_by_a_link(client, receiver, eventually) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="owned")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url)
    (request,) = eventually(lambda: receiver.documents("SubscriptionConfirmation"), what="the request")
    subscription = sns.confirm_subscription(
        TopicArn=arn, Token=request["Token"], AuthenticateOnUnsubscribe="true"
    )["SubscriptionArn"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    sns.publish(TopicArn=arn, Message="m")
    (message,) = eventually(lambda: receiver.documents("Notification"), what="the message")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(message["UnsubscribeURL"])
    with refusal.value as answer:
        assert (answer.status, json.load(answer)["code"]) == (403, "AuthorizationError")
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_endpoint_confirms_and_verifies_what_it_gets(
    client, server, receiver, eventually, version: str
) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name=f"signed-{version}", Attributes={"SignatureVersion": version})["TopicArn"]
    answer = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=receiver.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=arn, Message="too early")
    (request,) = eventually(
        lambda: receiver.documents("SubscriptionConfirmation"), what="the request to confirm"
    )
    _verify(request, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
    assert refused(sns.confirm_subscription, TopicArn=arn, Token="0" * 128) == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )
    with urllib.request.urlopen(request["SubscribeURL"]) as reply:
        confirmed = json.load(reply)["SubscriptionArn"]
    assert confirmed.startswith(arn)
    again = sns.confirm_subscription(TopicArn=arn, Token=request["Token"])
    assert again["SubscriptionArn"] == confirmed
    receiver.statuses += [500, 503]
    sns.publish(TopicArn=arn, Message="hello", Subject="greeting")
    eventually(lambda: len(receiver.documents("Notification")) == 3, what="two failures and a success")
    first, _, last = receiver.documents("Notification")
    assert first["MessageId"] == last["MessageId"]
    assert last["Message"] == "hello"
    _verify(last, ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
    with urllib.request.urlopen(last["UnsubscribeURL"]):
        assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


def _verify(document: dict, names: tuple[str, ...]) -> None:
    text = "".join(f"{name}\n{document[name]}\n" for name in names)
    with urllib.request.urlopen(document["SigningCertURL"]) as reply:
        certificate = x509.load_pem_x509_certificate(reply.read())
    digest = {"1": hashes.SHA1, "2": hashes.SHA256}[document["SignatureVersion"]]()
    certificate.public_key().verify(
        base64.b64decode(document["Signature"]), text.encode(), padding.PKCS1v15(), digest
    )


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(
    client, receiver, eventually, queue, taken
) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="hopeless")["TopicArn"]
    url, queue_arn = queue("hopeless-letters")
    sns.subscribe(
        TopicArn=arn,
        Protocol="http",
        Endpoint=receiver.url,
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn}),
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {"numRetries": 1}}),
            "RawMessageDelivery": "true",
        },
    )
    (request,) = eventually(
        lambda: receiver.documents("SubscriptionConfirmation"), what="the request to confirm"
    )
    sns.confirm_subscription(TopicArn=arn, Token=request["Token"])
    receiver.statuses += [500, 500, 500]
    sns.publish(TopicArn=arn, Message="lost?")
    (message,) = taken(url)
    assert message["Body"] == "lost?"
    assert [body for _, body in receiver.received[1:]] == [b"lost?"] * 2


def test_fifo_topics_keep_order_and_drop_repeats(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="line.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, queue_arn = queue("line.fifo", FifoQueue="true")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    assert refused(sns.publish, TopicArn=arn, Message="x")[1] == (
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    )
    answers = [
        sns.publish(TopicArn=arn, Message=str(n), MessageGroupId="g", MessageDeduplicationId=f"d{n}")
        for n in range(5)
    ]
    again = sns.publish(TopicArn=arn, Message="0", MessageGroupId="g", MessageDeduplicationId="d0")
    assert again["MessageId"] == answers[0]["MessageId"]
    numbers = [int(answer["SequenceNumber"]) for answer in answers]
    assert numbers == sorted(set(numbers))
    assert [message["Body"] for message in taken(url, 5)] == ["0", "1", "2", "3", "4"]


def test_batches_accept_and_refuse_one_by_one(client, queue, taken) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="batched")["TopicArn"]
    url, queue_arn = queue("batched")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    answer = sns.publish_batch(
        TopicArn=arn,
        PublishBatchRequestEntries=[
            {"Id": "a", "Message": "one"},
            {"Id": "b", "Message": "two", "Subject": "x\n"},
        ],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("b", "InvalidParameter", True)
    assert [message["Body"] for message in taken(url)] == ["one"]
    entry = {"Id": "a", "Message": "m"}
    assert (
        refused(sns.publish_batch, TopicArn=arn, PublishBatchRequestEntries=[entry, entry])[0]
        == "BatchEntryIdsNotDistinct"
    )


def test_what_sns_refuses(client) -> None:
    sns = client("sns")
    arn = sns.create_topic(Name="strict")["TopicArn"]
    queue_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    attribute = {"x": {"DataType": "Strang", "StringValue": "y"}}
    assert refused(sns.publish, TopicArn=arn, Message="") == (
        "InvalidParameter",
        "Invalid parameter: Empty message",
    )
    assert refused(sns.publish, TopicArn=arn, Message="x" * 262_145) == (
        "InvalidParameter",
        "Invalid parameter: Message too long",
    )
    assert (
        refused(sns.publish, TopicArn=arn, Message="m", MessageAttributes=attribute)[0]
        == "ParameterValueInvalid"
    )
    assert refused(sns.publish, TopicArn=arn, Message="[]", MessageStructure="json")[1] == (
        "Invalid parameter: Message Structure - JSON message body failed to parse"
    )
    assert refused(sns.subscribe, TopicArn=arn, Protocol="fax", Endpoint="1")[1] == (
        "Invalid parameter: Amazon SNS does not support this protocol string: fax"
    )
    code, message = refused(sns.subscribe, TopicArn=arn, Protocol="email", Endpoint="a@b.c")
    assert (code, "set host and from_address in [smtp]" in message) == ("NotImplemented", True)
    assert (
        refused(sns.subscribe, TopicArn=arn, Protocol="sqs", Endpoint="q")[1]
        == "Invalid parameter: SQS endpoint ARN"
    )
    code, message = refused(
        sns.subscribe,
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": '{"a": "x"}'},
    )
    assert code == "InvalidParameter"
    assert message.startswith('Invalid parameter: FilterPolicy: "a" must be an object or an array')
