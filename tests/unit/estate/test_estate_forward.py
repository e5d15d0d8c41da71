"""Calls to upstreams: what goes out, what comes back, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from triptych.estate.forward import Estate
from triptych.estate.message import EstateRequest
from triptych.kernel.clock import SystemClock
from triptych.kernel.errors import ServiceError
from triptych.settings import Estate as Places
from triptych.settings import Settings
from triptych.wire.message import Headers

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MiB = 1024 * 1024


def request(
    method: str = "GET", path: str = "/b/k", *, query: str = "", headers: object = (), body: object = b""
) -> EstateRequest:
    return EstateRequest(
        service="s3",
        operation="GetObject",
        signing_name="s3",
        account="111122223333",
        region="eu-west-1",
        method=method,
        path=path,
        query=query,
        headers=Headers(headers),  # type: ignore[arg-type]
        body=body,  # type: ignore[arg-type]
    )  # fmt: skip


@contextlib.asynccontextmanager
async def upstream(handle: Connection) -> AsyncIterator[str]:
    """A server whose every connection is handed to ``handle``."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def estate(url: str, *, silence: float = 60.0) -> AsyncIterator[Estate]:
    settings = Settings(estate=Places(default=url, timeout_seconds=silence, connect_timeout_seconds=silence))
    found = Estate(settings=settings, sandbox=None, clock=SystemClock())
    await found.start()
    try:
        yield found
    finally:
        await found.close()


@dataclass
class Recorder:
    """Keeps what arrives and gives one fixed reply; counts its connections."""

    reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            length = next(
                (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )  # fmt: skip
            self.bodies.append(await reader.readexactly(length))
            writer.write(self.reply)
            await writer.drain()


async def test_the_request_line_and_fields_arrive_as_they_came() -> None:
    recorder = Recorder()
    async with upstream(recorder) as url, estate(url) as way:
        sent = request(
            "PUT",
            "//b//a%2Fb%20c/../x/./%e4%B8%AD+~",
            query="acl&list=a%20b+c&empty=&X=%2f",
            headers=[
                ("Host", "ignored"),
                ("x-amz-meta-a", "caf\xc3\xa9"),
                ("x-amz-meta-b", "1"),
                ("Connection", "x-hop"),
                ("x-hop", "1"),
                ("Expect", "100-continue"),
                ("content-length", "999"),
            ],
            body=b"hello",
        )
        reply = await way.send(sent)
        assert await reply.read() == b"ok"
    (head,) = recorder.heads
    lines = head.decode("utf-8").split("\r\n")
    assert lines[0] == "PUT //b//a%2Fb%20c/../x/./%e4%B8%AD+~?acl&list=a%20b+c&empty=&X=%2f HTTP/1.1"
    assert sorted(lines[1:-2]) == sorted(
        [f"host: {url.removeprefix('http://')}", "x-amz-meta-a: café", "x-amz-meta-b: 1", "content-length: 5"]
    )
    assert recorder.bodies == [b"hello"]


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("DELETE", "0"), ("POST", "0"), ("PUT", "0")])
async def test_no_body_says_so_where_it_matters(method: str, length: str | None) -> None:
    recorder = Recorder()
    async with upstream(recorder) as url, estate(url) as way:
        await (await way.send(request(method))).read()
    fields = dict(line.split(": ") for line in recorder.heads[0].decode().lower().split("\r\n")[1:-2])
    assert fields.get("content-length") == length
    assert set(fields) <= {"host", "content-length"}


async def test_the_reply_comes_back_as_it_was() -> None:
    reply = (
        b'HTTP/1.1 206 Whatever\r\nETag: "e"\r\nx-amz-meta-n: caf\xc3\xa9\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n'
        b"Content-Encoding: gzip\r\nKeep-Alive: timeout=5\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00\x00"
    )  # fmt: skip
    recorder = Recorder(reply)
    async with upstream(recorder) as url, estate(url) as way:
        for _ in range(2):  # the cookies of the first are not sent with the second
            got = await way.send(request())
            assert (got.status, await got.read()) == (206, b"\x1f\x8b\x00\x00")
            assert list(got.headers) == [
                ("etag", '"e"'),
                ("x-amz-meta-n", "caf\xc3\xa9"),
                ("set-cookie", "a=b"),
                ("set-cookie", "c=d"),
                ("content-encoding", "gzip"),
                ("content-length", "4"),
            ]
    assert recorder.connections == 1
    assert b"cookie" not in recorder.heads[1].lower()


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\nETag: x\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    ],
)
async def test_replies_without_a_body_and_redirects_are_passed_on(method: str, reply: bytes) -> None:
    recorder = Recorder(reply)
    async with upstream(recorder) as url, estate(url) as way:
        for _ in range(2):
            got = await way.send(request(method))
            assert str(got.status).encode() in reply[:12]
            assert await got.read() == b""
    if method == "HEAD":
        assert got.headers.get("content-length") == "1073741824"
    assert recorder.connections == 1


