"""Background work that survives: a queue with claims and retries, periodic work, workflows that resume.

Here: ``queue`` (claim, heartbeat, retry decision, dead letter), ``worker`` (the loop), ``cron`` (periodic work
under a lease), ``workflow`` (steps whose results are remembered), ``bell`` (wake up
early). Not here: what any job does.
"""
