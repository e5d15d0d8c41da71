"""AWS CloudTrail: who did what, when, from where.

``record`` turns an ApiCall fact into a CloudTrail record (with ``casing*``, ``events``, ``identity``,
``resources``, ``dates``); ``tables`` keeps records in the lake; ``lookup`` finds them; ``trails``, ``logging``,
``event_selectors`` and ``tags`` are the trails' API over ``trail``; ``selectors`` decides what a trail wants;
``deliver`` writes the files.
"""

from __future__ import annotations

import sys

from triptych.services.cloudtrail.tables import EVENTS, RECORD
from triptych.services.contract import Service, operations_of

SERVICE = Service(
    name="cloudtrail",
    operations=operations_of(sys.modules[__name__]),
    tables=(EVENTS,),
    reactions=(RECORD,),
)
