"""Log events as columns; how they are read from the wire is tested with every other operation's parameters."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.kernel.errors import ServiceError
from triptych.services.logs.columns import columns, may_hold_metrics, sizes


def test_times_messages_and_sizes() -> None:
    events = [{"timestamp": 5, "message": "aé"}, {"timestamp": 6, "message": "b"}]
    times, messages = columns(events)
    assert times == [5, 6]
    assert messages == pa.array(["aé", "b"])
    assert sizes(messages).to_pylist() == [29, 27]


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(ServiceError, match="surrogate"):
        columns([{"timestamp": 5, "message": "\ud800"}])


@given(st.lists(st.sampled_from(["x", '{"_aws": {"CloudWatchMetrics": []}}', "CloudWatchMetrics", ""])))
def test_embedded_metrics_are_never_overlooked(messages: list[str]) -> None:
    array = pa.array(messages, pa.string())
    if any('"CloudWatchMetrics"' in message for message in messages):
        assert may_hold_metrics(array)
    if not any("CloudWatchMetrics" in message for message in messages):
        assert not may_hold_metrics(array)
