"""Expressions to SQL over a relation's columns.

A comparison is one of numbers if one side is a number, of text if one side is a text in quotes, and between two
fields one of numbers where both are. Whatever is compared with a missing field is neither true nor false, and
``filter`` keeps only what is true.
"""

from __future__ import annotations

from sqlglot import exp

from triptych.query.containing import containing, finds
from triptych.query.insights import tree
from triptych.query.insights.catalogue import FUNCTIONS
from triptych.query.insights.function import Function
from triptych.query.insights.malformed import MalformedQuery, near
from triptych.query.insights.relation import EVENT_ORDER, Relation
from triptych.query.insights.value import Value, as_number, as_text, as_truth, call, let, literal, null, truth

__all__ = ["lower", "lower_aggregation"]

_COMPARE = {
    "=": "equals",
    "!=": "notEquals",
    "<": "less",
    "<=": "lessOrEquals",
    ">": "greater",
    ">=": "greaterOrEquals",
}
_ARITHMETIC = {"+": "plus", "-": "minus", "*": "multiply", "/": "divide", "%": "modulo", "^": "pow"}


def lower(node: tree.Expression, relation: Relation) -> Value:
    """An expression over one row; the relation has the fields it names (``with_fields_of``)."""
    return _Lowering(relation).value(node)


def lower_aggregation(node: tree.Expression, relation: Relation) -> Value:
    """An expression over a group of rows: fields stand inside aggregations only."""
    return _Lowering(relation, grouped=True).value(node)


