"""All functions by their folded names, found in ``functions/``."""

from __future__ import annotations

from triptych.kernel.catalog import discover
from triptych.query.insights import functions
from triptych.query.insights.function import by_name

__all__ = ["FUNCTIONS"]

FUNCTIONS = by_name(discover(functions, "FUNCTIONS", tuple))
