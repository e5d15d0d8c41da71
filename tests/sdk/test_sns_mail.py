"""SNS's email subscriptions through a real SMTP server with STARTTLS and a password, seen from boto3 and a mailbox."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from mail_kit import PASSWORD, USER, Mailbox, mail_server
from triptych.testing.server import ServerProcess, running_server


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[ServerProcess]:
    settings = {
        "SMTP__HOST": "127.0.0.1",
        "SMTP__PORT": str(mailbox.port),
        "SMTP__USERNAME": USER,
        "SMTP__PASSWORD": PASSWORD,
        "SMTP__FROM_ADDRESS": "alerts@example.org",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(mailbox.certificate))  # for the server alone: it inherits it
        with running_server(tmp_path_factory.mktemp("server"), settings=settings) as running:
            yield running


@pytest.fixture
def subscribed(client, mailbox, eventually):
    """``subscribed(name, protocol, address)``: (topic's ARN, subscription's ARN), confirmed by the mail's link."""

    def subscribe(name: str, protocol: str, address: str, **attributes: str) -> tuple[str, str]:
        sns = client("sns")
        topic = sns.create_topic(Name=name, Attributes={"DisplayName": "Ops, at work"})["TopicArn"]
        answer = sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address, Attributes=attributes)
        assert answer["SubscriptionArn"] == "pending confirmation"
        sns.publish(TopicArn=topic, Message="too early")
        (mail,) = eventually(lambda: mailbox.to(address), what="the mail that asks to confirm")
        assert mail["Subject"] == "AWS Notification - Subscription Confirmation"
        text = mail.get_content()
        link = (
            json.loads(text)["SubscribeURL"]
            if protocol == "email-json"
            else re.search(r"http://\S+", text)[0]
        )
        with urllib.request.urlopen(link) as reply:
            return topic, json.load(reply)["SubscriptionArn"]

    return subscribe


def test_a_reader_confirms_reads_and_leaves(client, mailbox, subscribed, eventually) -> None:
    topic, subscription = subscribed("readers", "email", "ann@example.org")
    client("sns").publish(
        TopicArn=topic, Message="Speicher voll: 97 % — größer machen\n.\nEnde", Subject="Disk"
    )
    _, mail = eventually(
        lambda: len(mailbox.to("ann@example.org")) == 2 and mailbox.to("ann@example.org"), what="the mail"
    )
    assert (mail["Subject"], mail["From"].addresses[0].display_name) == ("Disk", "Ops, at work")
    assert mail["From"].addresses[0].addr_spec == "alerts@example.org"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("Speicher voll: 97 % — größer machen\n.\nEnde\n")
    link = re.search(r"http://\S+", text)[0]
    assert link.endswith(subscription)
    with urllib.request.urlopen(link):
        assert client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_programs_get_the_document(client, mailbox, subscribed, eventually) -> None:
    topic, _ = subscribed("programs", "email-json", "bot@example.org", FilterPolicy='{"kind": ["wanted"]}')
    for kind in ("unwanted", "wanted"):
        client("sns").publish(
            TopicArn=topic,
            Message=json.dumps({"default": "no", "email-json": kind}),
            MessageStructure="json",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
    _, mail = eventually(
        lambda: len(mailbox.to("bot@example.org")) == 2 and mailbox.to("bot@example.org"), what="the mail"
    )
    document = json.loads(mail.get_content())
    assert (document["Type"], document["Message"]) == ("Notification", "wanted")
    assert (mail["Subject"], document["TopicArn"]) == ("AWS Notification Message", topic)
    assert document["Signature"]


def test_what_the_server_puts_off_comes_again_and_what_it_refuses_is_kept(
    client, mailbox, subscribed, eventually
) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="mail-letters")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": queue})
    topic, _ = subscribed("greylisted", "email", "far@example.org", RedrivePolicy=redrive)
    attempts = mailbox.attempts
    mailbox.answers += ["451 come back later", "421 busy"]
    client("sns").publish(TopicArn=topic, Message="patience")
    eventually(lambda: len(mailbox.to("far@example.org")) == 2, what="the mail at last")
    assert mailbox.attempts == attempts + 3
    mailbox.answers += ["554 no such content here"]
    client("sns").publish(TopicArn=topic, Message="refused")
    letters = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), what="the dead letter")
    assert json.loads(letters[0]["Body"])["Message"] == "refused"
    assert len(mailbox.to("far@example.org")) == 2


@pytest.mark.parametrize(
    ("address", "attributes", "words"),
    [
        ("nobody", {}, "Email address"),
        ("a@b.c\r\nBcc: d@e.f", {}, "Email address"),
        ("a@b.c, d@e.f", {}, "Email address"),
        ("a@b.c", {"RawMessageDelivery": "true"}, "does not support raw message delivery"),
    ],
)
def test_what_is_refused(client, address: str, attributes: dict[str, str], words: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="strict-mail")["TopicArn"]
    with pytest.raises(ClientError, match=words) as refused:
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, Attributes=attributes)
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"
