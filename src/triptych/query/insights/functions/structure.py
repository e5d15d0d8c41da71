"""JSON in text: jsonParse, jsonStringify."""

from __future__ import annotations

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place
from triptych.query.insights.value import Value, as_text, call, let, literal, null


def _parse(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    parsed = let(
        call("ifNull", as_text(values[0]), literal("")),
        lambda text: call(
            "if",
            call("match", text, literal("^\\s*[{\\[]")),
            call("nullIf", call("JSONExtractRaw", text.copy()), literal("")),
            null(),
        ),
    )
    return Value(parsed, "text", structure=True)


def _stringify(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(as_text(values[0]), "text")


FUNCTIONS = (
    Function(
        name="jsonParse",
        docs="The map or list that a text is in JSON; its attributes are reached with a dot once it has a name.",
        least=1,
        most=1,
        lower=_parse,
        cases=(
            Case("jsonParse(a)", '{"b":1}', ('{"a": "{\\"b\\": 1}"}',)),
            Case("jsonParse('no JSON')", None),
            Case("jsonParse(missing)", None),
        ),
    ),
    Function(
        name="jsonStringify",
        docs="A map or list as text.",
        least=1,
        most=1,
        lower=_stringify,
        cases=(Case("jsonStringify(jsonParse('[1, 2]'))", "[1,2]"),),
    ),
)
