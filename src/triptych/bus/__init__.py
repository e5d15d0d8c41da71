"""The bus: facts from the outbox to the reactions, in order, at least once.

Here: ``dispatcher``. Deliveries to targets outside (EventBridge, SNS) will live beside it, one file a kind.
"""
