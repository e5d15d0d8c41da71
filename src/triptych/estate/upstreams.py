"""Which service goes where: the settings' words turned into upstreams. Pure; nothing is contacted here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import DataNotFoundError, EndpointProviderError, UnknownServiceError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from triptych.kernel.errors import ServiceError
from triptych.settings import Estate

_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

__all__ = ["Upstream", "check", "upstream_of", "uses_sandbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where calls of one service go.

    :param base_url: scheme, host and port without a trailing slash; empty for the sandbox, whose port is
        known only while it runs.
    :param signs: whether the upstream verifies signatures, so that a forwarded call is signed again.
    :param signing_region: the region global services are signed in; empty: the call's own.
    """

    kind: Literal["sandbox", "url", "aws"]
    base_url: str = ""
    signs: bool = False
    signing_region: str = ""

    @property
    def name(self) -> str:
        """How messages and logs call it."""
        return "the sandbox estate" if self.kind == "sandbox" else self.base_url


def upstream_of(estate: Estate, service: str, region: str) -> Upstream:
    """The upstream of a service; raises ServiceError when ``aws`` has no endpoint for it in that region."""
    where = estate.services.get(service, estate.default)
    if where == "sandbox":
        return Upstream(kind="sandbox")
    if where == "aws":
        url, signing_region = _aws_endpoint(service, region)
        return Upstream(kind="aws", base_url=url, signs=True, signing_region=signing_region)
    return Upstream(kind="url", base_url=where.rstrip("/"), signs=True)


def check(estate: Estate) -> list[str]:
    """What is wrong with the settings of the estate, in words for the operator; empty when nothing is."""
    places = {"default": estate.default} | {f"services.{k}": v for k, v in estate.services.items()}
    return [
        f"estate.{key} is {value!r}: expected 'sandbox', 'aws' or a URL such as 'https://s3.internal:9000'"
        for key, value in places.items()
        if value not in {"sandbox", "aws"} and not _is_base_url(value)
    ]


def uses_sandbox(estate: Estate) -> bool:
    """Whether any service can end up in the sandbox, so that it has to run."""
    return "sandbox" in {estate.default, *estate.services.values()}


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # parsed on access; raises ValueError for a bad one
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and parts.path in {"", "/"}
        and not parts.query
        and not parts.fragment
    )


@cache
def _loader() -> Loader:
    return Loader(include_default_search_paths=True)


@cache
def _legacy_endpoints() -> EndpointResolver:
    return EndpointResolver(_loader().load_data("endpoints"))


@lru_cache(maxsize=1024)
def _aws_endpoint(service: str, region: str) -> tuple[str, str]:
    """AWS's endpoint and signing region, by the service's endpoint rules as botocore ships them.

    Some services' rules want parameters that only one of their calls has; the older, flat list of endpoints
    answers for those.
    """
    if not _REGION.fullmatch(region):  # it becomes part of a host name that gets signed requests
        raise ServiceError("InvalidRegion", f"{region!r} is not the name of a region.")
    try:
        rules = _loader().load_service_model(service, "endpoint-rule-set-1")
        provider = EndpointProvider(rules, _loader().load_data("partitions"))
        endpoint = provider.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False)
    except (DataNotFoundError, UnknownServiceError, EndpointProviderError) as error:
        return _listed_endpoint(service, region, error)
    schemes: list[dict[str, Any]] = endpoint.properties.get("authSchemes") or [{}]
    return endpoint.url.rstrip("/"), schemes[0].get("signingRegion", "")


def _listed_endpoint(service: str, region: str, why: Exception) -> tuple[str, str]:
    found: dict[str, Any] | None = _legacy_endpoints().construct_endpoint(service, region)
    if not found or "hostname" not in found:
        raise ServiceError(
            "ServiceUnavailable", f"AWS has no endpoint for {service} in {region}.", status=503
        ) from why
    return f"https://{found['hostname']}", found.get("credentialScope", {}).get("region", "")
