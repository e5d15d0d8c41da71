"""What Config keeps in the control store: definitions, statuses, current items, verdicts, executions.

Rules are keyed by name; what hangs on a rule (verdicts, exceptions, executions) is keyed by the rule's id, so
that nothing of a deleted rule is ever mistaken for its successor's of the same name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.kernel.context import Cause
from triptych.services.config.item import Item, item_key

__all__ = [
    "CHANNELS",
    "EXCEPTIONS",
    "EXECUTIONS",
    "ITEMS",
    "RECORDERS",
    "RECORDER_STATUSES",
    "REMEDIATIONS",
    "RULES",
    "RULE_STATUSES",
    "SWEEP_CURSORS",
    "VERDICTS",
    "Channel",
    "Compliance",
    "Execution",
    "Recorder",
    "RecorderStatus",
    "Remediation",
    "RemediationException",
    "Rule",
    "RuleStatus",
    "StoredVerdict",
    "SweepCursor",
    "verdict_key",
]

Compliance = Literal["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"]
ExecutionState = Literal["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED"]


class Recorder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recorder's definition; ``recording`` is here because whoever captures must not miss its change.

    :param strategy: RecordingStrategyType, always resolved: never empty.
    :param types: the types of INCLUSION or EXCLUSION.
    """

    name: str
    arn: str
    role_arn: str
    strategy: str
    types: tuple[str, ...] = ()
    include_global: bool = False
    recording: bool = False
    tags: dict[str, str] = {}


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    last_start: datetime | None = None
    last_stop: datetime | None = None
    last_status: str = "Pending"
    error_code: str = ""
    error_message: str = ""
    changed: datetime | None = None


class SweepCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where among the resources of one type the next sweep goes on checking."""

    after: str


class Channel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A delivery channel, in the API's own members."""

    name: str
    members: dict[str, Any]


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Config rule; ``parameters`` is InputParameters as text, ``scope`` the API's own members."""

    name: str
    id: str
    arn: str
    identifier: str
    description: str = ""
    scope: dict[str, Any] | None = None
    parameters: str = ""
    frequency: str = ""
    activated: datetime
    tags: dict[str, str] = {}


class RuleStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a rule last ran; written on every run, hence apart from the rule.

    ``started`` is the last run over everything, ``evaluated`` the last evaluation of anything; ``failed`` and the
    error: the last run could not find out what it needed.
    """

    started: datetime | None = None
    evaluated: datetime | None = None
    failed: datetime | None = None
    error_code: str = ""
    error_message: str = ""


class StoredVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule's last evaluation of a resource; NOT_APPLICABLE ones are not kept.

    :param ordering: capture time of the item that was judged (OrderingTimestamp).
    """

    rule_id: str
    rule_name: str
    resource_type: str
    resource_id: str
    compliance: Compliance
    annotation: str = ""
    ordering: datetime
    invoked: datetime
    recorded: datetime

    @property
    def resource(self) -> str:
        return item_key(self.resource_type, self.resource_id)


def verdict_key(rule_id: str, resource: str) -> str:
    """The key of verdicts, exceptions and executions: ``config-rule-abc123/AWS::S3::Bucket/name``."""
    return f"{rule_id}/{resource}"


class Remediation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule's remediation configuration; ``parameters`` in the API's own members.

    :param max_attempts: with ``window_seconds`` set for every automatic remediation (5 in 60 s unless given).
    """

    rule_name: str
    arn: str
    document: str
    version: str = ""
    parameters: dict[str, Any] = {}
    resource_type: str = ""
    automatic: bool = False
    controls: dict[str, Any] | None = None
    max_attempts: int | None = None
    window_seconds: int | None = None


class RemediationException(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A resource that a rule's automatic remediation leaves alone, until ``expires`` (None: for good)."""

    rule_id: str
    rule_name: str
    resource_type: str
    resource_id: str
    message: str = ""
    expires: datetime | None = None


class Execution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last remediation of a resource under a rule.

    :param attempt: number of this attempt in the current run of failures, from 1.
    :param window_started: when that run of failures began.
    :param token: ClientToken of StartAutomationExecution; stored before the call, so a repeated call is one.
    :param retry_at: a FAILED automatic execution starts again then; None: it stays failed.
    :param unverified: SUCCEEDED, but nobody has yet looked whether the resource complies now.
    """

    rule_id: str
    rule_name: str
    resource_type: str
    resource_id: str
    state: ExecutionState
    automatic: bool
    token: str
    attempt: int = 1
    window_started: datetime
    invoked: datetime
    updated: datetime
    automation_id: str = ""
    steps: tuple[dict[str, Any], ...] = ()
    error: str = ""
    retry_at: datetime | None = None
    unverified: bool = False
    cause: Cause | None = None

    @property
    def resource(self) -> str:
        return item_key(self.resource_type, self.resource_id)

    @property
    def key(self) -> str:
        return verdict_key(self.rule_id, self.resource)

    @property
    def is_running(self) -> bool:
        return self.state in {"QUEUED", "IN_PROGRESS"}


RECORDERS = Collection(name="config.recorders", type=Recorder)
RECORDER_STATUSES = Collection(name="config.recorder_statuses", type=RecorderStatus)
SWEEP_CURSORS = Collection(name="config.sweep_cursors", type=SweepCursor)
CHANNELS = Collection(name="config.channels", type=Channel)
ITEMS = Collection(
    name="config.items",
    type=Item,
    indexes={"resource": lambda item: item.key, "type": lambda item: item.resource_type},
)
RULES = Collection(
    name="config.rules",
    type=Rule,
    indexes={"id": lambda rule: rule.id, "identifier": lambda rule: rule.identifier},
)
RULE_STATUSES = Collection(name="config.rule_statuses", type=RuleStatus)
VERDICTS = Collection(
    name="config.verdicts",
    type=StoredVerdict,
    indexes={"rule": lambda verdict: verdict.rule_id, "resource": lambda verdict: verdict.resource},
)
REMEDIATIONS = Collection(name="config.remediations", type=Remediation)
EXCEPTIONS = Collection(name="config.remediation_exceptions", type=RemediationException)
EXECUTIONS = Collection(
    name="config.remediation_executions",
    type=Execution,
    indexes={
        "rule": lambda execution: execution.rule_id,
        "automation": lambda execution: execution.automation_id or None,
    },
)
