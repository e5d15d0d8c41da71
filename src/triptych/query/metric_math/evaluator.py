"""A tree and its series to a value.

Operators, from "Metric math syntax and functions":

- scalar and series: computed at the timestamps of the series;
- two series: at every timestamp that one of them has, a missing value is 0 (so ``m1 / m2`` has no point where
  ``m2`` is missing, because it would divide by zero, and is 0 where ``m1`` is);
- an array and a scalar or series: each of its series in turn; two arrays have no meaning;
- comparisons and AND, OR give 1 or 0, whatever is not 0 is true;
- a point that would divide by zero or is no finite number is dropped.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from triptych.query.anomaly_band import Band
from triptych.query.metric_math.parser import (
    Array,
    Binary,
    Call,
    Expression,
    Minus,
    Node,
    Number,
    Reference,
    Text,
    Word,
    near,
)
from triptych.query.metric_math.types import (
    Context,
    MathError,
    Series,
    Value,
    Window,
    kind_of,
    points_changed,
)
from triptych.query.search_expression import Search

__all__ = ["DROPPED", "Evaluation", "Message", "evaluate", "evaluation"]


@dataclass(frozen=True, slots=True)
class Message:
    """What GetMetricData's ``Messages`` say of one result."""

    code: str
    value: str


DROPPED = Message(
    "ArithmeticError",
    "One or more data-points have been dropped due to non-numeric values (NaN, -Infinite, +Infinite)",
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    value: Value
    messages: tuple[Message, ...]


def evaluate(
    expression: Expression,
    environment: Mapping[str, Value | Sequence[Series]],
    window: Window,
    *,
    metrics: Collection[str] | None = None,
    searches: Mapping[Search, Iterable[Series]] | None = None,
    bands: Mapping[str, Band] | None = None,
) -> Value:
    """The value of an expression; see :func:`evaluation`, which also says what was dropped on the way."""
    found = evaluation(expression, environment, window, metrics=metrics, searches=searches, bands=bands)
    return found.value


def evaluation(
    expression: Expression,
    environment: Mapping[str, Value | Sequence[Series]],
    window: Window,
    *,
    metrics: Collection[str] | None = None,
    searches: Mapping[Search, Iterable[Series]] | None = None,
    bands: Mapping[str, Band] | None = None,
) -> Evaluation:
    """Evaluate over the given values.

    :param environment: the value of every id that may be referred to.
    :param metrics: which of these ids are metrics and not expressions, for METRICS() and PERIOD; without it, all
        that are a series.
    :param searches: what each of ``expression.searches`` found.
    :param bands: what is expected of each of ``expression.bands``, which have their id in the environment.
    :returns: a series or an array of them; a scalar, which AWS refuses as a result of a query; NaN where a scalar
        cannot be computed.
    :raises MathError: for operands that do not fit, or an id that is unknown. Types do not depend on the points:
        to check an expression, evaluate it with empty series.
    """
    values: dict[str, Value] = {
        name: value if isinstance(value, float | int | Series) else list(value)
        for name, value in environment.items()
    }
    known = {
        name: value
        for name, value in values.items()
        if isinstance(value, Series) and (metrics is None or name in metrics)
    }
    context = Context(window, known, searches or {}, bands or {})
    value = _Evaluator(values, context).value(expression.root)
    return Evaluation(value, (DROPPED,) if context.dropped else ())


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(result, complex) else result


def _truth(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda left, right: 1.0 if test(left, right) else 0.0


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": _truth(operator.eq),
    "!=": _truth(operator.ne),
    "<": _truth(operator.lt),
    "<=": _truth(operator.le),
    ">": _truth(operator.gt),
    ">=": _truth(operator.ge),
    "AND": _truth(lambda left, right: left != 0 and right != 0),
    "OR": _truth(lambda left, right: left != 0 or right != 0),
}


class _Evaluator:
    def __init__(self, values: Mapping[str, Value], context: Context) -> None:
        self._values = values
        self._context = context

    def value(self, node: Node) -> Value:
        match node:
            case Number(value=number):
                return number
            case Reference():
                return self._reference(node)
            case Array():
                return self._array(node)
            case Minus(operand=operand):
                value = self.value(operand)
                return (
                    -value
                    if isinstance(value, float | int)
                    else points_changed(self._context, value, operator.neg)
                )
            case Binary():
                return self._chain(node)
            case Call():
                return self._call(node)
            case Word() | Text():
                raise MathError("This is not a value", node.position)

    def _reference(self, node: Reference) -> Value:
        try:
            return self._values[node.id]
        except KeyError:
            message = f"'{node.id}' is not the Id of a metric or an expression here{near(node.id, set(self._values))}"
            raise MathError(message, node.position) from None

    def _array(self, node: Array) -> list[Series]:
        series: list[Series] = []
        for item in node.items:
            value = self.value(item)
            if isinstance(value, float | int):
                raise MathError("An array holds time series, not scalars", item.position)
            series += [value] if isinstance(value, Series) else value
        return series

    def _chain(self, node: Binary) -> Value:
        chain: list[Binary] = []
        first: Node = node
        while isinstance(first, Binary):
            chain.append(first)
            first = first.left
        value = self.value(first)
        for link in reversed(chain):
            value = self._combined(link, value, self.value(link.right))
        return value

    def _combined(self, node: Binary, left: Value, right: Value) -> Value:
        if isinstance(left, list) and isinstance(right, list):
            message = (
                f"Unsupported operand types for {node.operator}: '{kind_of(left)}' and '{kind_of(right)}'"
            )
            raise MathError(message, node.position)
        if isinstance(left, list):
            return [self._pair(node.operator, one, right) for one in left if not isinstance(right, list)]
        if isinstance(right, list):
            return [self._pair(node.operator, left, one) for one in right]
        if isinstance(left, Series) or isinstance(right, Series):
            return self._pair(node.operator, left, right)
        result = self._computed(node.operator, left, right)
        if math.isfinite(result):
            return result
        self._context.dropped = True
        return math.nan

    def _pair(self, name: str, left: float | Series, right: float | Series) -> Series:
        make = self._context.series
        if isinstance(left, Series) and isinstance(right, Series):
            lefts, rights = dict(left.points()), dict(right.points())
            times = (
                left.timestamps
                if left.timestamps == right.timestamps
                else sorted(lefts.keys() | rights.keys())
            )
            points = ((t, self._computed(name, lefts.get(t, 0.0), rights.get(t, 0.0))) for t in times)
            return make(points, period=math.gcd(left.period, right.period))
        if isinstance(left, Series):
            assert not isinstance(right, Series)
            points = ((t, self._computed(name, v, right)) for t, v in left.points())
            return make(points, period=left.period, label=left.label)
        assert isinstance(right, Series)
        points = ((t, self._computed(name, left, v)) for t, v in right.points())
        return make(points, period=right.period, label=right.label)

    @staticmethod
    def _computed(name: str, left: float, right: float) -> float:
        if math.isnan(left) or math.isnan(right):
            return math.nan  # a comparison with what cannot be computed is not false, and NaN ^ 0 is not 1
        return _OPERATORS[name](left, right)

    def _call(self, node: Call) -> Value:
        arguments: list[Value | str] = []
        kinds: list[frozenset[str]] = []
        for argument in node.arguments:
            if isinstance(argument, Word):
                arguments.append(argument.name)
                kinds.append(frozenset({argument.name}))
            elif isinstance(argument, Text):
                arguments.append(argument.value)
                kinds.append(frozenset({"string"}))
            else:
                value = self.value(argument)
                metric = isinstance(argument, Reference) and argument.id in self._context.metrics
                arguments.append(value)
                kinds.append(frozenset({kind_of(value), "metric"} if metric else {kind_of(value)}))
        if not any(
            len(form) == len(kinds) and all(kind & part for kind, part in zip(kinds, form, strict=True))
            for form in node.function.lists()
        ):
            given = ", ".join(min(kind - {"metric"}) for kind in kinds)
            message = f"{node.function.signature()} does not take ({given})"
            raise MathError(message, node.position)
        try:
            result = node.function.evaluate(self._context, tuple(arguments))
        except ValueError as error:
            raise MathError(f"{node.function.name}: {error}", node.position) from None
        return replace(result, id="") if isinstance(result, Series) and result.id else result
