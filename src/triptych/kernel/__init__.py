"""Values and small pure tools that every other room may use; imports nothing of ours.

Here: clock, ids, errors, context (who calls, and why), facts, ARNs, page tokens, limits, part discovery.
Not here: anything that does IO or knows one AWS service.
"""
