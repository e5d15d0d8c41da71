"""S3_BUCKET_PUBLIC_READ_PROHIBITED: nobody lets the whole world read a bucket, by policy or by ACL."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant
from triptych.services.config.rules._public_bucket import acl, block, policy, public_by

_READS = (
    "s3:getobject",
    "s3:getobjectversion",
    "s3:listbucket",
    "s3:listbucketversions",
    "s3:listbucketmultipartuploads",
)


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    by = public_by(item, permissions=("Read", "FullControl"), wanted=_READS)
    return non_compliant(f"{by} allows public read access.") if by else COMPLIANT


RULE = ManagedRule(
    identifier="S3_BUCKET_PUBLIC_READ_PROHIBITED",
    name="s3-bucket-public-read-prohibited",
    types=("AWS::S3::Bucket",),
    triggers=frozenset({"change", "periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(
            name="a private bucket", expect="COMPLIANT", supplementary={"BucketPolicy": {"policyText": None}}
        ),
        Case(name="an ACL for all", expect="NON_COMPLIANT", supplementary=acl("AllUsers", "Read")),
        Case(
            name="an ACL for all with an account",
            expect="NON_COMPLIANT",
            supplementary=acl("AuthenticatedUsers", "FullControl"),
        ),
        Case(name="an ACL for log delivery", expect="COMPLIANT", supplementary=acl("LogDelivery", "Read")),
        Case(name="an ACL to write", expect="COMPLIANT", supplementary=acl("AllUsers", "Write")),
        Case(
            name="an ACL that is ignored",
            expect="COMPLIANT",
            supplementary=acl("AllUsers", "Read") | block("ignorePublicAcls"),
        ),
        Case(
            name="an ACL beside a block of policies",
            expect="NON_COMPLIANT",
            supplementary=acl("AllUsers", "Read") | block("restrictPublicBuckets"),
        ),
        Case(name="a policy for all", expect="NON_COMPLIANT", supplementary=policy()),
        Case(
            name="a policy for all, of everything",
            expect="NON_COMPLIANT",
            supplementary=policy(Action="s3:*", Principal={"AWS": "*"}),
        ),
        Case(
            name="a policy for all but one",
            expect="NON_COMPLIANT",
            supplementary=policy(Principal=None, NotPrincipal={"AWS": "arn:aws:iam::123456789012:root"}),
        ),
        Case(
            name="a policy that is restricted",
            expect="COMPLIANT",
            supplementary=policy() | block("restrictPublicBuckets"),
        ),
        Case(
            name="a policy for one account",
            expect="COMPLIANT",
            supplementary=policy(Principal={"AWS": "123456789012"}),
        ),
        Case(name="a policy to write", expect="COMPLIANT", supplementary=policy(Action="s3:PutObject")),
        Case(name="a denial", expect="COMPLIANT", supplementary=policy(Effect="Deny")),
        Case(
            name="one network",
            expect="COMPLIANT",
            supplementary=policy(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        ),
        Case(
            name="every network",
            expect="NON_COMPLIANT",
            supplementary=policy(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
        ),
        Case(
            name="all but one network",
            expect="NON_COMPLIANT",
            supplementary=policy(Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        ),
        Case(
            name="one organization",
            expect="COMPLIANT",
            supplementary=policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        ),
        Case(
            name="any account",
            expect="NON_COMPLIANT",
            supplementary=policy(Condition={"StringLike": {"aws:SourceAccount": "*"}}),
        ),
        Case(
            name="a policy nobody can read",
            expect="COMPLIANT",
            supplementary={"BucketPolicy": {"policyText": "{"}},
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
