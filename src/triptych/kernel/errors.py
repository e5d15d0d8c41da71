"""Two families of errors: the caller's (``ServiceError``) and ours (``Defect``).

A ``ServiceError`` is an answer: it is encoded in the protocol's shape and recorded like any other outcome.
Anything else that escapes an operation is a defect: logged with its traceback, answered 500, never caught
below the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """An error the caller caused or must know of, named as AWS names it.

    :param code: the wire code, e.g. ``NoSuchConfigurationRecorderException``. Codecs add what a protocol
        wants (a modelled exception's ``__type``, S3's bare code).
    :param message: AWS's words where AWS has some.
    :param status: HTTP status; the model's ``httpStatusCode`` wins where the exception is modelled.
    :param fields: further members of the modelled exception's shape.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields: dict[str, Any] = dict(fields or {})


class Defect(Exception):  # noqa: N818 - the word for the family, not another Error
    """A broken promise of our own code. Never shown to callers beyond an opaque 500."""


def unbuilt(what: str) -> ServiceError:
    """The answer to what AWS has and Triptych does not have yet: named, and not retried by SDKs."""
    return ServiceError(
        "NotImplemented",
        f"Triptych does not implement {what}. docs/parity.md lists what it does.",
        status=501,
    )
