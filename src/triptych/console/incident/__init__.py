"""The incident timeline: what happened around an alarm, a resource, an event or in a range, on one axis.

``asked`` (what may be asked), ``subject`` (what it is about, when it began), ``neighbours`` (what Config knows to be
near), ``facts`` (rows of the lake), ``lanes`` (rows -> items), ``budget`` (how many are shown one by one), ``metrics``
and ``log_errors`` (what services answer), ``suspects`` (who may have caused it, over ``console.causes``), ``timeline``
(all of it together), ``episodes`` (the list of incidents), ``postmortem`` (the report).
"""
