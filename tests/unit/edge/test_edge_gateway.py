"""What cannot be recorded is not acknowledged, whatever the estate answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from triptych.control.store import Conflict
from triptych.edge import gateway as page
from triptych.edge.exchange import Exchange, Reply
from triptych.kernel import limits
from triptych.wire.message import Headers, HttpRequest


@pytest.mark.parametrize(
    ("failure", "tries", "code"),
    [
        (Conflict(), limits.CONFLICT_RETRIES, "ThrottlingException"),
        (RuntimeError("disk"), 1, "InternalFailure"),
    ],
)
async def test_an_unrecorded_reply_is_withheld(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, tries: int, code: str
) -> None:
    made = {"answered": 0, "recorded": 0}

    async def answer(_desk: Any, x: Exchange) -> None:
        made["answered"] += 1
        x.reply = Reply(200, Headers(), b"done")

    async def record(_desk: Any, _x: Exchange) -> None:
        made["recorded"] += 1
        raise failure

    monkeypatch.setattr(page, "answer", answer)
    monkeypatch.setattr(page, "record", record)
    door = page.Gateway()
    door._desk = None
    x = Exchange(
        request=HttpRequest("POST", "/"), incoming=None, received=datetime(2026, 1, 1, tzinfo=UTC), started=0.0,
        request_id="r", event_id="e", source_ip="",
    )  # fmt: skip
    await door._answer_and_record(x)
    assert x.reply is None
    assert x.error is not None and x.error.code == code
    assert made == {"answered": 1, "recorded": tries}, "the estate is asked once"
