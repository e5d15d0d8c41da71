"""What Alembic executes: migrate on the connection found in the configuration."""

from __future__ import annotations

from alembic import context

from triptych.control.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
