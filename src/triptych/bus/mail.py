"""One mail through the configured server: what SNS's email subscriptions are told.

Bounded in time; raises nothing but ``Undelivered``. A server that cannot be reached, refuses the credential or says
"later" may be tried again; one that refuses the mail itself (5xx) may not.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from triptych.bus.post import Undelivered
from triptych.settings import Smtp, is_loopback

__all__ = ["is_configured", "log_in", "send_mail"]


def is_configured(smtp: Smtp) -> bool:
    return bool(smtp.host and smtp.from_address)


def log_in(smtp: Smtp) -> smtplib.SMTP:
    """An open connection, ready to send; blocks. Raises OSError and SMTPException (which is one)."""
    context = ssl.create_default_context()
    if smtp.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            smtp.host, smtp.port, timeout=smtp.timeout_seconds, context=context
        )
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout_seconds)
    try:
        if smtp.security == "starttls":
            server.starttls(context=context)
        if smtp.username:
            if smtp.security == "none" and not is_loopback(smtp.host):
                raise smtplib.SMTPNotSupportedError(
                    'the password is not sent without encryption: set security to "starttls" or "tls"'
                )
            server.login(smtp.username, smtp.password)
    except BaseException:
        server.close()
        raise
    return server


async def send_mail(smtp: Smtp, mail: EmailMessage) -> None:
    """Hand a mail over to the server, or raise Undelivered.

    smtplib is in the standard library and blocks, so each mail has a thread for as long as it takes; a pool of
    connections would save a handshake a mail and is not worth what it costs at SNS's volumes.
    """
    if not is_configured(smtp):
        raise Undelivered("MAIL_NOT_CONFIGURED", "[smtp] names no server.", permanent=False)
    try:
        await asyncio.to_thread(_send, smtp, mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refused(smtp, code, said) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(
            f"SMTP_{error.smtp_code}", f"{smtp.host} refuses the credential.", permanent=False
        ) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(smtp, error.smtp_code, error.smtp_error) from error
    except (OSError, ValueError) as error:
        raise Undelivered("SDK_CLIENT_ERROR", f"{smtp.host}:{smtp.port}: {error}", permanent=False) from error


def _send(smtp: Smtp, mail: EmailMessage) -> None:
    with log_in(smtp) as server:
        server.send_message(mail)


def _refused(smtp: Smtp, code: int, said: bytes | str) -> Undelivered:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return Undelivered(f"SMTP_{code}", f"{smtp.host} answered {code}: {text}", permanent=500 <= code < 600)
