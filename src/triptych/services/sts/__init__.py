"""AWS STS: ``GetCallerIdentity`` is ours, as only we know who signed; credentials are issued by the estate."""

from __future__ import annotations

import sys

from triptych.services.contract import Service, operations_of
from triptych.wire.model import service_model

_OURS = operations_of(sys.modules[__name__])

SERVICE = Service(
    name="sts",
    operations=_OURS,
    estate=frozenset(name for name in service_model("sts").operation_names if name.lower() not in _OURS),
)
