"""The control store: definitions, states, credentials, the outbox, leases; SQLite or PostgreSQL, one code path.

Here: ``store`` (units of work: reads now, staged writes, one short commit), ``collection`` (declared document
sets), ``outbox`` (facts in commit order), ``lease``, ``schema``, ``migrations/``.
Not here: anything that grows with traffic; that is the lake's.
"""
