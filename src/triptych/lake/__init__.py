"""The lake: everything that grows with traffic; chDB in process or a ClickHouse server, one client API.

Here: ``engine`` (the client), ``table`` (declared tables -> DDL), ``migrate``, ``writer`` (group commit),
``sql`` (sqlglot trees in, ClickHouse text and bound values out).
"""
