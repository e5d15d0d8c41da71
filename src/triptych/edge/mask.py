"""What may stand in a fact: secrets hidden, blobs left out, everything JSON-safe."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import Shape

from triptych.kernel.fact import HIDDEN


def masked(value: Any, shape: Any) -> Any:
    """A copy of decoded parameters for the record.

    Members the model calls sensitive become ``HIDDEN``, blobs and streams disappear, timestamps become
    ISO-8601 text. Values the model does not know are left out: nothing unexamined is recorded.
    """
    kind = shape.type_name
    if shape.metadata.get("sensitive"):
        return HIDDEN
    if kind == "structure":
        return {
            name: masked(value[name], member)
            for name, member in shape.members.items()
            if name in value and value[name] is not None and not _left_out(member)
        }
    if kind == "list":
        return [masked(item, shape.member) for item in value if not _left_out(shape.member)]
    if kind == "map":
        return {str(key): masked(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


@cache
def _left_out(shape: Shape) -> bool:
    return shape.type_name == "blob" or bool(shape.serialization.get("eventstream"))
