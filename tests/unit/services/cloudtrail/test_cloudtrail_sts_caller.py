"""GetCallerIdentity for every kind of caller."""

from __future__ import annotations

import pytest

from triptych.kernel.context import Identity
from triptych.services.sts import SERVICE
from triptych.services.sts.caller import caller
from triptych.wire.model import service_model

A = "111122223333"


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        (Identity(kind="Root", account=A, arn=f"arn:aws:iam::{A}:root"), (A, A, f"arn:aws:iam::{A}:root")),
        (Identity(kind="Root", account=A), (A, A, f"arn:aws:iam::{A}:root")),
        (
            Identity(kind="IAMUser", account=A, principal_id="AIDA1", user_name="u", arn=f"arn:aws:iam::{A}:user/u"),
            ("AIDA1", A, f"arn:aws:iam::{A}:user/u"),
        ),
        (
            Identity(kind="AssumedRole", account=A, principal_id="AROA1:s", arn=f"arn:aws:sts::{A}:assumed-role/r/s"),
            ("AROA1:s", A, f"arn:aws:sts::{A}:assumed-role/r/s"),
        ),
        (
            Identity(kind="FederatedUser", account=A, principal_id=f"{A}:b", arn=f"arn:aws:sts::{A}:federated-user/b"),
            (f"{A}:b", A, f"arn:aws:sts::{A}:federated-user/b"),
        ),
    ],
)  # fmt: skip
def test_who_the_caller_is(identity: Identity, answer: tuple[str, str, str]) -> None:
    said = caller(identity)
    assert (said["UserId"], said["Account"], said["Arn"]) == answer
    assert set(said) == set(service_model("sts").operation_model("GetCallerIdentity").output_shape.members)


def test_everything_else_of_sts_is_the_estates() -> None:
    assert set(SERVICE.operations) == {"getcalleridentity"}
    assert set(SERVICE.estate) == set(service_model("sts").operation_names) - {"GetCallerIdentity"}
    assert "AssumeRole" in SERVICE.estate
