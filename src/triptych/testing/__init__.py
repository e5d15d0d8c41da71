"""A kit for testing against Triptych, shipped with it.

Here: ``server`` (a real server process on a free port), ``clock`` (simulated time), ``script`` (alarms
living through simulated hours, as text), ``metric_script`` (metrics, questions and answers, as text).
"""
