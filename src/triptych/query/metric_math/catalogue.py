"""All functions by name, found in ``functions/``; a file there defines ``FUNCTIONS``, one or a small family."""

from __future__ import annotations

from triptych.kernel.catalog import discover
from triptych.query.metric_math import functions
from triptych.query.metric_math.function import Function

__all__ = ["FUNCTIONS"]


def _by_name() -> dict[str, Function]:
    found: dict[str, Function] = {}
    for family in discover(functions, "FUNCTIONS", tuple):
        for function in family:
            if not isinstance(function, Function) or function.name in found:
                raise TypeError(f"{function!r} is not a function, or there are two of the name")
            found[function.name] = function
    return dict(sorted(found.items()))


FUNCTIONS = _by_name()
