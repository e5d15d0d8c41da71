"""Alarms explained and rehearsed: the evaluator's own decision, on the evaluator's own data.

``data`` (definitions and datapoints), ``why`` (the periods an alarm decides on), ``backtest`` (what it would have done).
The decisions are ``services.cloudwatch.alarms``': ``explain`` and ``rehearsal`` there, never a second opinion here.
"""
