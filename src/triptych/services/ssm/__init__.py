"""Systems Manager: documents and Automation, which really runs schema 0.3.

Here: documents (``documents``, ``library``, ``schema``, ``content``), automations (``automations``, ``progress``,
``engine``), what steps can do (``actions/``), AWS's runbooks with bodies of our own (``runbooks/``).
Parameter Store belongs to the estate. Everything else of this large service is not built.
"""

import sys

from triptych.kernel import limits
from triptych.services.contract import JobKind, Periodic, Service, operations_of
from triptych.services.ssm.automations import expire
from triptych.services.ssm.engine import automate, bury
from triptych.services.ssm.execution import EXECUTED, EXECUTIONS, JOB, TOKENS
from triptych.services.ssm.library import DOCUMENTS, VERSIONS

__all__ = ["SERVICE"]

_PARAMETER_STORE = frozenset(
    {
        "PutParameter", "GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory",
        "DescribeParameters", "DeleteParameter", "DeleteParameters", "LabelParameterVersion",
        "UnlabelParameterVersion",
    }
)  # fmt: skip

SERVICE = Service(
    name="ssm",
    operations=operations_of(sys.modules[__name__]),
    estate=_PARAMETER_STORE,
    collections=(DOCUMENTS, VERSIONS, EXECUTIONS, EXECUTED, TOKENS),
    jobs=(JobKind(name=JOB, handle=automate, dead=bury, concurrency=limits.AUTOMATION_CONCURRENT),),
    periodic=(Periodic(name="ssm.expire", seconds=lambda settings: 3600.0, handle=expire),),  # noqa: ARG005
)
