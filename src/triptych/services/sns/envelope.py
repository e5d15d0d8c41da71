"""What endpoints are sent: SNS's JSON documents, and the text their signature is over. Pure.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from triptych.settings import Settings

__all__ = ["Kind", "address", "certificate_url", "document", "signed_text", "stamp"]

Kind = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
CERTIFICATE = "/_triptych/sns-certificate.pem"
CONFIRMATION = "/_triptych/sns-confirm"
UNSUBSCRIPTION = "/_triptych/sns-unsubscribe"


def address(settings: Settings) -> str:
    """Where endpoints reach this server."""
    name = settings.hostnames[0] if settings.hostnames else settings.host
    return f"http://{name}:{settings.port}"


def certificate_url(settings: Settings) -> str:
    return address(settings) + CERTIFICATE


def stamp(moment: datetime) -> str:
    """``2012-05-02T00:54:06.655Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def signed_text(members: Mapping[str, Any]) -> bytes:
    """Names and values, a line each, in the order of the alphabet; members that are not there are left out."""
    names = _SIGNED[members["Type"]]
    return "".join(f"{name}\n{members[name]}\n" for name in names if members.get(name) is not None).encode()


def document(members: Mapping[str, Any]) -> str:
    """The JSON text as SNS writes it: indented by two, in its order, without what is not there."""
    return json.dumps({k: v for k, v in members.items() if v is not None}, indent=2, ensure_ascii=False)
