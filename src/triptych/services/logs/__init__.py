"""Amazon CloudWatch Logs: groups, streams, events, and what is made of events.

``group`` is what groups and streams are and how they are named; ``groups``, ``streams`` and ``tags`` their API.
``put_events`` stores (``batch`` judges, ``place`` orders), ``read_events`` finds (``search`` asks the lake), ``tables``
is where. ``metric_filters`` and ``subscriptions`` are the filters' API; their work waits in ``backlog`` for ``metrics``
(with ``emf``) and ``deliver`` (with ``envelope``). ``live_tail`` streams; ``removal`` takes away what is gone.
Filter patterns are a language of their own: ``triptych.query.filter_pattern``.
"""

from __future__ import annotations

import sys

from triptych.services.contract import Service, operations_of
from triptych.services.logs.backlog import BACKLOG, REMIND
from triptych.services.logs.deliver import DELIVER
from triptych.services.logs.group import GROUPS, STREAMS
from triptych.services.logs.metric_filter import METRIC_FILTERS
from triptych.services.logs.metrics import DEFAULTS, MEASURE, MINUTES
from triptych.services.logs.removal import EXPIRE, REMOVALS, REMOVE
from triptych.services.logs.subscription import SUBSCRIPTIONS
from triptych.services.logs.tables import LOG_EVENTS

SERVICE = Service(
    name="logs",
    operations=operations_of(sys.modules[__name__]),
    unrecorded=frozenset({"PutLogEvents"}),
    collections=(GROUPS, STREAMS, METRIC_FILTERS, SUBSCRIPTIONS, BACKLOG, MINUTES, REMOVALS),
    tables=(LOG_EVENTS,),
    jobs=(MEASURE, DEFAULTS, DELIVER),
    periodic=(REMOVE, EXPIRE, REMIND),
)
