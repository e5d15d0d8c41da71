"""Configuration: what changed of a resource, rules and their verdicts, a repair with its steps, SQL with its errors."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import expect

BUCKET = quote("AWS::S3::Bucket", safe="")


def test_a_resource_tells_what_changed(browse, seeded) -> None:
    bucket = seeded.story.bucket
    console = browse("/resources", "Resources")
    page = console.page
    page.get_by_role("link", name=bucket).click()
    expect(page.get_by_role("heading", level=1, name=bucket)).to_be_visible()
    page.get_by_role("button", name=re.compile("ServerSideEncryptionConfiguration disappeared")).click()
    changed = page.get_by_role("table", name="Changed properties")
    row = changed.get_by_role("row", name=re.compile("ServerSideEncryptionConfiguration"))
    expect(row).to_be_visible()
    expect(row.get_by_text("Removed")).to_be_visible()
    page.get_by_role("button", name="Both states as JSON").click()
    expect(page.locator(".cm-mergeView")).to_be_visible()
    timeline = page.get_by_role("table", name="Timeline")
    expect(
        timeline.get_by_text(re.compile(f"{seeded.story.junior_name}.*DeleteBucketEncryption"))
    ).to_be_visible()
    console.check_both_modes()


def test_a_resource_has_verdicts_and_its_item(browse, seeded) -> None:
    page_of = f"/resources/{BUCKET}/{seeded.story.bucket}"
    console = browse(f"{page_of}?tab=compliance", seeded.story.bucket)
    expect(console.page.get_by_role("link", name=seeded.story.rule)).to_be_visible()
    console.check_both_modes()
    console.open(f"{page_of}?tab=details", seeded.story.bucket)
    expect(console.page.get_by_text('"resourceType": "AWS::S3::Bucket"')).to_be_visible()
    console.check_both_modes()


def test_a_rule_shows_its_verdicts_and_its_repairs(browse, seeded) -> None:
    console = browse("/rules", "Rules")
    page = console.page
    page.get_by_role("link", name=seeded.story.rule).click()
    expect(page.get_by_role("link", name=re.compile(f"{seeded.story.bucket}$"))).to_be_visible()
    console.check_both_modes()
    page.get_by_role("tab", name="Remediation").click()
    expect(page.get_by_text("AWS-EnableS3BucketEncryption").first).to_be_visible()
    expect(page.get_by_role("table", name="Executions").get_by_text("PutBucketEncryption")).to_be_visible()
    console.check_both_modes()


def test_a_remediation_is_started_again(browse, seeded) -> None:
    console = browse("/remediations", "Remediations")
    page = console.page
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    console.check_both_modes()
    page.get_by_role("radio", name=f"Select {seeded.story.bucket}").check()
    page.get_by_role("button", name="Remediate again").click()
    page.get_by_role("dialog").get_by_role("button", name="Remediate", exact=True).click()
    expect(page.get_by_text("Remediation started")).to_be_visible()
    console.check()


def test_a_rule_is_added_in_three_steps(browse, seeded) -> None:
    console = browse("/rules/new", "Add rule")
    page = console.page
    page.get_by_label("Find in managed rules of this server").fill("versioning")
    page.get_by_role("radio", name="Select S3_BUCKET_VERSIONING_ENABLED").check()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("Name")).to_have_value("s3-bucket-versioning-enabled")
    console.check_both_modes()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Copy as").click()
    expect(page.get_by_text("aws configservice put-config-rule")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Close")).click()
    page.get_by_role("button", name="Add rule").click()
    expect(page.get_by_role("heading", level=1, name="s3-bucket-versioning-enabled")).to_be_visible()
    names = [r["ConfigRuleName"] for r in seeded.client("config").describe_config_rules()["ConfigRules"]]
    assert "s3-bucket-versioning-enabled" in names
    seeded.client("config").delete_config_rule(ConfigRuleName="s3-bucket-versioning-enabled")


def test_a_query_answers_or_says_where_it_is_wrong(browse, seeded) -> None:
    sql = "SELECT resourceId, resourceType WHERE resourceType = 'AWS::S3::Bucket'"
    console = browse(f"/queries?sql={quote(sql)}", "Advanced queries")
    page = console.page
    expect(page.get_by_role("link", name=f"S3 Bucket {seeded.story.bucket}")).to_be_visible()
    console.check_both_modes()
    console.open(f"/queries?sql={quote('SELECT resourceId, nonsense')}", "Advanced queries")
    expect(page.locator(".cm-lintRange-error")).to_have_text("nonsense")
    console.check_both_modes()


def test_the_recorder_says_what_it_records(browse) -> None:
    console = browse("/recorder", "Recorder")
    expect(console.page.get_by_text("Recording", exact=True)).to_be_visible()
    console.check_both_modes()


def test_on_a_phone_nothing_is_wider_than_the_screen(browse, seeded) -> None:
    console = browse(None, width=412)
    for path, title in {
        "/logs/groups": "Log groups",
        "/events": "Event history",
        "/resources": "Resources",
        f"/resources/{BUCKET}/{seeded.story.bucket}": seeded.story.bucket,
        "/rules": "Rules",
        "/logs/insights": "Logs Insights",
    }.items():
        console.open(path, title)
        assert console.page.evaluate("document.documentElement.scrollWidth") <= 412, path
    console.check()
