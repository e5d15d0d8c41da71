"""Bodies on their way in."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from triptych.edge.body import Disconnected, Incoming, counted, hashed, unframed
from triptych.kernel.errors import ServiceError


def arriving(*chunks: bytes, leaves: bool = False):
    messages = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    messages.append(
        {"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b"", "more_body": False}
    )

    async def receive():
        return messages.pop(0)

    return Incoming(receive)


async def collected(stream) -> list[bytes]:
    return [chunk async for chunk in stream]


async def until_error(stream) -> tuple[list[bytes], ServiceError]:
    seen = []
    with pytest.raises(ServiceError) as error:
        async for chunk in stream:
            seen.append(chunk)
    return seen, error.value


async def test_read_joins_what_arrives() -> None:
    assert await arriving(b"a", b"b").read(10) == b"ab"
    assert await arriving().read(10) == b""


async def test_read_stops_at_its_bound() -> None:
    with pytest.raises(ServiceError) as error:
        await arriving(b"12345", b"6").read(5)
    assert error.value.status == 413


async def test_a_client_that_leaves_is_no_short_body() -> None:
    with pytest.raises(Disconnected):
        await arriving(b"half", leaves=True).read(100)


async def test_hashed_passes_the_right_body() -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    assert await collected(hashed(aiter(arriving(b"a", b"b", b"c")), digest)) == [b"a", b"b", b"c"]
    assert await collected(hashed(aiter(arriving()), hashlib.sha256(b"").hexdigest())) == []


async def test_hashed_holds_the_end_of_a_wrong_body_back() -> None:
    seen, error = await until_error(
        hashed(aiter(arriving(b"a", b"b", b"c")), hashlib.sha256(b"abd").hexdigest())
    )
    assert seen == [b"a", b"b"]
    assert error.code == "XAmzContentSHA256Mismatch"


async def test_counted_refuses_other_lengths() -> None:
    assert await collected(counted(aiter(arriving(b"ab", b"c")), 3)) == [b"ab", b"c"]
    assert (await until_error(counted(aiter(arriving(b"ab")), 3)))[1].code == "IncompleteBody"
    seen, error = await until_error(counted(aiter(arriving(b"ab", b"cd")), 3))
    assert (seen, error.code) == ([b"ab"], "IncompleteBody")


async def test_unframed_holds_the_last_piece_until_the_frame_is_closed() -> None:
    class Refusing:
        def feed(self, data: bytes) -> bytes:
            return data

        def finish(self) -> dict[str, str]:
            raise ServiceError("IncompleteBody", "no end")

    seen, error = await until_error(unframed(aiter(arriving(b"a", b"b")), Refusing(), {}))
    assert (seen, error.code) == ([b"a"], "IncompleteBody")


async def test_a_client_is_gone_when_it_left_or_when_the_server_stops() -> None:
    async def silent() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def left() -> dict[str, str]:
        return {"type": "http.disconnect"}

    stopping = asyncio.Event()
    await Incoming(left, stopping).gone()
    waiting = asyncio.ensure_future(Incoming(silent, stopping).gone())
    await asyncio.sleep(0)
    assert not waiting.done()
    stopping.set()
    await waiting
