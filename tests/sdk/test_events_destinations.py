"""Where events go beyond queues and topics, as an unmodified boto3 sees it: API destinations, archives, automations, logs."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time

from messaging_kit import ACCOUNT, Receiver, put, refused, rule


def test_events_are_posted_to_api_destinations(client, receiver, eventually) -> None:
    events = client("events")
    connection = events.create_connection(
        Name="partner",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"},
            "InvocationHttpParameters": {
                "HeaderParameters": [
                    {"Key": "x-more", "Value": "shown"},
                    {"Key": "x-hidden", "Value": "h", "IsValueSecret": True},
                ],
                "BodyParameters": [{"Key": "tenant", "Value": "t1"}],
            },
        },
    )
    assert connection["ConnectionState"] == "AUTHORIZED"
    described = events.describe_connection(Name="partner")["AuthParameters"]
    assert described["ApiKeyAuthParameters"] == {"ApiKeyName": "x-key"}
    assert "Value" not in described["InvocationHttpParameters"]["HeaderParameters"][1]
    destination = events.create_api_destination(
        Name="partner",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=receiver.url + "orders/*/events",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    target = {
        "Arn": destination,
        "InputPath": "$.detail",
        "HttpParameters": {"PathParameterValues": ["a/b"], "QueryStringParameters": {"q": "1"}},
    }
    rule(client, "to-partner", {"source": ["partner"]}, target)
    receiver.statuses += [500, 429]
    put(client, {"n": 1}, source="partner")
    eventually(lambda: len(receiver.received) == 3, what="two failures and a success")
    headers, body = receiver.received[-1]
    assert json.loads(body) == {"n": 1, "tenant": "t1"}
    assert (headers["x-key"], headers["x-more"], headers["x-hidden"]) == ("secret", "shown", "h")
    assert receiver.paths == ["/orders/a%2Fb/events?q=1"] * 3
    assert [d["Name"] for d in events.list_api_destinations()["ApiDestinations"]] == ["partner"]
    events.deauthorize_connection(Name="partner")
    assert events.describe_connection(Name="partner")["ConnectionState"] == "DEAUTHORIZED"
    events.delete_api_destination(Name="partner")
    events.delete_connection(Name="partner")
    assert refused(events.describe_connection, Name="partner")[0] == "ResourceNotFoundException"


def test_an_api_destination_gets_no_more_than_its_rate_and_is_left_alone_as_long_as_it_asks(
    client, receiver, eventually
) -> None:
    events = client("events")
    key = {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}
    connection = events.create_connection(
        Name="slow", AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": key}
    )
    destination = events.create_api_destination(
        Name="slow",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=receiver.url,
        HttpMethod="POST",
        InvocationRateLimitPerSecond=4,
    )["ApiDestinationArn"]
    rule(client, "to-slow", {"source": ["slow"]}, {"Arn": destination, "InputPath": "$.detail"})
    began = time.monotonic()
    for n in range(8):
        put(client, {"n": n}, source="slow")
    eventually(lambda: len(receiver.received) == 8, what="all of them", seconds=60)
    assert {json.loads(body)["n"] for _, body in receiver.received} == set(range(8))
    # However late one comes, none comes early: the n-th not before its turn.
    early = [n for n, at in enumerate(receiver.arrivals) if at - began < n / 4]
    assert early == []
    receiver.headers = {"Retry-After": "2"}
    receiver.statuses += [429]
    put(client, {"n": 8}, source="slow")
    eventually(lambda: len(receiver.received) == 10, what="the second attempt", seconds=60)
    refused_at, taken_at = receiver.arrivals[-2:]
    assert taken_at - refused_at >= 2


def _oauth(authority: Receiver, **more) -> dict:
    return {
        "ClientParameters": {"ClientID": "me", "ClientSecret": "hush-hush"},
        "AuthorizationEndpoint": authority.url + "token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "audience", "Value": "orders"}]},
    } | more


def test_oauth_tokens_are_fetched_kept_and_renewed(client, server, receiver, authority, eventually) -> None:
    events = client("events")
    authority.answer = {"access_token": "token-first", "expires_in": 3600}
    made = events.create_connection(
        Name="oauth",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": _oauth(authority)},
    )
    assert made["ConnectionState"] == "AUTHORIZING"

    def authorized() -> bool:
        return events.describe_connection(Name="oauth")["ConnectionState"] == "AUTHORIZED"

    eventually(authorized, what="the connection")
    shown = events.describe_connection(Name="oauth")["AuthParameters"]["OAuthParameters"]
    assert shown["ClientParameters"] == {"ClientID": "me"}
    headers, body = authority.received[0]
    assert body == b"grant_type=client_credentials&audience=orders"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:hush-hush").decode()
    destination = events.create_api_destination(
        Name="oauth",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint=receiver.url + "in",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    once = {"MaximumRetryAttempts": 0}
    rule(client, "to-oauth", {"source": ["oauth"]}, {"Arn": destination, "RetryPolicy": once})

    def tokens(count: int) -> list[str]:
        eventually(lambda: len(receiver.received) >= count, what=f"{count} calls")
        return [headers["Authorization"] for headers, _ in receiver.received]

    for n in range(2):
        put(client, {"n": n}, source="oauth")
    assert tokens(2) == ["Bearer token-first"] * 2
    assert len(authority.received) == 1, "the token was kept"
    authority.answer = {"access_token": "token-second", "expires_in": "3600"}
    receiver.statuses += [401]
    put(client, {"n": 2}, source="oauth")
    assert tokens(4)[2:] == ["Bearer token-first", "Bearer token-second"], (
        "renewed when it was refused, in the same attempt"
    )
    authority.answer = {"access_token": "token-third"}
    new = {"ClientParameters": {"ClientSecret": "hush-hush-2"}}
    events.update_connection(Name="oauth", AuthParameters={"OAuthParameters": new})
    eventually(authorized, what="the connection")
    put(client, {"n": 3}, source="oauth")
    assert tokens(5)[4] == "Bearer token-third"
    assert (
        authority.received[-1][0]["Authorization"] == "Basic " + base64.b64encode(b"me:hush-hush-2").decode()
    )
    stored = b"".join(file.read_bytes() for file in server.data_dir.glob("control.db*"))
    assert not [secret for secret in (b"hush-hush", b"token-") if secret in stored]
    events.delete_connection(Name="oauth")


def test_a_connection_whose_credential_is_refused_says_so(client, authority, eventually) -> None:
    events = client("events")
    authority.statuses += [503, 400]
    parameters = _oauth(authority, HttpMethod="PUT")
    events.create_connection(
        Name="refused",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": parameters},
    )

    def found() -> str:
        described = events.describe_connection(Name="refused")
        return described["ConnectionState"] == "DEAUTHORIZED" and described["StateReason"]

    assert "HTTP_400" in eventually(found, what="the refusal")
    assert len(authority.received) == 2, "503 was tried again"
    code, _ = refused(
        events.create_connection,
        Name="wrong",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": _oauth(authority, AuthorizationEndpoint="ftp://x")},
    )
    assert code == "ValidationException"


def test_archives_keep_events_and_replays_send_them_again(client, queue, taken, eventually) -> None:
    events = client("events")
    bus = events.create_event_bus(Name="kept")["EventBusArn"]
    url, queue_arn = queue("replayed")
    other_url, other_arn = queue("not-replayed")
    archive = events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern='{"detail": {"n": [{"numeric": ["<", 3]}]}}'
    )["ArchiveArn"]
    wanted = rule(client, "all", {"source": ["my.app"]}, {"Arn": queue_arn}, EventBusName="kept")
    rule(client, "others", {"source": ["my.app"]}, {"Arn": other_arn}, EventBusName="kept")
    ids = [put(client, {"n": n}, EventBusName="kept") for n in range(5)]
    eventually(
        lambda: events.describe_archive(ArchiveName="kept")["EventCount"] == 3, what="three archived events"
    )
    taken(url, 5), taken(other_url, 5)
    now = dt.datetime.now(dt.UTC)
    asked = {
        "ReplayName": "again",
        "EventSourceArn": archive,
        "EventStartTime": now - dt.timedelta(hours=1),
        "EventEndTime": now + dt.timedelta(hours=1),
        "Destination": {"Arn": bus, "FilterArns": [wanted]},
    }
    assert events.start_replay(**asked)["State"] == "STARTING"
    assert refused(events.start_replay, **asked)[0] == "ResourceAlreadyExistsException"
    again = [json.loads(message["Body"]) for message in taken(url, 3)]
    assert sorted(event["id"] for event in again) == sorted(ids[:3])
    assert {event["replay-name"] for event in again} == {"again"}
    eventually(
        lambda: events.describe_replay(ReplayName="again")["State"] == "COMPLETED",
        what="the end of the replay",
    )
    assert "Messages" not in client("sqs").receive_message(QueueUrl=other_url)
    assert events.describe_archive(ArchiveName="kept")["EventCount"] == 3, (
        "replayed events are not archived again"
    )
    assert refused(events.cancel_replay, ReplayName="again")[0] == "IllegalStatusException"
    assert (
        refused(events.disable_rule, Name="Events-Archive-kept", EventBusName="kept")[0]
        == "ManagedRuleException"
    )
    events.delete_archive(ArchiveName="kept")
    assert refused(events.describe_archive, ArchiveName="kept") == (
        "ResourceNotFoundException",
        "Archive kept does not exist.",
    )


def test_events_start_automations_and_are_written_to_log_groups(client, eventually) -> None:
    logs, ssm, s3 = client("logs"), client("ssm"), client("s3")
    logs.create_log_group(logGroupName="/events/all")
    content = {
        "schemaVersion": "0.3",
        "parameters": {"Bucket": {"type": "String"}},
        "mainSteps": [
            {
                "name": "make",
                "action": "aws:executeAwsApi",
                "inputs": {"Service": "s3", "Api": "CreateBucket", "Bucket": "{{ Bucket }}"},
            }
        ],
    }
    ssm.create_document(Name="MakeBucket", DocumentType="Automation", Content=json.dumps(content))
    transformer = {"InputPathsMap": {"name": "$.detail.bucket"}, "InputTemplate": '{"Bucket": [<name>]}'}
    rule(
        client,
        "to-automation",
        {"source": ["wish"]},
        {
            "Arn": f"arn:aws:ssm:us-east-1:{ACCOUNT}:automation-definition/MakeBucket:$DEFAULT",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
            "InputTransformer": transformer,
        },
    )
    group = {"Arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/events/all"}
    rule(client, "automations", {"source": ["aws.ssm"], "detail-type": [{"prefix": "EC2 Automation"}]}, group)
    put(client, {"bucket": "wished-for"}, source="wish")
    eventually(lambda: "wished-for" in [b["Name"] for b in s3.list_buckets()["Buckets"]], what="the bucket")

    def told() -> list[dict]:
        found = logs.filter_log_events(logGroupName="/events/all")["events"]
        return [json.loads(each["message"])["detail"] for each in found]

    eventually(
        lambda: any(d["Status"] == "Success" and "StepName" not in d for d in told()),
        what="its end in the log",
    )
    assert {(d.get("StepName"), d["Status"]) for d in told()} >= {("make", "Success"), (None, "Success")}
