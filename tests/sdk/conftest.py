"""Fixtures of what is tested over the wire."""

from logs_kit import group, logs  # noqa: F401
from messaging_kit import authority, queue, receiver, taken  # noqa: F401
