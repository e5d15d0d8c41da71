"""CloudWatch Logs filter patterns: ``ERROR -debug``, ``{ $.a.b[0] = 4* }``, ``[ip, ..., status >= 500]``, ``%re+gex%``.

``parse`` reads any of the kinds; what it answers decides about one message (``matches``), says what it found in it
(``extract``), and what a message must at least contain (``need``), from which ``prefilter`` makes a SQL condition that
lets through every message that matches, and perhaps more. The matcher is the truth.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from triptych.query.filter_pattern.pattern import Pattern, parse
from triptych.query.filter_pattern.prefilter import prefilter
from triptych.query.filter_pattern.scan import InvalidPattern

__all__ = ["InvalidPattern", "Pattern", "parse", "prefilter"]