class _Lowering:
    """``Place`` for functions; ``grouped`` while outside an aggregation that is being looked for."""

    def __init__(self, relation: Relation, *, grouped: bool = False) -> None:
        self._relation = relation
        self._grouped = grouped
        self._inside = False
        self.now = relation.names.now
        self.bind = relation.names.bind

    def field(self, name: str, node: tree.Expression) -> Value:
        found = self._relation.fields.get(name)
        if found is None:
            known = near(name, self._relation.fields)
            raise MalformedQuery(f"There is no field {name} here.{known}", node.start, node.end)
        return found

    def order(self, node: tree.Expression) -> exp.Expr:
        if not self._relation.events:
            message = "Behind stats or pattern there is no timestamp to order by"
            raise MalformedQuery(message, node.start, node.end)
        return call("tuple", *(exp.column(name) for name in EVENT_ORDER))

    def value(self, node: tree.Expression) -> Value:
        match node:
            case tree.Text() | tree.Number() | tree.Truth():
                return self._constant(node)
            case tree.Field():
                return self._field(node)
            case tree.Call():
                return self._call(node)
            case tree.Not():
                return truth(call("not", as_truth(self.value(node.operand))))
            case tree.Negative():
                return self._negative(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Like():
                return self._like(node)
            case tree.Within():
                return self._within(node)
            case tree.Period():
                raise MalformedQuery("A period stands only where a function takes one", node.start, node.end)
            case tree.Star():
                raise MalformedQuery("'*' stands only in count(*)", node.start, node.end)

    def _constant(self, node: tree.Text | tree.Number | tree.Truth) -> Value:
        match node:
            case tree.Text():
                return Value(self.bind(node.value), "text", constant=node.value)
            case tree.Number():
                return Value(self.bind(node.value), "number", constant=node.value)
            case tree.Truth():
                return truth(literal(1 if node.value else 0))

    def _field(self, node: tree.Field) -> Value:
        if self._grouped and not self._inside:
            message = f"{node.name} has many values here: put it into an aggregation, or behind 'by'"
            raise MalformedQuery(message, node.start, node.end)
        return self.field(node.name, node)

    def _call(self, node: tree.Call) -> Value:
        if not self._grouped and node.text in self._relation.fields:
            return self._relation.fields[node.text]
        function = FUNCTIONS.get(node.name.lower())
        if function is None:
            names = (known.name for known in FUNCTIONS.values())
            message = f"There is no function {node.name}.{near(node.name, names)}"
            raise MalformedQuery(message, node.start, node.start + len(node.name))
        function.check(node)
        if function.aggregate:
            return self._aggregation(node, function)
        return function.lower(
            self, node, tuple(self._argument(argument, node) for argument in node.arguments)
        )

    def _aggregation(self, node: tree.Call, function: Function) -> Value:
        if not self._grouped or self._inside:
            where = "inside another" if self._inside else "outside stats"
            message = f"{function.name} is an aggregation and cannot stand {where}"
            raise MalformedQuery(message, node.start, node.end)
        self._inside = True
        arguments = tuple(self._argument(argument, node) for argument in node.arguments)
        found = function.lower(self, node, arguments)
        self._inside = False
        return found

    def _argument(self, node: tree.Expression, parent: tree.Call) -> Value:
        """Periods and ``*`` are no values; functions that take them look at the call."""
        if isinstance(node, tree.Period):
            return Value(null(), "number")
        if isinstance(node, tree.Star) and parent.name.lower() == "count":
            return Value(null(), "number")
        return self.value(node)

    def _negative(self, node: tree.Negative) -> Value:
        operand = self.value(node.operand)
        if isinstance(operand.constant, float):
            return Value(self.bind(-operand.constant), "number", constant=-operand.constant)
        return Value(call("negate", as_number(operand)), "number")

    def _binary(self, node: tree.Binary) -> Value:
        if node.operator in {"and", "or"}:
            terms = [as_truth(self.value(term)) for term in _chain(node)]
            return truth(call(node.operator, *terms))
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in _COMPARE:
            return truth(_compared(node.operator, left, right))
        numbers = [as_number(left), as_number(right)]
        if node.operator in {"/", "%"}:
            numbers[1] = call("nullIf", numbers[1], literal(0))
        return Value(call(_ARITHMETIC[node.operator], *numbers), "number")

    def _like(self, node: tree.Like) -> Value:
        text = as_text(self.value(node.operand))
        if node.regex:
            return truth(finds(node.pattern, text, self.bind))
        return truth(call("like", text, self.bind(containing(node.pattern))))

    def _within(self, node: tree.Within) -> Value:
        operand = self.value(node.operand)
        choices = [self.value(choice) for choice in node.choices]
        texts = [choice.constant for choice in choices if isinstance(choice.constant, str)]
        if len(texts) == len(choices):
            array = self.bind(texts)
            test = let(
                as_text(operand),
                lambda text: call("if", call("isNull", text), null(), call("has", array, text.copy())),
            )
            return truth(test)
        return truth(call("or", literal(0), *(_compared("=", operand, choice) for choice in choices)))


def _chain(node: tree.Binary) -> list[tree.Expression]:
    """The terms of ``a and b and c``, however many, without recursion."""
    terms: list[tree.Expression] = []
    here: tree.Expression = node
    while isinstance(here, tree.Binary) and here.operator == node.operator:
        terms.append(here.right)
        here = here.left
    return [here, *reversed(terms)]


def _compared(operator: str, left: Value, right: Value) -> exp.Expr:
    kinds = {left.kind, right.kind}
    as_words = "text" in kinds and (isinstance(left.constant, str) or isinstance(right.constant, str))
    name = _COMPARE[operator]
    if as_words and (kinds == {"text"} or "time" in kinds):
        return call(name, as_text(left), as_text(right))
    if kinds == {"text"}:
        if isinstance(left.sql, exp.Column) and isinstance(right.sql, exp.Column):
            numbers = call(name, as_number(left), as_number(right))
            return call("ifNull", numbers, call(name, left.sql.copy(), right.sql.copy()))
        return call(name, as_text(left), as_text(right))
    if "text" in kinds and operator in {"=", "!="}:
        text, number = (left, right) if left.kind == "text" else (right, left)
        return _equal_number(name, text, as_number(number))
    return call(name, as_number(left), as_number(right))


def _equal_number(name: str, text: Value, number: exp.Expr) -> exp.Expr:
    """Text that is no number differs from every number; that is not the same as being missing."""
    otherwise = literal(0 if name == "equals" else 1)

    def use(given: exp.Expr, n: exp.Expr) -> exp.Expr:
        same = call(name, as_number(Value(given, "text")), n)
        missing = call("or", call("isNull", given.copy()), call("isNull", n.copy()))
        return call("if", missing, null(), call("ifNull", same, otherwise))

    return let(text.sql, lambda given: let(number, lambda n: use(given, n), name="number"))
