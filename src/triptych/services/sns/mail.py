"""What email subscriptions are sent, as mails. Pure.

A mail's Message-ID is made of the message and the subscription, so that a repeat can be told. ``email`` is for people:
the text, and how to end the subscription below it. ``email-json`` is for programs: the document that http endpoints
get.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

__all__ = ["confirmation_text", "is_address", "mail", "notification_text"]

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_NAME = "Triptych Notifications"
SUBJECT = "AWS Notification Message"
CONFIRMATION_SUBJECT = "AWS Notification - Subscription Confirmation"
"""SNS's own, by which people file their mail."""


def is_address(text: str) -> bool:
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and ".." not in text


def mail(
    *, sender: str, name: str, to: str, subject: str, text: str, sent: datetime, number: str
) -> EmailMessage:
    """:param name: the topic's display name; may be empty. :param number: what the Message-ID is made of."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(" ".join(name.split()) or _NAME, addr_spec=sender)
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = format_datetime(sent)
    made["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # so that nobody's absence note answers (RFC 3834)
    made.set_content(text, cte=None if text.isascii() else "quoted-printable")
    return made


def notification_text(text: str, unsubscribe_url: str) -> str:
    return (
        f"{text}\n\n--\nYou get this mail because this address is subscribed to a notification topic. To end that, "
        f"visit:\n{unsubscribe_url}\n"
    )


def confirmation_text(topic_arn: str, confirmation_url: str) -> str:
    return (
        f"This address is to be subscribed to the notification topic:\n{topic_arn}\n\nTo confirm, visit:\n"
        f"{confirmation_url}\n\nIf you did not ask for it, do nothing: without confirmation nothing more is sent.\n"
    )
