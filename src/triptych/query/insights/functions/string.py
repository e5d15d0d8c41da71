"""Text: isempty, isblank, concat, ltrim, rtrim, trim, strlen, toupper, tolower, substr, replace, strcontains."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.function import Case, Function, Place, constant_text
from triptych.query.insights.value import Value, as_number, as_text, call, let, literal, null, truth

_SPACES = " \t\n\r\v\f"


def _empty(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return truth(call("equals", call("ifNull", as_text(values[0]), literal("")), literal("")))


def _blank(place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    text = call("ifNull", as_text(values[0]), literal(""))
    return truth(call("equals", call("trimBoth", text, place.bind(_SPACES)), literal("")))


def _concat(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    texts = [call("ifNull", as_text(value), literal("")) for value in values]
    return Value(call("concat", literal(""), *texts), "text")


def _trimmed(name: str) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
        characters = constant_text(node, 1, values) if len(values) > 1 else _SPACES
        if not characters:
            return Value(as_text(values[0]), "text")
        return Value(call(name, as_text(values[0]), place.bind(characters)), "text")

    return lower


def _of_text(name: str) -> Callable[[Place, tree.Call, tuple[Value, ...]], Value]:
    def lower(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
        return Value(call(name, as_text(values[0])), "text")

    return lower


def _length(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    return Value(call("toFloat64", call("lengthUTF8", as_text(values[0]))), "number")


def _count(value: Value) -> exp.Expr:
    """A number of characters; what is beyond any text is as good as its end."""

    def within(number: exp.Expr) -> exp.Expr:
        # Without a number there is nothing; greatest and least would overlook that it is missing.
        bounded = call("least", call("greatest", number, literal(0)), literal(1_000_000_000))
        return call("if", call("isNull", number.copy()), null(), call("toInt64", bounded))

    return let(as_number(value), within)


def _substring(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    start = call("plus", _count(values[1]), literal(1))
    rest = (_count(values[2]),) if len(values) > 2 else ()
    return Value(call("substringUTF8", as_text(values[0]), start, *rest), "text")


def _replace(place: Place, node: tree.Call, values: tuple[Value, ...]) -> Value:
    search, by = constant_text(node, 1, values), constant_text(node, 2, values)
    if not search:
        return Value(as_text(values[0]), "text")
    return Value(call("replaceAll", as_text(values[0]), place.bind(search), place.bind(by)), "text")


def _contains(_place: Place, _node: tree.Call, values: tuple[Value, ...]) -> Value:
    where, what = call("ifNull", as_text(values[0]), literal("")), as_text(values[1])
    return truth(call("ifNull", call("greater", call("position", where, what), literal(0)), literal(0)))


FUNCTIONS = (
    Function(
        name="isempty",
        docs="Whether the field is missing or an empty text.",
        least=1,
        most=1,
        lower=_empty,
        cases=(
            Case("isempty(a)", "1"),
            Case("isempty(a)", "1", ('{"a": ""}',)),
            Case("isempty(a)", "0", ('{"a": " "}',)),
        ),
    ),
    Function(
        name="isblank",
        docs="Whether the field is missing, empty or nothing but white space.",
        least=1,
        most=1,
        lower=_blank,
        cases=(
            Case("isblank(a)", "1"),
            Case("isblank(a)", "1", ('{"a": " \\t"}',)),
            Case("isblank(a)", "0", ('{"a": " x"}',)),
        ),
    ),
    Function(
        name="concat",
        docs="The texts one behind the other; a missing one adds nothing.",
        least=1,
        most=None,
        lower=_concat,
        cases=(Case("concat('a', 1, 2.5)", "a12.5"), Case("concat('a', missing, 'b')", "ab")),
    ),
    Function(
        name="ltrim",
        docs="Without white space, or the characters given, on the left.",
        least=1,
        most=2,
        lower=_trimmed("trimLeft"),
        cases=(Case("concat(ltrim('  a '), '|')", "a |"), Case("ltrim('xyZyx', 'yx')", "Zyx")),
    ),
    Function(
        name="rtrim",
        docs="Without white space, or the characters given, on the right.",
        least=1,
        most=2,
        lower=_trimmed("trimRight"),
        cases=(Case("concat(rtrim(' a  '), '|')", " a|"), Case("rtrim('xyZyx', 'yx')", "xyZ")),
    ),
    Function(
        name="trim",
        docs="Without white space, or the characters given, at both ends.",
        least=1,
        most=2,
        lower=_trimmed("trimBoth"),
        cases=(Case("concat(trim('\\t a \\n'), '|')", "a|"), Case("trim('xyZyx', 'yx')", "Z")),
    ),
    Function(
        name="strlen",
        docs="How many characters (code points) the text has.",
        least=1,
        most=1,
        lower=_length,
        cases=(Case("strlen('héé')", "3"), Case("strlen('')", "0"), Case("strlen(missing)", None)),
    ),
    Function(
        name="toupper",
        docs="In upper case.",
        least=1,
        most=1,
        lower=_of_text("upperUTF8"),
        cases=(Case("toupper('aé1')", "AÉ1"),),
    ),
    Function(
        name="tolower",
        docs="In lower case.",
        least=1,
        most=1,
        lower=_of_text("lowerUTF8"),
        cases=(Case("tolower('AÉ1')", "aé1"),),
    ),
    Function(
        name="substr",
        docs="The text from a place on, counted from 0, to its end or of a length.",
        least=2,
        most=3,
        lower=_substring,
        cases=(
            Case("substr('xyZfooxyZ', 3)", "fooxyZ"),
            Case("substr('xyZfooxyZ', 3, 4)", "foox"),
            Case("substr('é1', 1)", "1"),
            Case("strlen(substr('abc', 5))", "0"),
            Case("substr('abc', -5, 1)", "a"),
            Case("substr('abc', missing)", None),
        ),
    ),
    Function(
        name="replace",
        docs="The text with one thing replaced by another wherever it stands.",
        least=3,
        most=3,
        lower=_replace,
        cases=(Case("replace('foofoo', 'oo', '0')", "f0f0"), Case("replace('a.b', '.', '')", "ab")),
    ),
    Function(
        name="strcontains",
        docs="1 if the text contains the other, otherwise 0.",
        least=2,
        most=2,
        lower=_contains,
        cases=(
            Case("strcontains('hello', 'ell')", "1"),
            Case("strcontains('hello', 'E')", "0"),
            Case("strcontains(missing, 'a')", "0"),
            Case("strcontains('a', missing)", "0"),
        ),
    ),
)
