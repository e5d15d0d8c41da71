"""AWS::IAM::Role: a role with its trust policy, its policies and instance profiles; the same in every region."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, tag_map
from triptych.services.config.resource_types._iam_details import encode_each, find, listing, relisted

_KIND = ("Role", "RoleDetailList", "RoleId")
_SHAPE = ("iam", "GetAccountAuthorizationDetails", "RoleDetailList[]")


def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    return listing(call, *_KIND)


async def _describe(call: Call, role_id: str) -> Replies | None:
    return await find(call, *_KIND, role_id)


def _resource(_account: str, _region: str, _role_id: str, replies: Replies) -> Resource:
    role = replies["RoleDetailList"]
    shown = configuration(
        _SHAPE,
        role,
        nulls="permissionsBoundary assumeRolePolicyDocument",
        lists="instanceProfileList rolePolicyList attachedManagedPolicies tags",
    )
    # Whoever uses a role does not change how it is configured; each use would be a new item.
    shown["roleLastUsed"] = None
    encode_each([shown, *(r for p in shown["instanceProfileList"] for r in p.get("roles", ()))], _TRUST)
    encode_each(shown["rolePolicyList"], "policyDocument")
    return Resource(
        name=role["RoleName"],
        arn=role["Arn"],
        availability_zone="Not Applicable",
        created=role.get("CreateDate"),
        tags=tag_map(role.get("Tags")),
        configuration=shown,
    )


_TRUST = "assumeRolePolicyDocument"

_CASES = (
    Case(
        name="a role for instances",
        resource_id="AROAZ26J0VFAXNTTUHD6V",
        replies={
            "GetAccountAuthorizationDetails": {
                "IsTruncated": False,
                "RoleDetailList": [
                    {
                        "Path": "/",
                        "RoleName": "web",
                        "RoleId": "AROAZ26J0VFAXNTTUHD6V",
                        "Arn": "arn:aws:iam::123456789012:role/web",
                        "CreateDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D",
                        "InstanceProfileList": [
                            {
                                "Path": "/",
                                "InstanceProfileName": "web",
                                "InstanceProfileId": "AIPAZ26J0VFAXNTTUHD6V",
                                "Arn": "arn:aws:iam::123456789012:instance-profile/web",
                                "CreateDate": datetime(2026, 11, 20, 11, 38, tzinfo=UTC),
                                "Roles": [
                                    {
                                        "Path": "/",
                                        "RoleName": "web",
                                        "RoleId": "AROAZ26J0VFAXNTTUHD6V",
                                        "Arn": "arn:aws:iam::123456789012:role/web",
                                        "CreateDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                                        "AssumeRolePolicyDocument": '{"Statement":[]}',
                                    }
                                ],
                            }
                        ],
                        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": '{"Statement":[]}'}],
                        "AttachedManagedPolicies": [
                            {
                                "PolicyName": "ReadOnlyAccess",
                                "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
                            }
                        ],
                        "Tags": [{"Key": "team", "Value": "web"}],
                        "RoleLastUsed": {
                            "LastUsedDate": datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
                            "Region": "us-east-1",
                        },
                    },
                ],
            }
        },
        expected=Resource(
            name="web",
            arn="arn:aws:iam::123456789012:role/web",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "web"},
            configuration={
                "permissionsBoundary": None,
                "assumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D",
                "instanceProfileList": [
                    {
                        "path": "/",
                        "instanceProfileName": "web",
                        "instanceProfileId": "AIPAZ26J0VFAXNTTUHD6V",
                        "arn": "arn:aws:iam::123456789012:instance-profile/web",
                        "createDate": "2026-11-20T11:38:00.000Z",
                        "roles": [
                            {
                                "path": "/",
                                "roleName": "web",
                                "roleId": "AROAZ26J0VFAXNTTUHD6V",
                                "arn": "arn:aws:iam::123456789012:role/web",
                                "createDate": "2026-11-20T11:37:13.000Z",
                                "assumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D",
                            }
                        ],
                    }
                ],
                "rolePolicyList": [{"policyName": "own", "policyDocument": "%7B%22Statement%22%3A%5B%5D%7D"}],
                "attachedManagedPolicies": [
                    {"policyName": "ReadOnlyAccess", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
                ],
                "tags": [{"key": "team", "value": "web"}],
                "path": "/",
                "roleName": "web",
                "roleId": "AROAZ26J0VFAXNTTUHD6V",
                "arn": "arn:aws:iam::123456789012:role/web",
                "createDate": "2026-11-20T11:37:13.000Z",
                "roleLastUsed": None,
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="AROAGONE",
        replies={"GetAccountAuthorizationDetails": {"RoleDetailList": [], "IsTruncated": False}},
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::IAM::Role",
    located="everywhere",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("iam", "CreateRole"): Touch(response=("Role.RoleId",), relist=True),
        ("iam", "CreateServiceLinkedRole"): Touch(response=("Role.RoleId",), relist=True),
        **relisted(
            "AddRoleToInstanceProfile",
            "AttachRolePolicy",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteServiceLinkedRole",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "RemoveRoleFromInstanceProfile",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
            "UpdateRoleDescription",
        ),
    },
    # The index has names of policies, items also their text; and the tags.
    beyond_schema=(
        "configuration.assumeRolePolicyDocument",
        "configuration.instanceProfileList.roles.assumeRolePolicyDocument",
        "configuration.rolePolicyList.policyDocument",
        "configuration.tags.",
    ),
    cases=_CASES,
)
