"""S3_BUCKET_LOGGING_ENABLED: a bucket's accesses are logged, into the bucket and under the prefix asked for if any."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import (
    COMPLIANT,
    Case,
    ManagedRule,
    Parameter,
    Verdict,
    non_compliant,
)


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    logging = item.supplementary.get("BucketLoggingConfiguration") or {}
    target, prefix = logging.get("destinationBucketName"), logging.get("logFilePrefix")
    if not target:
        return non_compliant("Server access logging is not enabled.")
    if parameters.get("targetBucket", target) != target:
        return non_compliant(f"Accesses are logged into the bucket {target}.")
    if parameters.get("targetPrefix", prefix) != prefix:
        return non_compliant(f"Accesses are logged under the prefix {prefix}.")
    return COMPLIANT


def _logging(target: str | None, prefix: str | None) -> dict[str, object]:
    return {"BucketLoggingConfiguration": {"destinationBucketName": target, "logFilePrefix": prefix}}


RULE = ManagedRule(
    identifier="S3_BUCKET_LOGGING_ENABLED",
    name="s3-bucket-logging-enabled",
    types=("AWS::S3::Bucket",),
    parameters=(
        Parameter(name="targetBucket"),
        Parameter(name="targetPrefix"),
    ),
    evaluate=_evaluate,
    cases=(
        Case(name="off", expect="NON_COMPLIANT", supplementary=_logging(None, None)),
        Case(name="on", expect="COMPLIANT", supplementary=_logging("logs", "")),
        Case(
            name="the bucket asked for",
            expect="COMPLIANT",
            supplementary=_logging("logs", "a/"),
            parameters={"targetBucket": "logs", "targetPrefix": "a/"},
        ),
        Case(
            name="another bucket",
            expect="NON_COMPLIANT",
            supplementary=_logging("logs", "a/"),
            parameters={"targetBucket": "audit"},
        ),
        Case(
            name="another prefix",
            expect="NON_COMPLIANT",
            supplementary=_logging("logs", "a/"),
            parameters={"targetPrefix": "b/"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
