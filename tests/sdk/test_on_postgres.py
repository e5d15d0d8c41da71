"""The same server on PostgreSQL: the scenario, and again after a restart."""

from __future__ import annotations

from pathlib import Path

import boto3

from postgres_kit import new_database
from triptych.demo.story import Story
from triptych.testing.server import ServerProcess


def test_the_scenario_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    server = ServerProcess(
        tmp_path / "data",
        settings={
            "CONTROL_URL": new_database(postgres_url, "scenario"),
            "INTERVALS__CONFIG_SWEEP_SECONDS": "3600",
        },
    )
    server.start()
    try:
        story = Story(url=server.url, access_key_id="test", secret_access_key="test", region="us-east-1")
        hops = list(story.tell())
        assert [h.title for h in hops][-1] == "encrypted again"
        assert not (server.data_dir / "control.db").exists()
    finally:
        server.kill()
    server.start()
    try:
        trail = boto3.client(
            "cloudtrail",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        names = [t["Name"] for t in trail.describe_trails()["trailList"]]
        assert names == [f"demo-{story.suffix}"]
    finally:
        assert server.stop() == 0
