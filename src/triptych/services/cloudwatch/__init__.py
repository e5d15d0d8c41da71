"""Amazon CloudWatch: how is it performing.

``put_metric_data`` turns data into points, ``series`` names them and writes them into ``tables``. ``aggregates`` is
the query that reads them, ``finish`` makes a statistic of what it found, ``points`` is the face of both for the API
and for alarms.
"""

from __future__ import annotations

import sys

from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.services.contract import Service, operations_of

SERVICE = Service(
    name="cloudwatch",
    operations=operations_of(sys.modules[__name__]),
    tables=(POINTS, METRICS),
    unrecorded=frozenset({"PutMetricData"}),
)
