"""What the console is told about the query language and the managed rules is what this server has."""

from __future__ import annotations

from triptych.console.api.catalogue import catalogue
from triptych.query.insights.catalogue import FUNCTIONS
from triptych.services.config.parts import RULES, TYPES


def test_every_word_is_there_once_and_explained() -> None:
    found = catalogue()
    names = [word.name for word in (*found.commands, *found.functions)]
    assert len(names) == len(set(names))
    assert all(word.docs for word in (*found.commands, *found.functions))
    assert {f.name for f in found.functions} == {f.name for f in FUNCTIONS.values()}
    assert next(f for f in found.functions if f.name == "count").aggregate
    assert "fields" in {c.name for c in found.commands}


def test_rules_come_with_their_parameters() -> None:
    found = catalogue()
    assert [rule.identifier for rule in found.managed_rules] == sorted(RULES)
    tags = next(rule for rule in found.managed_rules if rule.identifier == "REQUIRED_TAGS")
    assert tags.parameters[0].required and not tags.parameters[1].required
    assert "AWS::S3::Bucket" in tags.types
    assert found.resource_types == sorted(TYPES)