async def test_chunked_replies_lose_their_framing_only() -> None:
    recorder = Recorder(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    async with upstream(recorder) as url, estate(url) as way:
        got = await way.send(request())
        assert (await got.read(), list(got.headers)) == (b"abcde", [])


# Faults


async def failing(url: str, sent: EstateRequest, *, silence: float = 0.2) -> ServiceError:
    """The error of a call to a bad upstream; far more time than the configured silence is a failure of its own."""
    async with estate(url, silence=silence) as way, asyncio.timeout(50):
        with pytest.raises(ServiceError) as caught:
            await (await way.send(sent)).read()
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailable", 503)
    assert url in caught.value.message
    return caught.value


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def hang_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(MiB):
        pass


async def hang_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await asyncio.Event().wait()


async def die_in_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()


async def die_in_a_chunk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
    await writer.drain()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    "handle",
    [hang, hang_after_reading, hang_in_the_body, die_in_the_body, die_in_a_chunk, hang_up, talk_nonsense],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_bad_upstream_is_a_503(handle: Connection, method: str) -> None:
    async with upstream(handle) as url:
        await failing(url, request(method, body=b"x" if method == "POST" else b""))


async def test_nobody_there_is_a_503() -> None:
    async with upstream(hang) as url:
        pass
    error = await failing(url, request(), silence=5.0)
    assert "refused" in error.message


async def test_a_name_nobody_has_is_a_503() -> None:
    await failing("http://nobody.invalid:9", request(), silence=5.0)


@pytest.mark.parametrize("body", ["bytes", "stream"])
async def test_an_upstream_that_stops_reading_is_a_503(body: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MiB)

    async with upstream(hang) as url:
        sent = request(
            "PUT",
            body=bytes(64 * MiB) if body == "bytes" else endless(),
            headers=[("content-length", str(1 << 40))],
        )
        await failing(url, sent)  # fmt: skip


async def test_a_slow_client_is_not_taken_for_a_silent_upstream() -> None:
    """The silence that counts is the upstream's: a client may pause as long as it likes."""
    recorder = Recorder()

    async def slowly() -> AsyncIterator[bytes]:
        for part in (b"ab", b"cd"):
            await asyncio.sleep(1.2)
            yield part

    async with upstream(recorder) as url, estate(url, silence=1.0) as way:
        reply = await way.send(request("PUT", body=slowly(), headers=[("content-length", "4")]))
        assert await reply.read() == b"ok"
    assert recorder.bodies == [b"abcd"]


async def test_an_error_of_the_clients_body_comes_out_as_it_is() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"ab"
        raise ServiceError("XAmzContentSHA256Mismatch", "no")

    seen = asyncio.Event()

    async def read_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.read(100) == b"ab"
        with contextlib.suppress(ConnectionError):
            assert await reader.read(100) == b""
        seen.set()

    async with upstream(read_all) as url, estate(url) as way:
        with pytest.raises(ServiceError, match="XAmzContentSHA256Mismatch"):
            await way.send(request("PUT", body=broken(), headers=[("content-length", "4")]))
        async with asyncio.timeout(60):
            await seen.wait()


async def test_a_client_that_leaves_ends_the_call_at_the_upstream() -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def wait_for_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        gone.set()

    async with upstream(wait_for_the_end) as url, estate(url) as way, asyncio.timeout(60):
        call = asyncio.create_task(way.send(request()))
        await arrived.wait()
        call.cancel()
        await gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_reply_given_up_closes_its_connection() -> None:
    gone = asyncio.Event()

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n")
        try:
            while True:
                writer.write(bytes(MiB))
                await writer.drain()
        finally:
            gone.set()

    async with upstream(pour) as url, estate(url) as way, asyncio.timeout(60):
        reply = await way.send(request())
        assert await anext(reply.body)
        await reply.close()
        await gone.wait()


async def test_an_early_answer_ends_the_upload_and_its_connection() -> None:
    """The rest of that body must not be read as the next request."""
    connections, ended = 0, asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        await asyncio.Event().wait()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(MiB)
        finally:
            ended.set()

    async with upstream(refuse) as url, estate(url) as way, asyncio.timeout(60):
        for number in (1, 2):
            ended.clear()
            reply = await way.send(request("PUT", body=endless(), headers=[("content-length", str(1 << 40))]))
            assert (reply.status, await reply.read()) == (403, b"no")
            await ended.wait()
            assert connections == number


async def test_an_upstream_that_closes_idle_connections_is_called_again() -> None:
    """A kept connection that died meanwhile is not the caller's problem."""
    recorder = Recorder()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        recorder.heads.append(head)
        writer.write(recorder.reply)
        await writer.drain()

    async with upstream(once) as url, estate(url) as way:
        for _ in range(3):
            assert await (await way.send(request())).read() == b"ok"
    assert len(recorder.heads) == 3


async def test_a_failed_write_is_not_repeated() -> None:
    recorder = Recorder(reply=b"")

    async def fail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recorder.heads.append(await reader.readuntil(b"\r\n\r\n"))

    async with upstream(fail) as url:
        await failing(url, request("POST", body=b"Action=CreateUser"))
    assert len(recorder.heads) == 1


# Size

SIZE = 256 * MiB
PIECE = bytes(range(256)) * 256


async def test_large_bodies_pass_in_bounded_memory() -> None:
    """Both ways at once: the upstream sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode())
        while chunk := await reader.read(len(PIECE)):
            writer.write(chunk)
            await writer.drain()

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(SIZE // len(PIECE)):
            yield PIECE

    async with upstream(echo) as url, estate(url) as way:
        tracemalloc.start()
        try:
            reply = await way.send(request("PUT", body=upload(), headers=[("content-length", str(SIZE))]))
            position = 0
            async for chunk in reply.body:
                assert chunk[0] == position % 256
                position += len(chunk)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert position == SIZE
    assert peak < 8 * MiB


async def test_a_slow_reader_holds_the_upstream_back() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode())
        for _ in range(SIZE // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)

    async with upstream(pour) as url, estate(url) as way:
        reply = await way.send(request())
        before = -1
        deadline = time.monotonic() + 60
        while before != sent:  # until the buffers between here and there are full
            assert time.monotonic() < deadline
            before = sent
            for _ in range(200):
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        assert sent < 32 * MiB
        assert sum([len(chunk) async for chunk in reply.body]) == SIZE
