"""Numbers: abs, ceil, floor, greatest, least, log, sqrt."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place
from triptych.query.insights.value import Value, as_number, call, let, literal, null


def _of_one(use: Callable[[exp.Expr], exp.Expr]) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        return Value(use(as_number(values[0])), "number")

    return lower


def _of_many(name: str) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        return Value(call(name, *(as_number(value) for value in values)), "number")

    return lower


def _within(name: str, bound: str) -> Callable[[exp.Expr], exp.Expr]:
    """A function that is defined only where ``bound`` is true of the number and 0."""

    def use(number: exp.Expr) -> exp.Expr:
        return let(number, lambda n: call("if", call(bound, n, literal(0)), call(name, n.copy()), null()))

    return use


FUNCTIONS = (
    Function(
        name="abs",
        docs="The absolute value.",
        least=1,
        most=1,
        lower=_of_one(lambda number: call("abs", number)),
        cases=(Case("abs(-3)", "3"), Case("abs(n)", "1.5", ('{"n": -1.5}',)), Case("abs('x')", None)),
    ),
    Function(
        name="ceil",
        docs="The smallest integer that is not less.",
        least=1,
        most=1,
        lower=_of_one(lambda number: call("ceil", number)),
        cases=(Case("ceil(1.2)", "2"), Case("ceil(-1.2)", "-1"), Case("ceil(-0.2)", "0")),
    ),
    Function(
        name="floor",
        docs="The greatest integer that is not greater.",
        least=1,
        most=1,
        lower=_of_one(lambda number: call("floor", number)),
        cases=(Case("floor(1.8)", "1"), Case("floor(-1.2)", "-2"), Case("floor(missing)", None)),
    ),
    Function(
        name="greatest",
        docs="The greatest of the numbers; what is no number is left out.",
        least=1,
        most=None,
        lower=_of_many("greatest"),
        cases=(
            Case("greatest(1, 3, 2)", "3"),
            Case("greatest(1, missing)", "1"),
            Case("greatest(missing)", None),
        ),
    ),
    Function(
        name="least",
        docs="The least of the numbers; what is no number is left out.",
        least=1,
        most=None,
        lower=_of_many("least"),
        cases=(Case("least(4, 3, n)", "-7", ('{"n": "-7"}',)), Case("least(missing, 2)", "2")),
    ),
    Function(
        name="log",
        docs="The natural logarithm.",
        least=1,
        most=1,
        lower=_of_one(_within("log", "greater")),
        cases=(
            Case("log(1)", "0"),
            Case("floor(log(100))", "4"),
            Case("log(0)", None),
            Case("log(-1)", None),
        ),
    ),
    Function(
        name="sqrt",
        docs="The square root.",
        least=1,
        most=1,
        lower=_of_one(_within("sqrt", "greaterOrEquals")),
        cases=(Case("sqrt(9)", "3"), Case("sqrt(2)", "1.4142135623730951"), Case("sqrt(-1)", None)),
    ),
)
