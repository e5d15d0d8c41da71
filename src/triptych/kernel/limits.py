"""Every bound in one place, each with the AWS quota it mirrors or the reason it has."""

CAUSE_DEPTH = 20
"""Hand-overs in one chain of causes before the loop is cut (ours: a repair that undoes itself must end)."""

BUFFERED_BODY_BYTES = 2 * 1024 * 1024
"""A request body up to this size is read whole; larger ones to the estate are streamed."""

OWN_BODY_BYTES = 16 * 1024 * 1024
"""The largest body our own services accept (ours; AWS's largest control-plane payload is 6 MiB, Lambda)."""

AUDIT_VALUE_BYTES = 100 * 1024
"""requestParameters and responseElements each, larger ones are omitted (CloudTrail record contents)."""

CLOCK_SKEW_SECONDS = 15 * 60
"""AWS refuses a signature this far from its clock."""

PRESIGNED_SECONDS = 7 * 24 * 3600
"""The longest X-Amz-Expires (SigV4 query authentication)."""

COMMIT_QUEUE = 10_000
"""Units of work that may wait for the control store's writer; more wait at the door."""

LAKE_QUEUE_ROWS = 500_000
"""Rows that may wait for the lake's writer; more wait at the door."""

FACT_BATCH = 500
"""Facts handed to a reaction at once."""

CONFLICT_RETRIES = 8
"""How often an operation runs again when another writer was quicker, before the caller is asked to retry."""

ESTATE_BODY_BYTES = 64 * 1024 * 1024
"""The largest body of an estate call that is not streamed (Lambda's zip upload is 50 MB direct)."""

AUDITED_REPLY_BYTES = 8 * 1024 * 1024
"""An estate reply up to this size is read whole and decoded for the record; larger ones pass undecoded."""
