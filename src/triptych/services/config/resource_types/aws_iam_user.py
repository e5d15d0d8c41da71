"""AWS::IAM::User: a user with its inline policies, attached policies and groups; the same in every region."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, tag_map
from triptych.services.config.resource_types._iam_details import encode_each, find, listing, relisted

_KIND = ("User", "UserDetailList", "UserId")
_SHAPE = ("iam", "GetAccountAuthorizationDetails", "UserDetailList[]")


def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    return listing(call, *_KIND)


async def _describe(call: Call, user_id: str) -> Replies | None:
    return await find(call, *_KIND, user_id)


def _resource(_account: str, _region: str, _user_id: str, replies: Replies) -> Resource:
    user = replies["UserDetailList"]
    shown = configuration(
        _SHAPE,
        user,
        nulls="permissionsBoundary",
        lists="userPolicyList groupList attachedManagedPolicies tags",
    )
    encode_each(shown["userPolicyList"], "policyDocument")
    return Resource(
        name=user["UserName"],
        arn=user["Arn"],
        availability_zone="Not Applicable",
        created=user.get("CreateDate"),
        tags=tag_map(user.get("Tags")),
        configuration=shown,
    )


_CASES = (
    Case(
        name="a user with everything",
        resource_id="AIDAZ26J0VFAXNTTUHD6V",
        replies={
            "GetAccountAuthorizationDetails": {
                "IsTruncated": False,
                "UserDetailList": [
                    {
                        "Path": "/",
                        "UserName": "other",
                        "UserId": "AIDAOTHER",
                        "Arn": "arn:aws:iam::123456789012:user/other",
                        "CreateDate": datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
                    },
                    {
                        "Path": "/",
                        "UserName": "junior",
                        "UserId": "AIDAZ26J0VFAXNTTUHD6V",
                        "Arn": "arn:aws:iam::123456789012:user/junior",
                        "CreateDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "UserPolicyList": [
                            {"PolicyName": "own", "PolicyDocument": '{"Statement": []}'},
                            {"PolicyName": "encoded", "PolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D"},
                        ],
                        "GroupList": ["developers"],
                        "AttachedManagedPolicies": [
                            {
                                "PolicyName": "ReadOnlyAccess",
                                "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
                            }
                        ],
                        "PermissionsBoundary": {
                            "PermissionsBoundaryType": "Policy",
                            "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/edge",
                        },
                        "Tags": [{"Key": "team", "Value": "web"}],
                    },
                ],
            }
        },
        expected=Resource(
            name="junior",
            arn="arn:aws:iam::123456789012:user/junior",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "web"},
            configuration={
                "permissionsBoundary": {
                    "permissionsBoundaryType": "Policy",
                    "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/edge",
                },
                "userPolicyList": [
                    {"policyName": "own", "policyDocument": "%7B%22Statement%22%3A%20%5B%5D%7D"},
                    {"policyName": "encoded", "policyDocument": "%7B%22Statement%22%3A%5B%5D%7D"},
                ],
                "groupList": ["developers"],
                "attachedManagedPolicies": [
                    {"policyName": "ReadOnlyAccess", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
                ],
                "tags": [{"key": "team", "value": "web"}],
                "path": "/",
                "userName": "junior",
                "userId": "AIDAZ26J0VFAXNTTUHD6V",
                "arn": "arn:aws:iam::123456789012:user/junior",
                "createDate": "2026-11-20T11:37:13.000Z",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="AIDAGONE",
        replies={"GetAccountAuthorizationDetails": {"UserDetailList": [], "IsTruncated": False}},
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::IAM::User",
    located="everywhere",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("iam", "CreateUser"): Touch(response=("User.UserId",), relist=True),
        **relisted(
            "AddUserToGroup",
            "AttachUserPolicy",
            "DeleteUser",
            "DeleteUserPermissionsBoundary",
            "DeleteUserPolicy",
            "DetachUserPolicy",
            "PutUserPermissionsBoundary",
            "PutUserPolicy",
            "RemoveUserFromGroup",
            "TagUser",
            "UntagUser",
            "UpdateGroup",
            "UpdateUser",
        ),
    },
    # The index has names of policies, items also their text; and the tags.
    beyond_schema=("configuration.userPolicyList.policyDocument", "configuration.tags."),
    cases=_CASES,
)
