"""Conditions that a text contains another, or what a regular expression finds, in the words the engine is quickest at."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

__all__ = ["containing", "finds"]

Bind = Callable[[object], exp.Placeholder]

_SPECIAL = re.compile(r"[\\%_]")
_PLAIN = r"(?:[^\\.^$|?*+(){}\[\]]|\\[!-/:-@\[-`{-~])"
"""A character that stands for itself, or one made to by a backslash."""
_TEXTS = re.compile(rf"(\(\?i\))?({_PLAIN}+(?:\|{_PLAIN}+)*)")
_MOST_TEXTS = 255
"""That the engine looks for at once."""


def containing(text: str) -> str:
    """The LIKE pattern of everything that contains the text.

    The engine searches for it as ``position`` does; but its index of n-grams, which knows nothing of ``position``, lets
    it pass over most of what does not contain the text.
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    return f"%{escaped}%"


def finds(regex: str, text: exp.Expr, bind: Bind) -> exp.Condition:
    """Whether a regular expression (RE2's) finds something in a text.

    Most are only words, as in ``ERROR|WARN`` or ``(?i)error``: searched for as such they take half to two thirds of the
    time. Otherwise a dot stops at a line break, as it does in Java; in the engine it does not unless told.
    """

    def call(name: str, value: object) -> exp.Condition:
        return exp.Anonymous(this=name, expressions=[text, bind(value)])

    words = _TEXTS.fullmatch(regex)
    texts = [re.sub(r"\\(.)", r"\1", each) for each in re.findall(f"{_PLAIN}+", words[2])] if words else []
    any_case = words is not None and words[1] is not None
    if not texts or len(texts) > _MOST_TEXTS or (any_case and not regex.isascii()):
        return call("match", f"(?-s){regex}")
    if len(texts) == 1:
        return call("ilike" if any_case else "like", containing(texts[0]))
    return call("multiSearchAnyCaseInsensitive" if any_case else "multiSearchAny", texts)
