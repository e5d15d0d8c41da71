"""CloudWatch Logs Insights' query language: ``fields @timestamp | filter status >= 500 | stats count(*) by bin(5m)``.

``lexer`` -> ``reader`` (expressions of ``tree``) -> the commands of ``commands/`` -> ``relation`` (rows so far) and
``lowering`` (expressions over the functions of ``functions/``) -> ``program``: a sqlglot tree with bound values over the
lake's log events. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from triptych.query.insights.catalogue import FUNCTIONS
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.program import COMMANDS, REFUSED, Compiled, compile_insights, read

__all__ = ["COMMANDS", "FUNCTIONS", "REFUSED", "Compiled", "MalformedQuery", "compile_insights", "read"]
