"""AWS Config: how resources are configured, how they were, whether they comply, and the repair when not.

What it is made of, in the order things happen:

- ``resource_type`` and ``resource_types/``: what can be recorded. ``managed_rule`` and ``rules/``: what can be judged.
- ``recorders``, ``channels`` with ``recording``: what is to be recorded.
- ``capture`` (a call changed something), ``sweep`` (nobody told us), ``staging``: resources become ``item``s,
  ``difference`` says what changed, ``history`` puts it into the lake.
- ``deliver_snapshot`` and ``deliver_history`` put files into the channel's bucket, ``notify`` tells its topic:
  ``delivery`` has the files and cursors, ``notifications`` the messages.
- ``inventory``, ``timeline``, ``select``: reading items, their history, and queries over them.
- ``config_rules`` with ``rule_input``, ``tags``: what is to be judged. ``evaluate`` with ``verdicts``: judging.
- ``compliance``, ``compliance_summary``: reading verdicts.
- ``remediations``, ``remediation_runs``, ``remediation_exceptions``: what is to be repaired. ``repair`` decides,
  ``repair_loop`` does it.
- ``documents``, ``tables``: what is kept. ``parts``: the discovered resource types and rules. ``paging``.

Not here: custom and organisational rules, conformance packs, aggregators.
"""

from __future__ import annotations

import sys

from triptych.services.config.capture import CAPTURE, OBSERVE
from triptych.services.config.deliver_history import DELIVER_HISTORY, HISTORY_DUE
from triptych.services.config.deliver_snapshot import DELIVER_SNAPSHOT, SNAPSHOTS_DUE
from triptych.services.config.delivery import HISTORY_CURSORS, OUTCOMES, SNAPSHOT_CLOCKS
from triptych.services.config.documents import (
    CHANNELS,
    EXCEPTIONS,
    EXECUTIONS,
    ITEMS,
    RECORDER_STATUSES,
    RECORDERS,
    REMEDIATIONS,
    RULE_STATUSES,
    RULES,
    SWEEP_CURSORS,
    VERDICTS,
)
from triptych.services.config.evaluate import EVALUATE, EVALUATE_RULE, PERIODIC_RULES
from triptych.services.config.history import HISTORY
from triptych.services.config.notify import NOTIFY, STREAM
from triptych.services.config.repair_loop import FOLLOW, REMEDIATE, REMEDIATE_RULE, REMEDIATION
from triptych.services.config.sweep import SWEEP, SWEEP_REGION
from triptych.services.config.tables import CONFIG_EVALUATIONS, CONFIG_ITEMS
from triptych.services.contract import Service, operations_of

SERVICE = Service(
    name="config",
    operations=operations_of(sys.modules[__name__]),
    collections=(
        CHANNELS,
        EXCEPTIONS,
        EXECUTIONS,
        HISTORY_CURSORS,
        ITEMS,
        OUTCOMES,
        RECORDERS,
        RECORDER_STATUSES,
        REMEDIATIONS,
        RULES,
        RULE_STATUSES,
        SNAPSHOT_CLOCKS,
        SWEEP_CURSORS,
        VERDICTS,
    ),
    tables=(CONFIG_EVALUATIONS, CONFIG_ITEMS),
    reactions=(OBSERVE, EVALUATE, REMEDIATE, FOLLOW, HISTORY, STREAM),
    jobs=(
        CAPTURE,
        SWEEP_REGION,
        EVALUATE_RULE,
        REMEDIATION,
        REMEDIATE_RULE,
        DELIVER_SNAPSHOT,
        DELIVER_HISTORY,
        NOTIFY,
    ),
    periodic=(SWEEP, PERIODIC_RULES, SNAPSHOTS_DUE, HISTORY_DUE),
)
