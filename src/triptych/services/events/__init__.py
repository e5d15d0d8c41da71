"""Amazon EventBridge: buses, rules that say which events they want, and targets that get them.

``documents`` (what is kept), ``buses``, ``rules``, ``targets``, ``tags``: the API. ``put_events`` takes events in,
``matching`` finds the rules they match and stages a delivery for each target, ``input`` says what the target is sent,
``deliver`` brings it there, at the ``pacing`` of the target. ``schedule`` says
when a rule is due, ``scheduled`` sends it then. ``target_kind`` and ``target_kinds/``: where events can go; ``queue``,
``connections`` (with ``oauth``) and ``api_destinations``. ``archives`` keep events (``archived_events``), ``replays`` send them
again. ``access`` says who may put events on whose bus, as its policy (``permissions``) allows.

The plane's own events come in from above (``services.plane_events``). Not here: pipes, schema registries, global
endpoints, partner sources.
"""

from __future__ import annotations

import sys

from triptych.services.contract import Service, operations_of
from triptych.services.events.api_destinations import API_DESTINATIONS
from triptych.services.events.archived_events import ARCHIVED
from triptych.services.events.archives import ARCHIVES, FORGET, RETENTION
from triptych.services.events.connections import CONNECTIONS, TOKENS
from triptych.services.events.deliver import DELIVER
from triptych.services.events.documents import BUSES, RULE_SETS, RULES
from triptych.services.events.oauth import AUTHORIZATION
from triptych.services.events.pacing import TURNS
from triptych.services.events.replays import REPLAY, REPLAYS
from triptych.services.events.scheduled import TICK

SERVICE = Service(
    name="events",
    operations=operations_of(sys.modules[__name__]),
    collections=(API_DESTINATIONS, ARCHIVES, BUSES, CONNECTIONS, REPLAYS, RULES, RULE_SETS, TOKENS, TURNS),
    tables=(ARCHIVED,),
    jobs=(AUTHORIZATION, DELIVER, FORGET, REPLAY, TICK),
    periodic=(RETENTION,),
)
