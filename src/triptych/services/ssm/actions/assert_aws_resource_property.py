"""``aws:assertAwsResourceProperty``: call one AWS operation; a property of the reply must have a desired value."""

from __future__ import annotations

from triptych.services.ssm import resource_property, template
from triptych.services.ssm.action import Action, Attempt, Case, Done, Failed, Outcome, Reply


async def run(attempt: Attempt) -> Outcome:
    seen = await resource_property.look(attempt)
    if seen.matches:
        return Done()
    path, desired = attempt.inputs["PropertySelector"], template.text_of(attempt.inputs["DesiredValues"])
    found = f"has the value {seen.shown}" if seen.present else "is not in the reply"
    return Failed(
        message=f"Assertion failed: PropertySelector {path} {found}, desired is one of {desired}.",
        type="Verification",
        stage="PostVerification",
    )


_LOGGING = {
    "Service": "cloudtrail",
    "Api": "GetTrailStatus",
    "Name": "audit",
    "PropertySelector": "$.IsLogging",
    "DesiredValues": ["True"],
}


def _status(*, logging: bool) -> Reply:
    return Reply(call="cloudtrail:GetTrailStatus", params={"Name": "audit"}, answer={"IsLogging": logging})


ACTION = Action(
    name="aws:assertAwsResourceProperty",
    check=resource_property.check,
    run=run,
    cases=(
        Case(
            name="the property has the desired value",
            inputs=_LOGGING,
            replies=(_status(logging=True),),
            outcome=Done(),
        ),
        Case(
            name="the property has another value",
            inputs=_LOGGING,
            replies=(_status(logging=False),),
            outcome=Failed(message="has the value false", type="Verification"),
        ),
        Case(
            name="the property is missing",
            inputs=_LOGGING | {"PropertySelector": "$.Nope"},
            replies=(_status(logging=True),),
            outcome=Failed(message="is not in the reply", type="Verification"),
        ),
        Case(
            name="every value of a list",
            inputs={
                "Service": "ec2",
                "Api": "DescribeInstances",
                "InstanceIds": ["i-1", "i-2"],
                "PropertySelector": "$.Reservations[*].Instances[*].State.Name",
                "DesiredValues": ["running", "pending"],
            },
            replies=(
                Reply(
                    call="ec2:DescribeInstances",
                    params={"InstanceIds": ["i-1", "i-2"]},
                    answer={
                        "Reservations": [
                            {"Instances": [{"State": {"Name": "running"}}, {"State": {"Name": "pending"}}]}
                        ]
                    },
                ),
            ),
            outcome=Done(),
        ),
        Case(
            name="no selector",
            inputs={k: v for k, v in _LOGGING.items() if k != "PropertySelector"},
            refused="input PropertySelector is required",
        ),
        Case(
            name="a bad selector",
            inputs=_LOGGING | {"PropertySelector": "$.a["},
            refused="PropertySelector: expected",
        ),
        Case(
            name="no desired values",
            inputs=_LOGGING | {"DesiredValues": []},
            refused="DesiredValues must be a list",
        ),
        Case(
            name="an unknown operation",
            inputs=_LOGGING | {"Api": "Nope"},
            refused="not an operation of cloudtrail",
        ),
    ),
)
