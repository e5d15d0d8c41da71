"""Who calls, from where, when and why: the values that travel with every piece of work."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

IdentityKind = Literal[
    "Root", "IAMUser", "AssumedRole", "FederatedUser", "AWSService", "AWSAccount", "Unknown"
]


class SessionIssuer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The long-lived entity behind temporary credentials (CloudTrail's ``sessionIssuer``)."""

    kind: Literal["Role", "IAMUser", "Root"]
    principal_id: str
    arn: str
    account: str
    user_name: str


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verified caller, in the terms of CloudTrail's ``userIdentity``.

    ``AWSService`` identities carry only ``invoked_by`` (``config.amazonaws.com``); ``Unknown`` is a caller
    whose credentials could not be verified: its ``access_key_id`` is what it claimed.
    """

    kind: IdentityKind
    account: str
    principal_id: str = ""
    arn: str = ""
    access_key_id: str = ""
    user_name: str = ""
    invoked_by: str = ""
    issuer: SessionIssuer | None = None
    session_created: datetime | None = None
    mfa: bool = False
    source_identity: str = ""


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something happened.

    :param parent: id of the fact that led here directly.
    :param origin: id of the first fact of the chain; every member of a chain shares it.
    :param depth: hand-overs since the origin; bounded by ``limits.CAUSE_DEPTH`` so that a loop ends.
    """

    parent: str
    origin: str
    depth: int = 1


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of one request or one piece of background work.

    ``event_id`` is the id its ApiCall fact will have (empty for background work); ``cause`` says why the
    work is done at all; ``because`` is the cause for whatever follows from it. ``source_arn``: on whose behalf one of
    AWS's services acts (a rule, an alarm).
    """

    account: str
    region: str
    identity: Identity
    time: datetime
    request_id: str = ""
    event_id: str = ""
    cause: Cause | None = None
    source_ip: str = ""
    user_agent: str = ""
    host: str = ""
    source_arn: str = ""

    @property
    def because(self) -> Cause | None:
        if not self.event_id:
            return self.cause
        if self.cause is None:
            return Cause(parent=self.event_id, origin=self.event_id)
        return Cause(parent=self.event_id, origin=self.cause.origin, depth=self.cause.depth + 1)


OURSELVES = "triptych.internal"
"""The service principal of what Triptych does on its own account, not as one of AWS's services."""


def service_identity(account: str, principal: str) -> Identity:
    """The identity of one of our own hands at work, e.g. ``config.amazonaws.com``."""
    return Identity(kind="AWSService", account=account, invoked_by=principal)
