"""Where services go, and what the settings may say."""

from __future__ import annotations

import pytest

from triptych.estate.upstreams import check, upstream_of, uses_sandbox
from triptych.kernel.errors import ServiceError
from triptych.settings import Estate
from triptych.wire.model import service_names


def test_the_default_is_the_sandbox_and_services_override_it() -> None:
    estate = Estate(services={"s3": "https://s3.internal:9000/", "iam": "aws"})
    assert upstream_of(estate, "ec2", "eu-west-1").kind == "sandbox"
    assert not upstream_of(estate, "ec2", "eu-west-1").signs
    s3 = upstream_of(estate, "s3", "eu-west-1")
    assert (s3.kind, s3.base_url, s3.signs) == ("url", "https://s3.internal:9000", True)
    assert upstream_of(estate, "iam", "eu-west-1").kind == "aws"


@pytest.mark.parametrize(
    ("service", "region", "url", "signing_region"),
    [
        ("s3", "eu-west-1", "https://s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ("ec2", "eu-central-1", "https://ec2.eu-central-1.amazonaws.com", ""),
        ("iam", "eu-west-1", "https://iam.amazonaws.com", "us-east-1"),
        ("iam", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("acm", "us-east-1", "https://acm.us-east-1.amazonaws.com", ""),
    ],
)
def test_aws_means_the_regional_endpoint(service: str, region: str, url: str, signing_region: str) -> None:
    upstream = upstream_of(Estate(default="aws"), service, region)
    assert (upstream.base_url, upstream.signing_region) == (url, signing_region)
    assert upstream.signs


def test_every_service_has_an_aws_endpoint() -> None:
    for service in service_names():
        upstream = upstream_of(Estate(default="aws"), service, "us-east-1")
        assert upstream.base_url.startswith("https://"), service
        assert upstream.base_url.endswith((".amazonaws.com", ".api.aws", ".aws.amazon.com")), (
            upstream.base_url
        )


@pytest.mark.parametrize("region", ["x.attacker.example/", "EU", "", "a#", "us-east-1.evil", "-a", "a" * 64])
def test_a_region_cannot_choose_the_host(region: str) -> None:
    with pytest.raises(ServiceError) as caught:
        upstream_of(Estate(default="aws"), "ec2", region)
    assert caught.value.code == "InvalidRegion"


@pytest.mark.parametrize(
    "place",
    ["", "sandbx", "s3.internal:9000", "ftp://x", "https://", "https://a/b", "https://u@h", "http://h:port", "http://h?x=1"],
)  # fmt: skip
def test_a_place_that_is_none_is_named(place: str) -> None:
    assert "estate.default" in check(Estate(default=place))[0]
    assert "estate.services.s3" in check(Estate(services={"s3": place}))[0]


def test_good_places_pass() -> None:
    assert check(Estate(default="aws", services={"s3": "http://127.0.0.1:9000", "iam": "sandbox"})) == []


def test_the_sandbox_runs_only_where_it_is_used() -> None:
    assert uses_sandbox(Estate())
    assert uses_sandbox(Estate(default="aws", services={"s3": "sandbox"}))
    assert not uses_sandbox(Estate(default="aws", services={"s3": "http://h"}))
