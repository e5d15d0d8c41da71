"""ConsoleLogin: the record of a sign-in to the console, which is an event of its own kind and no API call.

Source: AWS, "AWS Management Console sign-in events".
"""

from __future__ import annotations

from typing import Any

from triptych.kernel.fact import ApiCall, Fact
from triptych.services.cloudtrail import dates
from triptych.services.cloudtrail.identity import user_identity

__all__ = ["EVENT_TYPE", "OPERATION", "SERVICE", "sign_in_call", "sign_in_record"]

SERVICE = "signin"
OPERATION = "ConsoleLogin"
EVENT_TYPE = "AwsConsoleSignIn"
_LOGIN_TO = "LoginTo"


def sign_in_call(call: ApiCall) -> bool:
    return (call.service, call.operation) == (SERVICE, OPERATION)


def sign_in_record(fact: Fact, call: ApiCall, *, version: str) -> dict[str, Any]:
    """The CloudTrail record. ``parameters`` of the call holds the address signed in to, as ``LoginTo``."""
    out: dict[str, Any] = {
        "eventVersion": version,
        "userIdentity": user_identity(call.identity),
        "eventTime": dates.seconds(fact.time),
        "eventSource": call.event_source,
        "eventName": OPERATION,
        "awsRegion": fact.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent[:1024],
    }
    if call.error_code:
        out["errorMessage"] = "Failed authentication"
    return out | {
        "requestParameters": None,
        "responseElements": {OPERATION: "Failure" if call.error_code else "Success"},
        "additionalEventData": {
            _LOGIN_TO: (call.parameters or {}).get(_LOGIN_TO, ""),
            "MobileVersion": "No",
            "MFAUsed": "Yes" if call.identity.mfa else "No",
        },
        "eventID": fact.id,
        "readOnly": False,
        "eventType": EVENT_TYPE,
        "managementEvent": True,
        "recipientAccountId": fact.account,
        "eventCategory": "Management",
    }
