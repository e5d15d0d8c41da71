"""Objects pass through in bounded memory, and everything S3 clients do around bodies works."""

from __future__ import annotations

import contextlib
import http.client
import io
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from triptych.testing.server import ServerProcess

GIB = 1024**3
MIB = 1024**2


def memory(pid: int, field: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (peak) of a process, in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found.group(1)) * 1024


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def connected(server: ServerProcess) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def fetched(server: ServerProcess, method: str, target: str, **more) -> tuple[int, bytes]:
    with connected(server) as connection:
        connection.request(method, target, **more)
        reply = connection.getresponse()
        return reply.status, reply.read()


@pytest.fixture(scope="module")
def s3(client):
    client("s3").create_bucket(Bucket="large")
    return client("s3")


def test_one_gibibyte_up_and_down_in_bounded_memory(s3, server: ServerProcess, tmp_path: Path) -> None:
    source = tmp_path / "gibibyte"
    with source.open("wb") as file:
        file.write(b"head")
        file.truncate(GIB)  # sparse: a gibibyte without the disk
    s3.put_object(Bucket="large", Key="warm-up", Body=b"x" * (4 * MIB))
    s3.get_object(Bucket="large", Key="warm-up")["Body"].read()
    before = memory(server.pid, "VmRSS")
    reset_peak(server.pid)
    with source.open("rb") as file:
        s3.put_object(Bucket="large", Key="gibibyte", Body=file)
    body = s3.get_object(Bucket="large", Key="gibibyte")["Body"]
    size, first = 0, b""
    for chunk in body.iter_chunks(MIB):
        first = first or chunk[:4]
        size += len(chunk)
    growth = memory(server.pid, "VmHWM") - before
    assert (size, first) == (GIB, b"head")
    assert growth < 64 * MIB, f"the server grew by {growth / MIB:.0f} MiB"
    s3.delete_object(Bucket="large", Key="gibibyte")


def test_ranges_head_and_conditions(s3) -> None:
    s3.put_object(Bucket="large", Key="small", Body=b"0123456789")
    part = s3.get_object(Bucket="large", Key="small", Range="bytes=2-4")
    assert part["Body"].read() == b"234"
    assert part["ContentRange"] == "bytes 2-4/10"
    head = s3.head_object(Bucket="large", Key="small")
    assert head["ContentLength"] == 10
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="large", Key="nothing")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as unchanged:
        s3.get_object(Bucket="large", Key="small", IfNoneMatch=head["ETag"])
    assert unchanged.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304


def test_expect_100_continue(server: ServerProcess, client) -> None:
    url = client("s3").generate_presigned_url("put_object", Params={"Bucket": "large", "Key": "expected"})
    path = url.removeprefix(server.url)
    with connected(server) as connection:
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", "5")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100 Continue")
        connection.send(b"hello")
        assert connection.getresponse().status == 200
    assert client("s3").get_object(Bucket="large", Key="expected")["Body"].read() == b"hello"


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_urls_of_both_versions_with_odd_keys(
    s3, server: ServerProcess, version: str | None
) -> None:
    """Without being asked for Version 4, boto3 presigns with Version 2."""
    signer = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )
    for key in ("plain", "with space", "päth/ünïcode", "a+b=c&d", "dots/../still", "double//slash"):
        s3.put_object(Bucket="large", Key=key, Body=key.encode())
        url = signer.generate_presigned_url("get_object", Params={"Bucket": "large", "Key": key})
        assert fetched(server, "GET", url.removeprefix(server.url)) == (200, key.encode())


def test_multipart_upload_of_streamed_parts(s3) -> None:
    upload = s3.create_multipart_upload(Bucket="large", Key="parts")["UploadId"]
    parts = []
    for number, letter in enumerate((b"a", b"b"), start=1):
        part = s3.upload_part(
            Bucket="large", Key="parts", UploadId=upload, PartNumber=number, Body=letter * (6 * MIB)
        )
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.complete_multipart_upload(
        Bucket="large", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    assert s3.head_object(Bucket="large", Key="parts")["ContentLength"] == 12 * MIB


def test_a_streamed_body_that_is_not_what_was_signed_is_not_stored(s3, server: ServerProcess) -> None:
    """The declared hash is wrong: the upstream must never see the end of the body."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    right, wrong = b"r" * (3 * MIB), b"w" * (3 * MIB)
    request = AWSRequest("PUT", f"{server.url}/large/forged", data=right)
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    status, answer = fetched(
        server, "PUT", "/large/forged", body=wrong, headers=dict(request.headers.items())
    )
    assert (status, b"XAmzContentSHA256Mismatch" in answer) == (400, True)
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="large", Key="forged")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_aws_chunked_upload_with_trailing_checksum(s3, server: ServerProcess) -> None:
    """What SDKs send over TLS: unsigned chunks and a checksum behind them (forced here over plain HTTP)."""
    import base64
    import zlib

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    payload = b"chunked" * (MIB // 2)
    checksum = base64.b64encode(zlib.crc32(payload).to_bytes(4, "big")).decode()
    middle = len(payload) // 2
    pieces = [payload[:middle], payload[middle:]]
    framed = (
        b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces)
        + f"0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
    )
    headers = {
        "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": str(len(payload)),
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    request = AWSRequest("PUT", f"{server.url}/large/chunked", headers=headers)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    headers = {**dict(request.headers.items()), "Content-Length": str(len(framed))}
    assert fetched(server, "PUT", "/large/chunked", body=framed, headers=headers)[0] == 200
    stored = s3.get_object(Bucket="large", Key="chunked")
    assert stored["Body"].read() == payload
    assert "aws-chunked" not in stored.get("ContentEncoding", "")


def test_virtual_host_style(server: ServerProcess, s3) -> None:
    """``<bucket>.localhost`` resolves only on some machines: the name stands in the Host header."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    s3.put_object(Bucket="large", Key="hosted", Body=b"by host")
    for host in (
        f"large.localhost:{server.port}",
        f"large.s3.localhost:{server.port}",
        "large.s3.amazonaws.com",
    ):
        request = AWSRequest("GET", f"http://{host}/hosted", headers={"Host": host})
        S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
        assert fetched(server, "GET", "/hosted", headers=dict(request.headers.items())) == (
            200,
            b"by host",
        ), host


def test_a_file_object_without_length_in_memory(s3) -> None:
    s3.upload_fileobj(io.BytesIO(b"z" * (9 * MIB)), "large", "managed-upload")
    assert s3.head_object(Bucket="large", Key="managed-upload")["ContentLength"] == 9 * MIB
