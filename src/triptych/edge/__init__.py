"""The front door: HTTP in, HTTP out, and everything that happens to a request in between.

Here: ``gateway`` (the life of a request on one page, and ``call`` for callers in process), ``steps`` (each
step a function), ``exchange`` (what travels through them), ``body`` (bytes arriving), ``asgi`` and ``serve``
(sockets), ``views`` (the few addresses under ``/_triptych/``), ``telemetry``.
"""
