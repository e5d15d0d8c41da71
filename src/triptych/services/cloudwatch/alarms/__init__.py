"""CloudWatch alarms: definitions, evaluation, transitions, actions, history.

``definition`` (what is stored), ``metric_input`` and ``composite_input`` (what may be stored), ``evaluate`` and ``reason`` (the
pure decision and its words), ``tick`` (evaluation on the clock), ``composite`` (alarms on alarms and their
suppression), ``transition`` (a state change as one commit), ``actions`` (what a change sets off), ``history``.
"""
