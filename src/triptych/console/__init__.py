"""The web console's server side: pages, sessions, and the answers AWS has no operation for.

Here: ``mount`` (what a request to ``/console/`` becomes), ``static`` (the built pages), ``session`` and ``tries`` (who
is signed in, who tried too often), ``origin`` (which page speaks), ``contract`` (what an endpoint declares) and ``api``
(one file, one endpoint, found by looking). Behind the endpoints: ``incident`` (the timeline, with ``causes``),
``events`` (the audit trail searched), ``alarms`` (explained and rehearsed). What AWS has operations for the pages call on the AWS endpoint itself.
"""
