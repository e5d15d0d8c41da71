"""AWS::IAM::Policy: a customer managed policy with its versions; the same in every region."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, pages
from triptych.services.config.resource_types._iam_details import encode_each, listing, relisted

_KIND = ("LocalManagedPolicy", "Policies", "Arn")
_SHAPE = ("iam", "GetAccountAuthorizationDetails", "Policies[]")


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    """Names and ids come from ListPolicies: not every implementation of IAM tells them with the details."""
    details = {arn: replies async for arn, replies in listing(call, *_KIND)}
    # AWS's own policies are no resources of the account.
    params = {"Scope": "Local", "MaxItems": 1000}
    async for policy in pages(
        call, "iam", "ListPolicies", params, entries="Policies", token=("Marker", "Marker")
    ):
        detail = (details.get(policy["Arn"]) or {}).get("Policies")
        if detail is not None:  # else it was made, or deleted, between the calls
            yield policy["PolicyId"], {"Policies": policy | detail}


async def _describe(call: Call, policy_id: str) -> Replies | None:
    async for known_id, replies in _listing(call):
        if known_id == policy_id:
            return replies
    return None


def _resource(_account: str, _region: str, _policy_id: str, replies: Replies) -> Resource:
    policy = replies["Policies"]
    shown = configuration(
        _SHAPE, policy, nulls="description permissionsBoundaryUsageCount", lists="policyVersionList"
    )
    encode_each(shown["policyVersionList"], "document")
    return Resource(
        name=policy["PolicyName"],
        arn=policy["Arn"],
        availability_zone="Not Applicable",
        created=policy.get("CreateDate"),
        configuration=shown,
    )


_CASES = (
    Case(
        name="a policy with two versions",
        resource_id="ANPAZ26J0VFAXNTTUHD6V",
        replies={
            "ListPolicies": {
                "IsTruncated": False,
                "Policies": [
                    {
                        "PolicyName": "deploy",
                        "PolicyId": "ANPAZ26J0VFAXNTTUHD6V",
                        "Arn": "arn:aws:iam::123456789012:policy/deploy",
                        "AttachmentCount": 1,
                        "PermissionsBoundaryUsageCount": 0,
                    },
                    {
                        "PolicyName": "newer",
                        "PolicyId": "ANPAZ26J0VFAXNEWER000",
                        "Arn": "arn:aws:iam::123456789012:policy/newer",
                    },
                ],
            },
            "GetAccountAuthorizationDetails": {
                "IsTruncated": False,
                "Policies": [
                    {
                        "Arn": "arn:aws:iam::123456789012:policy/deploy",
                        "Path": "/",
                        "DefaultVersionId": "v2",
                        "AttachmentCount": 1,
                        "PermissionsBoundaryUsageCount": 0,
                        "IsAttachable": True,
                        "CreateDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "UpdateDate": datetime(2026, 11, 20, 11, 39, tzinfo=UTC),
                        "PolicyVersionList": [
                            {
                                "Document": '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
                                "VersionId": "v2",
                                "IsDefaultVersion": True,
                                "CreateDate": datetime(2026, 11, 20, 11, 39, tzinfo=UTC),
                            },
                            {
                                "Document": "%7B%22Statement%22%3A%5B%5D%7D",
                                "VersionId": "v1",
                                "IsDefaultVersion": False,
                                "CreateDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                            },
                        ],
                    },
                ],
            },
        },
        expected=Resource(
            name="deploy",
            arn="arn:aws:iam::123456789012:policy/deploy",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            configuration={
                "description": None,
                "permissionsBoundaryUsageCount": 0,
                "policyVersionList": [
                    {
                        "document": "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D",
                        "versionId": "v2",
                        "isDefaultVersion": True,
                        "createDate": "2026-11-20T11:39:00.000Z",
                    },
                    {
                        "document": "%7B%22Statement%22%3A%5B%5D%7D",
                        "versionId": "v1",
                        "isDefaultVersion": False,
                        "createDate": "2026-11-20T11:37:13.000Z",
                    },
                ],
                "policyName": "deploy",
                "policyId": "ANPAZ26J0VFAXNTTUHD6V",
                "arn": "arn:aws:iam::123456789012:policy/deploy",
                "path": "/",
                "defaultVersionId": "v2",
                "attachmentCount": 1,
                "isAttachable": True,
                "createDate": "2026-11-20T11:37:13.000Z",
                "updateDate": "2026-11-20T11:39:00.000Z",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="ANPAGONE",
        replies={
            "ListPolicies": {"Policies": [], "IsTruncated": False},
            "GetAccountAuthorizationDetails": {"Policies": [], "IsTruncated": False},
        },
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::IAM::Policy",
    located="everywhere",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("iam", "CreatePolicy"): Touch(response=("Policy.PolicyId",), relist=True),
        # Attaching and detaching count in attachmentCount, boundaries in permissionsBoundaryUsageCount.
        **relisted(
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreatePolicyVersion",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRolePermissionsBoundary",
            "DeleteUserPermissionsBoundary",
            "DetachGroupPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "PutRolePermissionsBoundary",
            "PutUserPermissionsBoundary",
            "SetDefaultPolicyVersion",
            "TagPolicy",
            "UntagPolicy",
        ),
    },
    beyond_schema=("configuration.policyVersionList.document",),
    cases=_CASES,
)
