"""The control store: definitions, states, credentials, the outbox, leases; SQLite or PostgreSQL, one code path.

Here: the contract in ``store`` (units of work: reads now, staged writes, one short commit) and ``collection``
(declared document sets); ``open`` and ``database`` make a URL into a ``sql_store``, whose ``unit`` stages and whose
``writer`` commits many units at once; the rows are ``documents``, ``outbox`` (facts in commit order), ``job_rows``,
``lease`` (and ``holder``: who holds it, and is it dead), as ``schema`` and ``migrations/`` declare them.
Not here: anything that grows with traffic; that is the lake's.
"""
