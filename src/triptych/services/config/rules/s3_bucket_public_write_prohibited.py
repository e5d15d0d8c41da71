"""S3_BUCKET_PUBLIC_WRITE_PROHIBITED: nobody lets the whole world write to a bucket, by policy or by ACL."""

from __future__ import annotations

from collections.abc import Mapping

from triptych.services.config.item import Item
from triptych.services.config.managed_rule import COMPLIANT, Case, ManagedRule, Verdict, non_compliant
from triptych.services.config.rules._public_bucket import acl, block, policy, public_by

_WRITES = (
    "s3:abortmultipartupload",
    "s3:deletebucket",
    "s3:deleteobject",
    "s3:deleteobjectversion",
    "s3:putbucketacl",
    "s3:putbucketpolicy",
    "s3:putobject",
    "s3:putobjectacl",
    "s3:replicateobject",
    "s3:restoreobject",
)


def _evaluate(item: Item, _parameters: Mapping[str, str]) -> Verdict:
    by = public_by(item, permissions=("Write", "WriteAcp", "FullControl"), wanted=_WRITES)
    return non_compliant(f"{by} allows public write access.") if by else COMPLIANT


RULE = ManagedRule(
    identifier="S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
    name="s3-bucket-public-write-prohibited",
    types=("AWS::S3::Bucket",),
    triggers=frozenset({"change", "periodic"}),
    evaluate=_evaluate,
    cases=(
        Case(name="a private bucket", expect="COMPLIANT", supplementary={}),
        Case(name="an ACL for all", expect="NON_COMPLIANT", supplementary=acl("AllUsers", "Write")),
        Case(
            name="an ACL that lets all change it",
            expect="NON_COMPLIANT",
            supplementary=acl("AllUsers", "WriteAcp"),
        ),
        Case(name="an ACL to read", expect="COMPLIANT", supplementary=acl("AllUsers", "Read")),
        Case(
            name="an ACL that is ignored",
            expect="COMPLIANT",
            supplementary=acl("AllUsers", "Write") | block("ignorePublicAcls"),
        ),
        Case(
            name="a policy for all",
            expect="NON_COMPLIANT",
            supplementary=policy(Action=["s3:GetObject", "s3:Put*"]),
        ),
        Case(
            name="a policy to delete", expect="NON_COMPLIANT", supplementary=policy(Action="s3:DeleteObject")
        ),
        Case(
            name="a policy of all but reading",
            expect="NON_COMPLIANT",
            supplementary=policy(Action=None, NotAction="s3:Get*"),
        ),
        Case(
            name="a policy of all but everything",
            expect="COMPLIANT",
            supplementary=policy(Action=None, NotAction="s3:*"),
        ),
        Case(name="a policy to read", expect="COMPLIANT", supplementary=policy()),
        Case(
            name="a policy that is restricted",
            expect="COMPLIANT",
            supplementary=policy(Action="*") | block("restrictPublicBuckets"),
        ),
        Case(
            name="one endpoint",
            expect="COMPLIANT",
            supplementary=policy(Action="s3:*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
        ),
        Case(name="what is gone", expect="NOT_APPLICABLE", deleted=True),
        Case(name="another type", expect="NOT_APPLICABLE", resource_type="AWS::EC2::EIP"),
    ),
)
