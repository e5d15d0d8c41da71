"""AWS CloudTrail: who did what, when, from where.

``record`` turns an ApiCall fact into a CloudTrail record (with ``casing*``, ``events``, ``identity``,
``resources``, ``dates``); ``tables`` keeps records in the lake; ``lookup`` finds them; ``trails``,
``trail_logging``, ``event_selectors`` and ``tags`` are the trails' API over ``trail``; ``selectors`` decides what a
trail wants (``selector_rules``: what selectors may say), ``bucket_policy`` whether a bucket lets it in; ``deliver``
writes the files, ``digests`` (with ``digest_file`` and ``signing_keys``) proves them; ``deliver_logs`` (with
``log_group``) delivers to CloudWatch Logs.
"""

from __future__ import annotations

import sys

from triptych.services.cloudtrail.deliver import DELIVER, DELIVERIES, DUE
from triptych.services.cloudtrail.deliver_logs import DELIVER_LOGS, LOG_DELIVERIES, LOGS_DUE
from triptych.services.cloudtrail.digests import CHAINS, DIGEST, DIGESTS_DUE
from triptych.services.cloudtrail.signing_keys import KEYS
from triptych.services.cloudtrail.tables import EVENTS, RECORD
from triptych.services.cloudtrail.trail import TRAILS
from triptych.services.contract import Service, operations_of

SERVICE = Service(
    name="cloudtrail",
    operations=operations_of(sys.modules[__name__]),
    collections=(TRAILS, DELIVERIES, LOG_DELIVERIES, CHAINS, KEYS),
    tables=(EVENTS,),
    reactions=(RECORD,),
    jobs=(DELIVER, DELIVER_LOGS, DIGEST),
    periodic=(DUE, LOGS_DUE, DIGESTS_DUE),
)
