"""Signing in to the console: a real server, a browser's requests, and those of somebody who is not one."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from botocore.eventstream import EventStreamBuffer

from console_client import Browser
from triptych.kernel import limits
from triptych.testing.server import ServerProcess, running_server

LIST_TRAILS = "CloudTrail_20131101.ListTrails"
PUT_RULE = "AWSEvents.PutRule"


@pytest.fixture
def browser(server: ServerProcess) -> Browser:
    return Browser(server.port)


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    assert browser.sign_in().status == 200
    return browser


def code(answer) -> str:
    return answer.json.get("code") or answer.json["__type"].rpartition("#")[2]


def test_signing_in_and_out(browser: Browser) -> None:
    assert browser.api("GET", "session").status == 401
    answer = browser.sign_in()
    assert answer.status == 200
    assert (answer.json["account"], answer.json["arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
    assert answer.json["expires"] > time.time() * 1000
    flags = answer.headers["set-cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert "Secure" not in flags, "over plain HTTP the browser would not keep it"
    assert answer.headers["cache-control"] == "no-store"
    assert "test" not in answer.headers["set-cookie"]
    assert browser.api("GET", "session").json == answer.json
    gone = browser.api("DELETE", "session")
    assert (gone.status, gone.body) == (204, b"")
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert browser.api("GET", "session").status == 401
    assert browser.aws(LIST_TRAILS).status == 401


def test_a_page_calls_aws_and_is_recorded_as_the_console(signed_in: Browser, client, eventually) -> None:
    made = signed_in.aws(
        PUT_RULE, {"Name": "from-the-console", "ScheduleExpression": "rate(1 day)"}, region="eu-west-1"
    )
    assert made.status == 200, made.body
    assert made.json["RuleArn"] == "arn:aws:events:eu-west-1:000000000000:rule/from-the-console"
    trail = client("cloudtrail", region="eu-west-1")

    def look():
        return trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutRule"}]
        )["Events"]

    record = json.loads(eventually(look, what="PutRule in the history")[0]["CloudTrailEvent"])
    assert record["userIdentity"]["arn"] == "arn:aws:iam::000000000000:root"
    assert record["sessionCredentialFromConsole"] == "true"
    assert record["sourceIPAddress"] == "127.0.0.1"
    text = json.dumps(record)
    assert signed_in.cookie not in text and signed_in.csrf not in text
    client("events", region="eu-west-1").delete_rule(Name="from-the-console")
    signed = eventually(
        lambda: trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DeleteRule"}]
        )["Events"],
        what="DeleteRule in the history",
    )
    assert "sessionCredentialFromConsole" not in json.loads(signed[0]["CloudTrailEvent"])


@pytest.mark.parametrize(
    ("changed", "status", "expected"),
    [
        ({"csrf": ""}, 403, "AccessDeniedException"),
        ({"csrf": "A" * 43}, 403, "AccessDeniedException"),
        ({"origin": ""}, 403, "AccessDeniedException"),
        ({"origin": "null"}, 403, "AccessDeniedException"),
        ({"origin": "https://evil.example"}, 403, "AccessDeniedException"),
        ({"origin": "http://127.0.0.1:1"}, 403, "AccessDeniedException"),
        ({"sec-fetch-site": "same-site"}, 403, "AccessDeniedException"),
        ({"sec-fetch-site": "cross-site"}, 403, "AccessDeniedException"),
        ({"cookie": "triptych_session=" + "A" * 43}, 401, "ExpiredTokenException"),
        ({"cookie": "triptych_session="}, 401, "ExpiredTokenException"),
        ({"cookie": ""}, 400, "MissingAuthenticationTokenException"),
        ({"content_type": "text/plain"}, 400, "MissingAuthenticationTokenException"),
        ({"region": "nowhere"}, 400, "ValidationException"),
    ],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_refused(signed_in: Browser, changed, status, expected) -> None:
    answer = signed_in.aws(LIST_TRAILS, **changed)
    assert (answer.status, code(answer)) == (status, expected), answer.body
    assert signed_in.aws(LIST_TRAILS).status == 200, "the session itself is well"


def test_a_planted_second_cookie_is_not_believed(signed_in: Browser) -> None:
    two = f"triptych_session={signed_in.cookie}; triptych_session={'B' * 43}"
    assert signed_in.aws(LIST_TRAILS, cookie=two).status == 401


def test_a_session_speaks_aws_json_only(signed_in: Browser, client) -> None:
    client("s3").create_bucket(Bucket="not-from-a-page")
    for method, path in (
        ("GET", "/not-from-a-page"),
        ("DELETE", "/not-from-a-page"),
        ("POST", "/?Action=ListUsers&Version=2010-05-08"),
    ):
        answer = signed_in.send(method, path, headers=signed_in.headers())
        assert answer.status in (400, 403), (method, path, answer.body)
    client("s3").head_bucket(Bucket="not-from-a-page")


def test_signing_in_takes_its_own_origin_and_json(browser: Browser) -> None:
    given = {"accessKeyId": "test", "secretAccessKey": "test"}
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert browser.api("POST", "session", given, origin=origin).status == 403
    assert browser.api("POST", "session", given, **{"sec-fetch-site": "cross-site"}).status == 403
    assert browser.api("POST", "session", given, content_type="text/plain").status == 415
    assert code(browser.api("POST", "session", {**given, "cookie": "x"})) == "ValidationException"
    rebound = {"host": f"evil.example:{browser.port}", "origin": f"http://evil.example:{browser.port}"}
    assert browser.api("POST", "session", given, **rebound).status == 403, "DNS rebinding with test/test"


def test_https_in_front_makes_the_cookie_secure_and_binds_the_session_to_it(browser: Browser) -> None:
    browser.origin = f"https://127.0.0.1:{browser.port}"
    assert "Secure" in browser.sign_in().headers["set-cookie"].split("; ")
    assert browser.aws(LIST_TRAILS).status == 200
    assert browser.aws(LIST_TRAILS, origin=f"http://127.0.0.1:{browser.port}").status == 403


def test_a_new_session_at_every_sign_in(browser: Browser) -> None:
    browser.cookie = "C" * 43
    assert browser.sign_in().status == 200
    first = browser.cookie
    assert first != "C" * 43, "a cookie that was brought along is never taken"
    assert browser.sign_in().status == 200
    assert browser.cookie != first
    assert browser.aws(LIST_TRAILS, cookie=f"triptych_session={first}").status == 401, (
        "the one before has ended"
    )


def test_a_users_key_that_is_switched_off_or_deleted_ends_its_sessions(browser: Browser, client) -> None:
    iam = client("iam")
    iam.create_user(UserName="carla")
    key = iam.create_access_key(UserName="carla")["AccessKey"]
    assert browser.sign_in(key["AccessKeyId"], key["SecretAccessKey"]).json["arn"].endswith(":user/carla")
    assert browser.aws(LIST_TRAILS).status == 200
    iam.update_access_key(UserName="carla", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert browser.aws(LIST_TRAILS).status == 401
    assert browser.api("GET", "session").status == 401
    refused = browser.sign_in(key["AccessKeyId"], key["SecretAccessKey"])
    assert (refused.status, code(refused)) == (403, "InvalidClientTokenId")
    iam.update_access_key(UserName="carla", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert browser.aws(LIST_TRAILS).status == 200
    iam.delete_access_key(UserName="carla", AccessKeyId=key["AccessKeyId"])
    assert browser.aws(LIST_TRAILS).status == 401


def test_temporary_credentials_sign_in_until_they_expire(browser: Browser, client) -> None:
    issued = client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    keys = (issued["AccessKeyId"], issued["SecretAccessKey"])
    assert code(browser.sign_in(*keys)) == "InvalidClientTokenId", "without its session token"
    answer = browser.sign_in(*keys, issued["SessionToken"])
    assert answer.status == 200
    assert answer.json["expires"] <= (issued["Expiration"] + timedelta(seconds=1)).timestamp() * 1000
    assert datetime.fromtimestamp(answer.json["expires"] / 1000, UTC) - datetime.now(UTC) < timedelta(
        seconds=901
    )
    assert browser.aws(LIST_TRAILS).status == 200
    made = browser.aws("DynamoDB_20120810.ListTables", content_type="application/x-amz-json-1.0")
    assert made.status == 200, "forwarded, signed anew for the estate"


def test_a_live_tail_runs_in_a_session(signed_in: Browser, client) -> None:
    client("logs").create_log_group(logGroupName="console-tail")
    params = {"logGroupIdentifiers": ["arn:aws:logs:us-east-1:000000000000:log-group:console-tail"]}
    headers = signed_in.aws_headers("Logs_20140328.StartLiveTail")
    with closing(http.client.HTTPConnection("127.0.0.1", signed_in.port, timeout=60)) as connection:
        connection.request("POST", "/", json.dumps(params), headers)
        reply = connection.getresponse()
        assert reply.headers["content-type"] == "application/vnd.amazon.eventstream"
        buffer, seen = EventStreamBuffer(), []
        while len(seen) < 2:
            buffer.add_data(reply.read1())
            seen += [message.headers[":event-type"] for message in buffer]
    assert seen[:2] == ["initial-response", "sessionStart"]


def test_the_page_of_a_bucket_runs_no_scripts_on_the_consoles_origin(browser: Browser, client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_object(Bucket="uploads", Key="evil.html", Body=b"<script>1</script>", ContentType="text/html")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "uploads", "Key": "evil.html"})
    answer = browser.send("GET", link.partition(f":{browser.port}")[2])
    assert (answer.status, answer.body) == (200, b"<script>1</script>")
    assert answer.headers["content-security-policy"] == "sandbox"


def test_a_bucket_may_be_called_console(client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="console")
    s3.put_object(Bucket="console", Key="api/session", Body=b"mine")
    assert s3.get_object(Bucket="console", Key="api/session")["Body"].read() == b"mine"


def test_own_endpoints_take_signatures_of_their_service_only(server: ServerProcess) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    def asked(service: str) -> int:
        request = AWSRequest("GET", f"{server.url}/_triptych/timeline", params={"id": "none"})
        SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
        prepared = request.prepare()
        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in prepared.headers.items()}
        return Browser(server.port).send("GET", "/_triptych/timeline?id=none", headers=headers).status

    assert asked("triptych") == 200
    assert asked("logs") == 403


def test_wrong_keys_are_told_and_then_held_off(tmp_path) -> None:
    """And what survives a restart: sessions, not the secrets; nothing of either in log or store."""
    settings = {"INTERVALS__CONFIG_SWEEP_SECONDS": "3600", "LOG_LEVEL": "debug"}
    with running_server(tmp_path / "data", settings=settings) as server:
        browser = Browser(server.port)
        assert browser.sign_in().status == 200
        stranger = Browser(server.port)
        wrong = stranger.sign_in("test", "guess")
        assert (wrong.status, code(wrong)) == (403, "SignatureDoesNotMatch")
        unknown = stranger.sign_in("AKIATYPEDTHESECRETHERE", "test")
        assert (unknown.status, code(unknown)) == (403, "InvalidClientTokenId")
        for _ in range(limits.SIGN_IN_FAILURES_OF_ADDRESS - 2):
            assert stranger.sign_in("test", "guess").status == 403
        held = stranger.sign_in("test", "test")
        assert (held.status, code(held)) == (429, "ThrottlingException")
        assert 0 < held.json["retryAfterSeconds"] <= limits.SIGN_IN_WINDOW_SECONDS
        assert held.headers["retry-after"] == str(held.json["retryAfterSeconds"])
        assert "Try again in" in held.json["message"]
        assert browser.aws(LIST_TRAILS).status == 200, "who is signed in stays so"
        port = server.port
    again = ServerProcess(tmp_path / "data", port=port, settings=settings)
    again.start()
    try:
        assert browser.aws(LIST_TRAILS).status == 200
        assert browser.api("GET", "session").json["csrf"] == browser.csrf
    finally:
        again.stop()
    changed = ServerProcess(
        tmp_path / "data", port=port, settings={**settings, "ROOT_SECRET_ACCESS_KEY": "another"}
    )
    changed.start()
    try:
        assert browser.aws(LIST_TRAILS).status == 401, "the key has another secret by now"
    finally:
        changed.stop()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("control.db*"))
    log = (tmp_path / "data" / "server.log").read_text()
    for secret in (browser.cookie, browser.csrf):
        assert secret.encode() not in kept
        assert secret not in log
    assert "AKIATYPEDTHESECRETHERE" not in log
    assert "console_sign_in_refused" in log


def test_signing_in_is_an_event_of_the_trail(browser: Browser, client, eventually) -> None:
    iam = client("iam")
    iam.create_user(UserName="dora")
    key = iam.create_access_key(UserName="dora")["AccessKey"]
    assert browser.sign_in(key["AccessKeyId"], "not hers").status == 403
    assert browser.sign_in(key["AccessKeyId"], key["SecretAccessKey"]).status == 200

    def look():
        found = client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "dora"}]
        )["Events"]
        return found if len(found) == 2 else None

    events = eventually(look, what="both sign-ins in the history")
    records = [json.loads(event["CloudTrailEvent"]) for event in events]
    outcome = {record["responseElements"]["ConsoleLogin"]: record for record in records}
    for record in records:
        assert (record["eventName"], record["eventType"]) == ("ConsoleLogin", "AwsConsoleSignIn")
        assert record["eventSource"] == "signin.amazonaws.com"
        assert record["userIdentity"]["userName"] == "dora"
        assert record["additionalEventData"]["LoginTo"] == f"{browser.origin}/console/"
    assert outcome["Failure"]["errorMessage"] == "Failed authentication"
    text = json.dumps(records)
    assert key["AccessKeyId"] not in text and "not hers" not in text and browser.cookie not in text
