"""What a function of metric math is: its contract, which every file of ``functions/`` fulfils."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from triptych.query.metric_math.types import Context, Value

__all__ = ["Case", "Function"]


@dataclass(frozen=True, slots=True)
class Case:
    """An expression over given series, and what comes out of it; a meta-test walks them, the reference shows them.

    Series are rows of values of one minute each, ``-`` where none is: ``"1 - 3"``. The window is as long as the
    longest. ``expected`` is such a row, ``"[1 2 | 3 4]"`` for an array, ``"scalar 5"``, or ``"error: words"``.

    :param start: epoch seconds of the first minute.
    """

    expression: str
    expected: str
    given: Mapping[str, str] = field(default_factory=dict)
    start: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    :param forms: the arguments it takes, one text for each accepted list, in the words of AWS's tables: ``S``,
        ``TS``, ``TS[]``, ``string``, ``metric`` (the id of a metric), or keywords, alternatives joined by ``|``.
    :param docs: one line for the reference.
    :param evaluate: pure; gets arguments that fit one of the forms (keywords and strings as ``str``) and raises
        ``ValueError`` for what the forms cannot say.
    :param refusal: why a function that AWS has is refused here; said when an expression that uses it is read.
    """

    name: str
    forms: tuple[str, ...]
    docs: str
    evaluate: Callable[[Context, tuple[Value | str, ...]], Value]
    cases: tuple[Case, ...]
    refusal: str = ""

    def lists(self) -> tuple[tuple[frozenset[str], ...], ...]:
        """The forms as alternatives for each argument."""
        return tuple(
            tuple(frozenset(part.split("|")) for part in form.split(", ")) if form else ()
            for form in self.forms
        )

    def signature(self) -> str:
        return " or ".join(f"{self.name}({form})" for form in self.forms)
