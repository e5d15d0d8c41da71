"""Texts as LIKE patterns."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\%_]")


def containing(text: str) -> str:
    """The LIKE pattern of everything that contains the text.

    The engine searches for it as ``position`` does; but its index of n-grams, which knows nothing of ``position``, lets
    it pass over most of what does not contain the text.
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    return f"%{escaped}%"
