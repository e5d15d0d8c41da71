"""SEARCH: the metrics that a pattern finds, each with one statistic. Whoever evaluates brings what was found."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Value
from triptych.query.search_expression import compile_search


def _search(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    pattern, statistic, *rest = arguments
    period = int(rest[0]) if rest and isinstance(rest[0], float | int) else None
    found = context.searches.get(compile_search(str(pattern), str(statistic), period))
    if found is None:
        raise ValueError("a search expression cannot be used here")
    return list(found)


FUNCTIONS = (
    Function(
        name="SEARCH",
        forms=("string, string", "string, string, S"),
        docs="The metrics that a search pattern finds, with a statistic and a period; 100 at most.",
        evaluate=_search,
        cases=(
            Case("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average')", "error: cannot be used here"),
            Case("SEARCH('{AWS/EC2', 'Average')", "error: The metric schema does not end"),
            Case("SEARCH('CPU', 'Mean')", "error: The value Mean is not a statistic"),
            Case("SEARCH('CPU', 'Average', m1)", "error: a whole number of seconds", {"m1": "1"}),
        ),
    ),
)
