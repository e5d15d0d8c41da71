"""The server as an operator meets it: start, banner, health, metrics, stop, and the mistakes it explains."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from triptych.testing.server import ServerProcess


def get(server: ServerProcess, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=60) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "triptych", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
    )


def test_health_and_readiness(server: ServerProcess) -> None:
    assert json.loads(get(server, "/_triptych/health")[1])["status"] == "ok"
    status, body = get(server, "/_triptych/ready")
    assert (status, json.loads(body)["status"]) == (200, "ready")
    assert set(json.loads(body)["parts"]) == {"control", "lake", "estate", "background"}


def test_metrics_count_what_happened(server: ServerProcess, client) -> None:
    client("s3").create_bucket(Bucket="counted")
    families = {
        f.name: f for f in text_string_to_metric_families(get(server, "/_triptych/metrics")[1].decode())
    }
    counted = [
        s
        for s in families["triptych_requests"].samples
        if s.labels.get("operation") == "CreateBucket" and s.labels["outcome"] == "ok"
    ]
    assert [s.value for s in counted] == [1.0]
    lags = {s.labels["reaction"] for s in families["triptych_reaction_lag"].samples}
    assert {"cloudtrail.record", "config.observe", "timeline"} <= lags


def test_unknown_addresses_and_unsigned_questions(server: ServerProcess) -> None:
    status, body = get(server, "/_triptych/nothing")
    assert status == 404
    assert "/_triptych/health" in json.loads(body)["message"]
    assert get(server, "/_triptych/timeline?id=x")[0] == 401


def test_the_front_door_never_answers_html(server: ServerProcess) -> None:
    for path in ("/", "/some-bucket/key", "/?Action=Nothing", "/2015-03-31/functions"):
        status, body = get(server, path)
        assert status >= 400
        assert b"<html" not in body.lower()


def test_banner_and_clean_stop(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    server.start()
    banner = server.log_tail()
    for line in (
        f"export AWS_ENDPOINT_URL={server.url}",
        "export AWS_ACCESS_KEY_ID=test",
        "AWS_DEFAULT_REGION=us-east-1",
        "Console: ",
    ):
        assert line in banner
    second = run("up", "--port", str(server.port), "--data-dir", str(tmp_path / "other"), cwd=tmp_path)
    assert second.returncode == 1
    assert "Cannot listen" in second.stderr.replace("\n", " ")
    assert server.stop() == 0
    assert "Traceback" not in server.log_tail()


def test_state_survives_a_restart(tmp_path: Path) -> None:
    import boto3

    server = ServerProcess(tmp_path / "data")
    for round_ in (1, 2):
        server.start()
        ssm = boto3.client(
            "ssm",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        if round_ == 1:
            content = {
                "schemaVersion": "0.3",
                "mainSteps": [{"name": "Nap", "action": "aws:sleep", "inputs": {"Duration": "PT1S"}}],
            }
            ssm.create_document(Name="Napping", Content=json.dumps(content), DocumentType="Automation")
        assert ssm.describe_document(Name="Napping")["Document"]["Status"] == "Active"
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("up", "--host", "0.0.0.0"), "test/test"),
        (("up", "--config", "missing.toml"), "missing.toml"),
        (("up", "--port", "99999"), "65535"),
        (("nonsense",), "nonsense"),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    done = run(*words, cwd=tmp_path)
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_explains_itself(tmp_path: Path) -> None:
    for command in ("up", "demo", "doctor", "init"):
        done = run(command, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert len(done.stdout) > 300
    assert run("--version", cwd=tmp_path).stdout.startswith("triptych ")


def test_doctor_is_content_with_a_fresh_machine(tmp_path: Path) -> None:
    done = run("doctor", "--port", "0", "--data-dir", str(tmp_path / "data"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "problem" not in done.stdout.lower().replace("what is wrong", "")
