"""Alembic's room: ``env`` runs the migrations of ``versions`` on the connection the store hands it.

A change of the schema is a new file in ``versions`` together with ``schema``; a contract test compares the two.
"""
