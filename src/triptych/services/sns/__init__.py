"""Amazon SNS: topics, who subscribes to them, and messages that reach everyone who does.

``topic`` (what is kept), ``topics`` and ``tags``, ``subscriptions``: the API. ``filter_policy`` says who wants a message,
``publish`` accepts it, ``deliver`` brings it as ``envelope`` or ``mail`` write and ``signer`` signs it.

Not here: SMS, mobile push, Lambda and Firehose endpoints, encryption, archives. Access policies (``permissions``) are
evaluated for other accounts, and where they deny.
"""

from __future__ import annotations

import sys

from triptych.services.contract import Service, operations_of
from triptych.services.sns.deliver import DELIVER, DELIVER_IN_ORDER, QUEUED
from triptych.services.sns.publish import SEQUENCES
from triptych.services.sns.signer import KEYS
from triptych.services.sns.topic import ELSEWHERE, SUBSCRIPTIONS, TOPICS

SERVICE = Service(
    name="sns",
    operations=operations_of(sys.modules[__name__]),
    collections=(ELSEWHERE, KEYS, QUEUED, SEQUENCES, SUBSCRIPTIONS, TOPICS),
    jobs=(DELIVER, DELIVER_IN_ORDER),
)
