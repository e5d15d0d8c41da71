"""Every runbook of ours: its parameters are AWS's, its cases run, and what it calls exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.validate import ParamValidator

from ssm_harness import Bench, role_session
from triptych.kernel.errors import ServiceError
from triptych.services.ssm import library
from triptych.wire.model import operation_model

CASES = [
    pytest.param(name, case, id=f"{name}: {case['name']}")
    for name in library.amazon_documents()
    for case in yaml.safe_load(library.cases_of(name))["cases"]
]


def valid(shape: Any, value: dict[str, Any]) -> None:
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("name", library.amazon_documents())
def test_runbook_has_a_case_that_succeeds_and_one_that_fails(name: str) -> None:
    statuses = {case["status"] for case in yaml.safe_load(library.cases_of(name))["cases"]}
    assert statuses >= {"Success", "Failed"}


@pytest.mark.parametrize("name", library.amazon_documents())
def test_runbook_is_a_valid_document(name: str) -> None:
    text = library.amazon_documents()[name][1].content
    runbook = library.read_runbook(text, "YAML")
    assert runbook.description
    assert "cases" not in text
    assert all(p.description for p in runbook.parameters.values())


@pytest.mark.parametrize(("name", "case"), CASES)
async def test_runbook_case(name: str, case: dict[str, Any], tmp_path: Path) -> None:
    bench = await Bench(tmp_path).open()
    try:
        script = []
        for call in case["calls"]:
            model = operation_model(*call["call"].split(":"))
            if "error" in call:
                script.append((call["call"], ServiceError(call["error"]["code"], call["error"]["message"])))
            else:
                if model.output_shape is not None:
                    valid(model.output_shape, call["answer"])
                script.append((call["call"], call["answer"]))
        bench.gateway.script = script
        role = case["parameters"].get("AutomationAssumeRole", [""])[0]
        bench.gateway.always = {"sts:AssumeRole": role_session(role)} if role else {}

        execution_id = await bench.start(name, **case["parameters"])
        execution = await bench.finish(execution_id)

        assert execution.status == case["status"], execution.failure
        assert case.get("failure", "") in execution.failure
        assert bench.gateway.script == [], "calls the case expects and the runbook did not make"
        made = [call for call in bench.gateway.calls if call[0] != "sts:AssumeRole"]
        assert made == [(call["call"], call["params"]) for call in case["calls"]]
        for call, params in bench.gateway.calls:
            valid(operation_model(*call.split(":")).input_shape, params)
        if role:
            assert {c.identity.kind for c in bench.gateway.contexts[1:]} == {"AssumedRole"}
        json.dumps(await bench.statuses(execution_id))
    finally:
        await bench.close()
