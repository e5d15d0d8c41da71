"""Amazon CloudWatch: how is it performing.

Data: ``put_metric_data`` turns data into points, ``series`` names them and writes them into ``tables``.
``aggregates`` is the query that reads them (through ``asking``), ``finish`` makes a statistic of what it found, ``points`` is the face of
both, and of metric queries (``metric_queries``, ``labels``), for ``get_metric_data``, ``get_metric_statistics`` and
alarms; ``list_metrics`` says what there is. ``usage`` turns every API call into points.

Alarms: ``alarms``, and their API in ``alarm_operations*``.

Anomaly detection: ``detector`` (what is stored) and ``detectors``; the models are of ``query.anomaly_band``, told by
``points``, and those of alarms are remembered in ``alarms.trained``.

Dashboards: ``dashboard`` (what is stored, what is valid) and ``dashboards``. ``tags`` (with ``resources``) are those
of alarms and dashboards.
"""

from __future__ import annotations

import sys

from triptych.services.cloudwatch import alarms
from triptych.services.cloudwatch.dashboard import DASHBOARDS
from triptych.services.cloudwatch.detector import DETECTORS
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.services.cloudwatch.tags import TAGS
from triptych.services.cloudwatch.usage import MEASURE
from triptych.services.contract import Service, operations_of

SERVICE = Service(
    name="cloudwatch",
    operations=operations_of(sys.modules[__name__]),
    collections=(DASHBOARDS, DETECTORS, TAGS, *alarms.COLLECTIONS),
    tables=(POINTS, METRICS, *alarms.TABLES),
    reactions=(MEASURE, *alarms.REACTIONS),
    jobs=alarms.JOBS,
    periodic=alarms.PERIODIC,
    unrecorded=frozenset({"PutMetricData"}),
)
