"""S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED: a bucket's own public access block is on in all four ways."""

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
from triptych.services.config.rules._parameters import values

_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _evaluate(item: Item, parameters: Mapping[str, str]) -> Verdict:
    if item.resource_id in values(parameters.get("excludedPublicBuckets")):
        return COMPLIANT
    block = item.supplementary.get("PublicAccessBlockConfiguration") or {}
    off = [name for name in _FLAGS if not block.get(name)]
    return non_compliant(f"The bucket does not have {', '.join(off)}.") if off else COMPLIANT


def _block(*flags: str) -> dict[str, object]:
    return {"PublicAccessBlockConfiguration": {name: name in flags for name in _FLAGS}}


RULE = ManagedRule(
    identifier="S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
    name="s3-bucket-level-public-access-prohibited",
    types=("AWS::S3::Bucket",),
    parameters=(Parameter(name="excludedPublicBuckets"),),
    evaluate=_evaluate,
    cases=(
        Case(name="no block", expect="NON_COMPLIANT", supplementary={}),
        Case(name="all on", expect="COMPLIANT", supplementary=_block(*_FLAGS)),
        Case(name="one off", expect="NON_COMPLIANT", supplementary=_block(*_FLAGS[1:])),
        Case(
            name="excluded",
            expect="COMPLIANT",
            supplementary={},
            parameters={"excludedPublicBuckets": "website, bucket"},
        ),
        Case(
            name="another excluded",
            expect="NON_COMPLIANT",
            supplementary={},
            parameters={"excludedPublicBuckets": "website"},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
