"""Which service, protocol and operation a request is for.

The signals, the decisive ones first: a smithy protocol header with its path, ``X-Amz-Target``, the signing name
in the credential scope, an AWS-looking host, ``Action`` with ``Version``, and what is left is S3's. Within a REST
service the method, path and query decide (``route_rest``). Where two services of one signing name share a path,
the SDK's ``api/<service>`` user-agent token and the host are asked, then the newer service is taken;
``tests/wire/test_route_models.py`` lists what that leaves undecided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import parse_qsl

from triptych.kernel.errors import ServiceError
from triptych.wire.message import HttpRequest
from triptych.wire.model import service_model
from triptych.wire.route_rest import RestTable
from triptych.wire.route_services import ServiceFacts, service_index
from triptych.wire.s3_address import Host, is_s3_control, normalise_s3, read_host
from triptych.wire.signature import claimed_service
from triptych.wire.sigv4 import normalise_path

__all__ = ["Route", "RouteError", "needs_body", "normalise", "route", "signing_names"]

_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)\Z")
_API_TOKEN = re.compile(r"(?:^|\s)api/([A-Za-z0-9_.\-]+?)(?:#|/|\s|\Z)")
_FORM = "application/x-www-form-urlencoded"
_REST = ("rest-json", "rest-xml")
_ANONYMOUS_REST = ("signin", "sso", "sso-oidc")
"""REST services with operations that nobody signs; their paths are looked for before S3's."""
_SAME_ENDPOINT_LAST = {"docdb": 1, "neptune": 2}
"""They answer at RDS's endpoint with RDS's version; RDS's model has all of their common operations."""


@dataclass(frozen=True, slots=True)
class Route:
    """:param service: botocore's name. :param json_version: ``1.0`` or ``1.1``, for protocol ``json`` only."""

    service: str
    operation: str
    protocol: str
    json_version: str = ""


