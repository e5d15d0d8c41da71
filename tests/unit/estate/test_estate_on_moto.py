"""The real sandbox, called as the gateway calls it: requests written and replies read by botocore."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from triptych.control.open import open_store
from triptych.control.sql_store import SqlStore
from triptych.estate.forward import Estate
from triptych.estate.identities import learn, resolve
from triptych.estate.message import EstateReply, EstateRequest
from triptych.estate.sandbox import Sandbox
from triptych.estate.vault import Vault
from triptych.kernel.clock import SystemClock
from triptych.kernel.context import Context, Identity
from triptych.kernel.errors import ServiceError
from triptych.settings import Estate as Places
from triptych.settings import Settings
from triptych.wire.message import Headers
from triptych.wire.model import operation_model, service_model

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT = "111122223333"
MiB = 1024 * 1024


class Caller:
    """Makes calls of one account through the estate."""

    def __init__(
        self, estate: Estate, *, account: str = ACCOUNT, region: str = "us-east-1", key: str = ""
    ) -> None:
        self._estate, self._account, self._region, self._key = estate, account, region, key

    async def raw(
        self,
        service: str,
        operation: str,
        method: str,
        path: str,
        query: str = "",
        headers: Any = (),
        body: Any = b"",
    ) -> EstateReply:
        return await self._estate.send(
            EstateRequest(
                service=service,
                operation=operation,
                signing_name=service_model(service).signing_name,
                account=self._account,
                region=self._region,
                method=method,
                path=path,
                query=query,
                headers=Headers(headers),
                body=body,
                access_key_id=self._key,
            )
        )  # fmt: skip

    async def __call__(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """The parsed output; an error answer is parsed too and found under ``Error``."""
        model = operation_model(service, operation)
        protocol = service_model(service).protocol
        out = create_serializer(protocol).serialize_to_request(params, model)
        path, _, inline = out["url_path"].partition("?")
        query = "&".join(
            part for part in (inline, urlencode(out["query_string"] or {}, quote_via=quote)) if part
        )
        body = urlencode(out["body"]).encode() if isinstance(out["body"], dict) else out["body"]
        headers = [*out["headers"].items()]
        if isinstance(out["body"], dict):
            headers.append(("content-type", "application/x-www-form-urlencoded"))
        body = body.encode() if isinstance(body, str) else body
        reply = await self.raw(service, operation, out["method"], path, query, headers, body)
        received = {"status_code": reply.status, "headers": dict(reply.headers), "body": await reply.read()}
        return create_parser(protocol).parse(received, model.output_shape)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def estate() -> AsyncIterator[Estate]:
    sandbox = Sandbox(clock=SystemClock())
    await sandbox.start()
    found = Estate(settings=Settings(estate=Places(timeout_seconds=60)), sandbox=sandbox, clock=SystemClock())
    await found.start()
    yield found
    await found.close()
    await sandbox.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def call(estate: Estate) -> Caller:
    found = Caller(estate)
    await found("s3", "CreateBucket", Bucket="store")
    return found


async def test_accounts_and_regions_are_apart(estate: Estate) -> None:
    one, two = Caller(estate, account="100000000001"), Caller(estate, account="200000000002")
    far = Caller(estate, account="100000000001", region="eu-west-1")
    await one("iam", "CreateUser", UserName="ann")
    await one("sqs", "CreateQueue", QueueName="q")
    assert [user["UserName"] for user in (await one("iam", "ListUsers"))["Users"]] == ["ann"]
    assert (await two("iam", "ListUsers"))["Users"] == []
    assert [user["Arn"] for user in (await far("iam", "ListUsers"))["Users"]] == [
        "arn:aws:iam::100000000001:user/ann"
    ]
    assert len((await one("sqs", "ListQueues"))["QueueUrls"]) == 1
    assert "QueueUrls" not in await far("sqs", "ListQueues")


@pytest.mark.parametrize(
    "key", ["plain", "a//b", "/lead", "a/../b/./c", "sp ace+plus%", "日本/ü", "a?b#c", "x.amazonaws.com/y"]
)
async def test_keys_survive(call: Caller, key: str) -> None:
    body = key.encode()
    path = "/store/" + quote(key, safe="/~.")
    assert (await call.raw("s3", "PutObject", "PUT", path, body=body)).status == 200
    assert await (await call.raw("s3", "GetObject", "GET", path)).read() == body
    listed = [item["Key"] for item in (await call("s3", "ListObjectsV2", Bucket="store"))["Contents"]]
    assert key in listed


async def test_head_ranges_and_conditions(call: Caller) -> None:
    put = await call.raw(
        "s3", "PutObject", "PUT", "/store/ten", headers=[("content-type", "a/b")], body=b"0123456789"
    )
    etag = put.headers.get("etag")
    head = await call.raw("s3", "HeadObject", "HEAD", "/store/ten")
    assert (head.status, head.headers.get("content-length"), await head.read()) == (200, "10", b"")
    assert head.headers.get("content-type") == "a/b"

    async def get(*headers: tuple[str, str]) -> tuple[int, bytes]:
        reply = await call.raw("s3", "GetObject", "GET", "/store/ten", headers=headers)
        return reply.status, await reply.read()

    assert await get(("range", "bytes=2-4")) == (206, b"234")
    assert await get(("range", "bytes=-3")) == (206, b"789")
    assert (await get(("range", "bytes=20-")))[0] == 416
    assert await get(("if-none-match", etag)) == (304, b"")
    assert (await get(("if-match", '"other"')))[0] == 412
    missing = await call.raw("s3", "HeadObject", "HEAD", "/store/none")
    assert (missing.status, await missing.read()) == (404, b"")


async def test_a_form_label_on_a_put_loses_nothing(call: Caller) -> None:
    label = [("content-type", "application/x-www-form-urlencoded")]
    await call.raw("s3", "PutObject", "PUT", "/store/form", headers=label, body=b"key=1&b=2")
    assert await (await call.raw("s3", "GetObject", "GET", "/store/form")).read() == b"key=1&b=2"


async def test_an_html_object_is_an_object(call: Caller) -> None:
    page = b"<!doctype html><title>x</title>"
    await call.raw(
        "s3", "PutObject", "PUT", "/store/page", headers=[("content-type", "text/html")], body=page
    )
    got = await call.raw("s3", "GetObject", "GET", "/store/page")
    assert (got.headers.get("content-type"), await got.read()) == ("text/html", page)


async def test_presigned_and_framed_requests_need_nothing_of_their_signature(call: Caller) -> None:
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0"
    framed = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("content-encoding", "aws-chunked"),
    ]
    await call.raw("s3", "PutObject", "PUT", "/store/signed", query, headers=framed, body=b"plain")
    got = await call.raw("s3", "GetObject", "GET", "/store/signed", query)
    assert (await got.read(), "content-encoding" in got.headers) == (b"plain", False)


async def test_a_streamed_object_comes_back_whole(call: Caller) -> None:
    size, piece = 32 * MiB, bytes(range(256)) * 256
    sent, got = hashlib.sha256(), hashlib.sha256()

    async def upload() -> AsyncIterator[bytes]:
        for number in range(size // len(piece)):
            part = bytes([number % 251]) + piece[1:]
            sent.update(part)
            yield part

    put = await call.raw(
        "s3", "PutObject", "PUT", "/store/big", headers=[("content-length", str(size))], body=upload()
    )
    assert put.status == 200
    reply = await call.raw("s3", "GetObject", "GET", "/store/big")
    assert reply.headers.get("content-length") == str(size)
    async for chunk in reply.body:
        got.update(chunk)
    assert got.digest() == sent.digest()


async def test_a_broken_off_upload_leaves_no_object(call: Caller) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(MiB)
        raise ServiceError("XAmzContentSHA256Mismatch", "no")

    with pytest.raises(ServiceError, match="XAmzContentSHA256Mismatch"):
        await call.raw(
            "s3", "PutObject", "PUT", "/store/half", headers=[("content-length", str(2 * MiB))], body=broken()
        )
    assert (await call.raw("s3", "HeadObject", "HEAD", "/store/half")).status == 404


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("iam", "GenerateOrganizationsAccessReport", {"EntityPath": "o-a1b2c3d4e5/r-f6g7"}),  # moto raises
        ("braket", "GetJob", {"jobArn": "arn:aws:braket:us-east-1:111122223333:job/x"}),  # no such backend
        ("lambda", "ListCodeSigningConfigs", {}),  # no route
        ("s3", "GetBucketMetricsConfiguration", {"Bucket": "store", "Id": "x"}),  # moto would list the bucket
        ("kms", "DeriveSharedSecret", {"KeyId": "k", "KeyAgreementAlgorithm": "ECDH", "PublicKey": b"x"}),
    ],
)  # fmt: skip
async def test_what_moto_lacks_is_named(
    call: Caller, service: str, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ServiceError) as caught:
        await call(service, operation, **params)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)
    assert f"{service}:{operation}" in caught.value.message


async def test_a_defect_of_motos_is_a_clean_500(call: Caller) -> None:
    with pytest.raises(ServiceError) as caught:
        await call.raw("s3", "PutBucketEncryption", "PUT", "/store", "encryption", body=b"no xml")
    assert (caught.value.code, caught.value.status) == ("InternalError", 500)
    assert (await call.raw("s3", "HeadBucket", "HEAD", "/store")).status == 200


async def test_one_connection_carries_many_requests(call: Caller, estate: Estate) -> None:
    """Whatever moto leaves unread or unsaid, the next request on the connection is understood."""
    assert estate._sandbox is not None and estate._sandbox.base_url is not None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(estate._sandbox.base_url.rsplit(":", 1)[1])
    )
    fields = (
        f"Host: x\r\nx-moto-account-id: {ACCOUNT}\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n"
    )

    async def ask(line: str, more: str = "", body: bytes = b"") -> tuple[int, bytes]:
        writer.write(f"{line} HTTP/1.1\r\n{fields}{more}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split()[1])
        length = next(
            (int(row.split(":")[1]) for row in head.split("\r\n") if row.startswith("content-length:")), 0
        )
        bodiless = line.startswith("HEAD") or status in {204, 304}
        return status, b"" if bodiless else await reader.readexactly(length)

    chunked = "Transfer-Encoding: chunked\r\n"
    async with asyncio.timeout(60):
        assert await ask("PUT /store/kept", "Content-Length: 3\r\n", b"abc") == (200, b"")
        assert await ask("HEAD /store/kept") == (200, b"")
        assert await ask("PUT /store/kept2", chunked, b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n") == (200, b"")
        assert await ask("GET /store/kept2") == (200, b"abc")
        assert (await ask("DELETE /store/none", "Content-Length: 4\r\n", b"body"))[0] == 204
        assert (await ask("PUT /nowhere/k", "Content-Length: 4\r\n", b"body"))[0] == 404
        assert await ask("GET /store/kept") == (200, b"abc")
    writer.close()


async def test_motos_side_doors_are_closed(call: Caller) -> None:
    for method, path in [
        ("POST", "/moto-api/reset"),
        ("GET", "/moto-api/data.json"),
        ("GET", "/latest/meta-data/"),
    ]:
        try:
            reply = await call.raw("s3", "GetObject", method, path)
        except ServiceError:
            continue
        assert reply.status in {400, 404}
        assert b"NoSuchBucket" in await reply.read()
    assert (await call.raw("s3", "HeadBucket", "HEAD", "/store")).status == 200


# Credentials, as the estate really words them

SETTINGS = Settings(account=ACCOUNT)
ROOT = Identity(kind="Root", account=ACCOUNT, principal_id=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:root")
NOW = datetime.now(UTC)


class Learner:
    """Calls and learns, as the gateway does."""

    def __init__(self, estate: Estate, store: SqlStore) -> None:
        self.vault = Vault(b"A" * 43 + b"=")
        self._estate, self._store = estate, store

    async def __call__(
        self, identity: Identity, service: str, operation: str, **params: Any
    ) -> dict[str, Any]:
        caller = Caller(self._estate, account=identity.account, key=identity.access_key_id)
        output = await caller(service, operation, **params)
        assert output["ResponseMetadata"]["HTTPStatusCode"] == 200, output
        context = Context(account=identity.account, region="us-east-1", identity=identity, time=NOW)
        unit = self._store.unit()
        await learn(unit, self.vault, context, service, operation, params, output)
        await unit.commit()
        return output

    async def who(self, credentials: dict[str, Any]) -> Identity:
        token = credentials.get("SessionToken", "")
        found = await resolve(
            self._store.unit(), self.vault, SETTINGS, credentials["AccessKeyId"], token, NOW
        )
        assert found.secret == credentials["SecretAccessKey"]
        assert found.account == found.identity.account
        return found.identity


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def learner(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Learner]:
    path = tmp_path_factory.mktemp("control") / "control.db"
    store = await open_store(f"sqlite:///{path}", sync="normal", clock=SystemClock())
    yield Learner(estate, store)
    await store.close()


async def test_a_users_key_and_its_sessions(learner: Learner) -> None:
    user = (await learner(ROOT, "iam", "CreateUser", UserName="jane", Path="/dev/"))["User"]
    key = (await learner(ROOT, "iam", "CreateAccessKey", UserName="jane"))["AccessKey"]
    jane = await learner.who(key)
    assert (jane.kind, jane.principal_id, jane.arn) == (
        "IAMUser",
        user["UserId"],
        f"arn:aws:iam::{ACCOUNT}:user/dev/jane",
    )

    first = (await learner(jane, "sts", "GetSessionToken"))["Credentials"]
    second = (await learner(ROOT, "sts", "GetSessionToken"))["Credentials"]
    assert first["AccessKeyId"] != second["AccessKeyId"]  # moto alone gives everybody the same
    session = await learner.who(first)
    assert (session.kind, session.user_name, session.session_created) == ("IAMUser", "jane", NOW)
    assert (await learner.who(second)).kind == "Root"

    guest = (await learner(jane, "sts", "GetFederationToken", Name="guest"))["Credentials"]
    federated = await learner.who(guest)
    assert (federated.kind, federated.principal_id) == ("FederatedUser", f"{ACCOUNT}:guest")
    assert federated.arn == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    assert federated.issuer is not None and federated.issuer.arn == jane.arn


async def test_roles_in_both_accounts(learner: Learner) -> None:
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
    )
    there = Identity(kind="Root", account="444455556666", principal_id="444455556666")
    role = (
        await learner(there, "iam", "CreateRole", RoleName="ops", Path="/x/", AssumeRolePolicyDocument=trust)
    )["Role"]
    output = await learner(ROOT, "sts", "AssumeRole", RoleArn=role["Arn"], RoleSessionName="night")
    ops = await learner.who(output["Credentials"])
    assert (ops.kind, ops.account, ops.principal_id) == (
        "AssumedRole",
        "444455556666",
        f"{role['RoleId']}:night",
    )
    assert ops.arn == "arn:aws:sts::444455556666:assumed-role/ops/night" == output["AssumedRoleUser"]["Arn"]
    assert ops.issuer is not None
    assert (ops.issuer.arn, ops.issuer.principal_id, ops.issuer.user_name) == (
        role["Arn"],
        role["RoleId"],
        "ops",
    )
