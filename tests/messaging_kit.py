"""What EventBridge and SNS are tested with over the wire: events and rules, queues of the estate, a receiver on a socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


def refused(call, **params) -> tuple[str, str]:
    """The code and the words a call is refused with."""
    with pytest.raises(ClientError) as error:
        call(**params)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


class Receiver:
    """Remembers what it was sent; answers the statuses it was told to, then 200."""

    def __init__(self) -> None:
        received, statuses = self.received, self.statuses = [], []
        self.refusing = False
        self.answer: dict = {}
        paths, arrivals = self.paths, self.arrivals = [], []  # arrivals: on the monotonic clock
        self.headers: dict[str, str] = {}
        """Of every answer that is no 200."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                arrivals.append(time.monotonic())
                paths.append(self.path)
                received.append((dict(self.headers.items()), body))
                status = statuses.pop(0) if statuses else 503 if receiver.refusing else 200
                self.send_response(status)
                for name, value in receiver.headers.items() if status != 200 else ():
                    self.send_header(name, value)
                answer = json.dumps(receiver.answer).encode() if receiver.answer else b""
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def documents(self, kind: str) -> list[dict]:
        return [
            json.loads(body)
            for headers, body in list(self.received)
            if headers["x-amz-sns-message-type"] == kind
        ]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.http.serve_forever, daemon=True)
    thread.start()
    yield receiver
    receiver.http.shutdown()
    receiver.http.server_close()
    thread.join()


def put(client, detail: dict, *, source: str = "my.app", kind: str = "T", **more) -> str:
    """Put one event; its id."""
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **more}
    answer = client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"][0]["EventId"]


def rule(client, name: str, pattern: dict, *targets: dict, **more) -> str:
    """A rule with targets ``0``, ``1`` and so on; its ARN."""
    events = client("events")
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)["RuleArn"]
    where = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
    if targets:
        events.put_targets(
            Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)], **where
        )
    return arn


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def authority() -> Iterator[Receiver]:
    """An authorization endpoint; its ``answer`` is the token."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def queue(client):
    """``queue(name)`` -> (url, arn) of a new queue."""

    def make(name: str, **attributes: str) -> tuple[str, str]:
        sqs = client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    return make


@pytest.fixture
def taken(client, eventually):
    """``taken(url, 2)``: the bodies of as many messages, taken off the queue."""

    def take(url: str, count: int = 1) -> list[dict]:
        found: list[dict] = []

        def look() -> bool:
            for message in (
                client("sqs")
                .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
                .get("Messages", [])
            ):
                client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return len(found) >= count

        eventually(look, what=f"{count} messages")
        return found

    return take
