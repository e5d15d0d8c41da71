"""Searching the audit trail: ``fields`` (a user's field -> a column), ``filters`` (what to look for), ``search``."""
