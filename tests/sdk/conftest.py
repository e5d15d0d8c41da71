"""Fixtures of what is tested over the wire."""

from messaging_kit import authority, queue, receiver, taken  # noqa: F401
