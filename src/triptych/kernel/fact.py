"""Facts: what happened, committed together with the state it changed, read by reactions in order."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.kernel.context import Cause, Identity

FactKind = Literal[
    "ApiCall",
    "ItemChanged",
    "ComplianceChanged",
    "ConfigDelivered",
    "RemediationChanged",
    "AutomationChanged",
    "AlarmConfigured",
    "AlarmStateChanged",
    "AlarmActed",
]

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What stands in a fact for every member the model calls sensitive."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened.

    :param id: unique for ever; receivers use it to absorb repeats. For an ApiCall it is CloudTrail's eventID.
    :param subject: what it happened to, for people: an ARN, ``type/id`` or ``service:Operation``.
    :param body: JSON-safe (msgspec.to_builtins) content whose shape the kind fixes.
    :param seq: the outbox position; 0 until read back from the outbox.
    """

    id: str
    kind: FactKind
    account: str
    region: str
    time: datetime
    subject: str
    body: dict[str, Any]
    cause: Cause | None = None
    seq: int = 0


class ApiCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Body of an ``ApiCall`` fact: one request, ours or the estate's, as the gateway saw it.

    ``parameters`` and ``response`` use the model's member names (``BucketName``), JSON-safe: timestamps are
    ISO-8601 text, blobs and streams are left out, sensitive members are replaced by ``HIDDEN``.
    ``response`` is kept for mutating calls that succeeded (and for AssumeRole*), otherwise None.
    """

    service: str
    """botocore's service name: ``s3``, ``config``, ``cloudtrail``, ``iam``."""
    operation: str
    """The model's operation name: ``DeleteBucketEncryption``."""
    event_source: str
    """``<endpoint prefix>.amazonaws.com``."""
    api_version: str
    request_id: str
    identity: Identity
    source_ip: str
    user_agent: str
    host: str
    read_only: bool
    status: int
    parameters: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    auth_method: Literal["AuthHeader", "QueryString", ""] = ""
    signature_version: Literal["SigV4", "SigV2"] = "SigV4"
    tls_version: str = ""
    cipher_suite: str = ""
    from_console: bool = False
    """Whether it was made with a console session rather than a signature."""
    latency_ms: float = 0.0