class RouteError(ServiceError):
    """No operation is meant. ``service`` (botocore's name) and ``protocol`` as far as they are known, else empty."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, service: str = "", protocol: str = ""
    ) -> None:
        super().__init__(code, message, status=status)
        self.service = service
        self.protocol = protocol


def signing_names(service: str) -> tuple[str, ...]:
    """The names requests of a service (botocore's name) may be signed for."""
    return service_index().by_name[service].signing_names


def needs_body(request: HttpRequest) -> bool:
    """Whether only the body says what is wanted: a form without an ``Action`` in the query."""
    if request.method != "POST" or not _is_form(request) or "x-amz-target" in request.headers:
        return False
    if re.search(r"(?:^|&)Action=", request.query):
        return False
    signed_for = service_index().by_signing_name.get(claimed_service(request))
    return signed_for is None or any(facts.speaks("query", "ec2") for facts in signed_for)


def normalise(request: HttpRequest, hostnames: Sequence[str]) -> HttpRequest:
    """The request to route and decode, as its signature means it; the one to verify is the one that came.

    S3: path style, from whichever host the bucket stood in. Others: dot segments and repeated slashes resolved,
    as everyone who signs has to read a path.
    """
    if claimed_service(request) in {"", "s3", "s3express", "s3-object-lambda", "s3-outposts"}:
        return normalise_s3(request, hostnames)
    path = normalise_path(request.path)
    return request if path == request.path else replace(request, path=path)


def route(request: HttpRequest, *, hostnames: Sequence[str]) -> Route:
    """The one operation a request is for; raises RouteError.

    :param request: as it came; with its body if ``needs_body`` says so.
    :param hostnames: this server's names.
    """
    signed_for = _signed_for(claimed_service(request))
    if "smithy-protocol" in request.headers:
        return _rpc_v2(request, signed_for)
    target = request.headers.get("x-amz-target")
    if target and not (signed_for and not _speaking(signed_for, "json")):
        return _json(request, target, signed_for)
    host = read_host(request.host, tuple(hostnames))
    # One label before our own name is a bucket's, even if a service has the name too: logs.localhost.
    bucketed = host.ours and host.bucket and "." not in host.bucket
    candidates = signed_for or (() if bucketed else _of_host(host))
    querying = _speaking(candidates, "query", "ec2")
    if querying or not candidates:
        parameters = _action(request)
        if "Action" in parameters:
            return _query(request, parameters, querying)
        if querying and not _speaking(candidates, *_REST):
            raise _missing_action(querying)
    if claimed_service(request) and not candidates:
        raise _unknown_service(request)
    return _rest(request, candidates, host, hostnames)


def _signed_for(signing_name: str) -> tuple[ServiceFacts, ...]:
    index = service_index()
    if not signing_name:
        return ()
    found = index.by_signing_name.get(signing_name) or index.by_endpoint_prefix.get(signing_name)
    if found is None and signing_name in index.by_name:
        found = (index.by_name[signing_name],)
    return found or ()


def _speaking(services: Iterable[ServiceFacts], *protocols: str) -> tuple[ServiceFacts, ...]:
    return tuple(facts for facts in services if facts.speaks(*protocols))


def _of_host(host: Host) -> tuple[ServiceFacts, ...]:
    """The services an AWS-looking host stands for; prefixes that clients inject (``stream-``) are passed over."""
    by_prefix = service_index().by_endpoint_prefix
    for start in range(len(host.labels)):
        if found := by_prefix.get(".".join(host.labels[start:])):
            return found
    return by_prefix.get(host.labels[-1].partition("-")[2], ()) if host.labels else ()


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(service_model(service).operation_names)


def _rpc_v2(request: HttpRequest, signed_for: Sequence[ServiceFacts]) -> Route:
    protocol = f"smithy-{request.headers.get('smithy-protocol').lower()}"
    found = _RPC_PATH.search(request.path)
    named = service_index().by_target_prefix.get(found[1], ()) if found else ()
    for facts in named or signed_for:
        if not facts.speaks(protocol):
            continue
        if found and named and found[2] in _operations(facts.name):
            return Route(facts.name, found[2], protocol)
        raise RouteError("UnknownOperationException", "", status=404, service=facts.name, protocol=protocol)
    service = next(iter((*named, *signed_for)), None)
    message = f"No service is known for {request.path} in the protocol {protocol}."
    raise RouteError(
        "UnknownOperationException",
        message,
        status=404,
        service=service.name if service else "",
        protocol=service.protocol if service else "json",
    )


def _json(request: HttpRequest, target: str, signed_for: Sequence[ServiceFacts]) -> Route:
    prefix, _, operation = target.rpartition(".")
    named = _speaking(service_index().by_target_prefix.get(prefix, ()), "json")
    hint = _api_hint(request) if len(named) > 1 else ""
    for facts in sorted(named, key=lambda f: f.service_id != hint):
        if operation in _operations(facts.name):
            return Route(facts.name, operation, "json", _json_version(request, facts))
    service = next(iter((*named, *_speaking(signed_for, "json"))), None)
    raise RouteError(
        "UnknownOperationException",
        f"{target} is not an operation of any service." if service is None else "",
        service=service.name if service else "",
        protocol="json",
    )


def _json_version(request: HttpRequest, facts: ServiceFacts) -> str:
    found = re.match(r"application/x-amz-json-(1\.[01])", request.headers.get("content-type"))
    return found[1] if found else (facts.json_version or "1.1")


def _is_form(request: HttpRequest) -> bool:
    return request.headers.get("content-type").lower().startswith(_FORM)


def _action(request: HttpRequest) -> dict[str, str]:
    """``Action`` and ``Version``, from the query or from a form; the first of each counts."""
    if "Action=" in request.query:
        text = request.query
    elif request.method == "POST" and _is_form(request):
        text = request.body.decode("latin-1")
    else:
        return {}
    found: dict[str, str] = {}
    # Only the names looked for are decoded: a form may hold megabytes of metric data.
    for name in ("Action", "Version"):
        if match := re.search(rf"(?:^|&){name}=([^&]*)", text):
            found[name] = dict(parse_qsl(f"v={match[1]}")).get("v", "")
    return found


def _query(request: HttpRequest, parameters: dict[str, str], services: Sequence[ServiceFacts]) -> Route:
    action, version = parameters["Action"], parameters.get("Version", "")
    index = service_index()
    known = services or index.by_query_version.get(version, ()) or (index.by_name["sts"],)
    hint = _api_hint(request)
    ordered = sorted(
        known,
        key=lambda f: (f.service_id != hint, f.api_version != version, _SAME_ENDPOINT_LAST.get(f.name, 0)),
    )
    for facts in ordered:
        if action in _operations(facts.name):
            return Route(facts.name, action, "ec2" if facts.speaks("ec2") else "query")
    facts = ordered[0]
    if facts.speaks("ec2"):
        message = f"The action {action} is not valid for this web service."
    else:
        message = f"Could not find operation {action} for version {version or facts.api_version}"
    raise RouteError("InvalidAction", message, service=facts.name, protocol=_query_protocol(facts))


def _query_protocol(facts: ServiceFacts) -> str:
    return "ec2" if facts.speaks("ec2") else "query"


def _missing_action(services: Sequence[ServiceFacts]) -> RouteError:
    facts = services[0]
    return RouteError(
        "MissingAction",
        "The request is missing an action or a required parameter.",
        service=facts.name,
        protocol=_query_protocol(facts),
    )


def _unknown_service(request: HttpRequest) -> RouteError:
    protocol = "query" if _is_form(request) else "json"
    message = f"No AWS service signs its requests as '{claimed_service(request)}'."
    return RouteError("UnknownServiceException", message, status=404, protocol=protocol)


@cache
def _rest_table(services: tuple[str, ...]) -> RestTable:
    return RestTable(services)


def _api_hint(request: HttpRequest) -> str:
    """The service an SDK names in its user agent (``api/dynamodb#2.31``), spelled like ``ServiceFacts.service_id``."""
    for header in ("x-amz-user-agent", "user-agent"):
        if found := _API_TOKEN.search(request.headers.get(header)):
            return re.sub(r"[\s_.\-]", "", found[1]).lower()
    return ""


def _rest(
    request: HttpRequest, candidates: Sequence[ServiceFacts], host: Host, hostnames: Sequence[str]
) -> Route:
    services = _speaking(candidates, *_REST)
    if candidates and not services:
        facts = candidates[0]
        raise RouteError("UnknownOperationException", "", service=facts.name, protocol=facts.protocol)
    if not services and (found := _rest_table(_ANONYMOUS_REST).find(request)):
        return Route(found.service, found.operation, "rest-json")
    if not services or any(facts.name in {"s3", "s3control"} for facts in services):
        return _s3(request, services, host, hostnames)
    addressed = normalise(request, hostnames)
    hint, of_host = _api_hint(request), _of_host(host)
    likely = tuple(f.name for f in services if f.service_id == hint) or tuple(
        f.name for f in services if f in of_host
    )
    names = tuple(facts.name for facts in services)
    for tried in dict.fromkeys((likely, names)):
        if tried and (found := _rest_table(tried).find(addressed)):
            return Route(found.service, found.operation, service_index().by_name[found.service].protocol)
    facts = services[0]
    message = f"Unable to determine service/operation name to be authorized: {request.method} {request.path}"
    raise RouteError(
        "UnknownOperationException", message, status=404, service=facts.name, protocol=facts.protocol
    )


def _s3(
    request: HttpRequest, services: Sequence[ServiceFacts], host: Host, hostnames: Sequence[str]
) -> Route:
    """S3's family: S3 on Outposts by its paths, S3 Control by its account header, all else S3's own."""
    for facts in services:
        if facts.name not in {"s3", "s3control"} and (found := _rest_table((facts.name,)).find(request)):
            return Route(facts.name, found.operation, facts.protocol)
    service = "s3control" if is_s3_control(request, host) else "s3"
    found = _rest_table((service,)).find(normalise_s3(request, hostnames))
    if found is None:
        raise RouteError(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            status=405,
            service=service,
            protocol="rest-xml",
        )
    operation = found.operation
    if operation == "ListBuckets" and claimed_service(request) == "s3express":
        operation = "ListDirectoryBuckets"  # the same GET /, told apart by AWS's host and by the scope
    return Route(service, operation, "rest-xml")
