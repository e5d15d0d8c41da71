"""Amazon CloudWatch Logs: groups, streams, events, and what is made of events.

``group`` is what groups and streams are and how they are named; ``groups``, ``streams`` and ``tags`` their API.
``put_events`` stores (``columns`` lays out, ``batch`` judges, ``place`` orders), ``read_events`` finds (``search`` asks the lake), ``tables``
is where. ``metric_filters`` and ``subscriptions`` are the filters' API; their work waits in ``backlog`` for ``metrics``
(with ``emf``) and ``deliver`` (with ``envelope``). ``live_tail`` streams; ``removal`` takes away what is gone.
``insights`` are queries over many groups: their API, run, definitions and records are ``insights_*``.
Filter patterns are a language of their own, ``triptych.query.filter_pattern``, as is the queries', ``triptych.query.insights``.
"""

from __future__ import annotations

import sys

from triptych.services.contract import Service, operations_of
from triptych.services.logs.backlog import BACKLOG, REMIND
from triptych.services.logs.deliver import DELIVER
from triptych.services.logs.group import GROUPS, STREAMS
from triptych.services.logs.insights import FORGET, QUERIES, RESULTS
from triptych.services.logs.insights_definitions import DEFINITIONS
from triptych.services.logs.insights_run import QUERY
from triptych.services.logs.metric_filter import METRIC_FILTERS
from triptych.services.logs.metrics import DEFAULTS, MEASURE, MINUTES
from triptych.services.logs.removal import EXPIRE, REMOVALS, REMOVE
from triptych.services.logs.subscription import SUBSCRIPTIONS
from triptych.services.logs.tables import LOG_EVENTS

SERVICE = Service(
    name="logs",
    operations=operations_of(sys.modules[__name__]),
    unrecorded=frozenset({"PutLogEvents"}),
    collections=(
        GROUPS,
        STREAMS,
        METRIC_FILTERS,
        SUBSCRIPTIONS,
        BACKLOG,
        MINUTES,
        REMOVALS,
        QUERIES,
        DEFINITIONS,
    ),
    tables=(LOG_EVENTS, RESULTS),
    jobs=(MEASURE, DEFAULTS, DELIVER, QUERY),
    periodic=(REMOVE, EXPIRE, REMIND, FORGET),
)
