"""What every language of metric expressions says of a text it cannot read."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression that cannot be read or computed.

    :ivar position: where, in characters from the start of the text.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} [{position}]")
        self.message = message
        self.position = position
