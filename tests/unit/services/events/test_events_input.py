"""What targets are sent: AWS's examples of paths and templates."""

from __future__ import annotations

import json

import pytest

from triptych.services.events.input import InvalidInput, check_path, check_target_input, payload

EVENT = {
    "id": "7bf73129",
    "time": "2015-11-11T21:29:54Z",
    "detail-type": "T",
    "detail": {"instance-id": "i-0123", "state": 'RUN\n"ning"', "n": 5, "on": True, "list": [1, {"x": "y"}]},
}
PATHS = {
    "instance": "$.detail.instance-id", "state": "$.detail.state", "n": "$.detail.n", "on": "$.detail.on",
    "list": "$.detail.list", "inner": "$.detail['list'][1].x", "nothing": "$.detail.nothing",
}  # fmt: skip


def filled(template: str) -> str:
    target = {"Id": "1", "InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    check_target_input(target)
    return payload(target, EVENT, rule_arn="arn:rule", rule_name="rule")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', 'instance i-0123 is in RUN\n"ning"'),
        ('{"instance" : <instance>, "state": <state>}', {"instance": "i-0123", "state": 'RUN\n"ning"'}),
        ('{"instance" : "<instance>", "n": <n>, "on": <on>}', {"instance": "i-0123", "n": 5, "on": True}),
        ('{"list": <list>, "inner": [9, <inner>]}', {"list": [1, {"x": "y"}], "inner": [9, "y"]}),
        ('{"text": "say \\"<inner>\\" and <list>"}', {"text": 'say "y" and [1,{"x":"y"}]'}),
        ('{"gone": <nothing>, "text": "<nothing>"}', {"gone": None, "text": ""}),
        ('{"rule": <aws.events.rule-arn>, "name": "<aws.events.rule-name>"}', {"rule": "arn:rule", "name": "rule"}),
        ('{"all": <aws.events.event.json>}', {"all": EVENT}),
        ('{"head": <aws.events.event>}', {"head": {k: v for k, v in EVENT.items() if k != "detail"}}),
    ],
)  # fmt: skip
def test_templates(template: str, expected: object) -> None:
    assert json.loads(filled(template)) == expected


def test_text_templates_need_not_be_json() -> None:
    assert filled("<instance> at <n>") == '"i-0123" at 5'


def test_the_event_a_part_of_it_or_a_constant() -> None:
    def sent(**members: str) -> object:
        return json.loads(payload({"Id": "1", **members}, EVENT, rule_arn="", rule_name=""))

    assert sent() == EVENT
    assert sent(InputPath="$.detail.n") == 5
    assert sent(InputPath="$.detail.list[7]") == {}
    assert sent(InputPath="$") == EVENT
    assert sent(Input='{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("path", ["detail", "$.", "$.a[", "$.a[x]", "$..a", "$.a b"])
def test_paths_that_cannot_be_read(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_path(path)


def test_templates_name_what_they_use() -> None:
    target = {"Id": "t", "InputTransformer": {"InputPathsMap": {}, "InputTemplate": '"<who>"'}}
    with pytest.raises(InvalidInput, match="placeholder who is not defined"):
        check_target_input(target)
    with pytest.raises(InvalidInput, match="must not begin with AWS"):
        check_target_input(
            {"Id": "t", "InputTransformer": {"InputPathsMap": {"aws.x": "$.a"}, "InputTemplate": '"<aws.x>"'}}
        )
    with pytest.raises(InvalidInput, match="JSON syntax error"):
        check_target_input({"Id": "t", "Input": "{"})
