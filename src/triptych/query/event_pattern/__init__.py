"""Event patterns: which events a rule wants, as EventBridge and SNS filter policies say it. Pure.

``parse`` reads a pattern's JSON into a ``Pattern`` or says what is wrong with it, where, in AWS's words;
``matches`` judges one event by it. An ``Index`` over many patterns finds those an event matches without trying each.
``document`` (JSON that knows where its parts stand), ``conditions`` (what one value must be), ``pattern`` (the tree),
``index``.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from triptych.query.event_pattern.document import InvalidPattern
from triptych.query.event_pattern.index import Index
from triptych.query.event_pattern.pattern import Pattern, matches, parse

__all__ = ["Index", "InvalidPattern", "Pattern", "matches", "parse"]
