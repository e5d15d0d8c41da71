"""Every operation of every model: a minimal request of each routes to it, or stands in the table below."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from route_model_requests import built

from triptych.wire import model as models
from triptych.wire import route as routing
from triptych.wire.message import HttpRequest
from triptych.wire.route_services import ServiceFacts, _facts, service_index

_TAGS = "ListTagsForResource TagResource UntagResource"

KNOWN_AMBIGUITIES: tuple[tuple[str, str, str, str], ...] = (
    # (why they cannot be told apart by scope, method, path and query; meant; taken; operations)
    ("one endpoint, one version at AWS too; RDS's model is the larger", "docdb", "rds", "*"),
    ("one endpoint, one version at AWS too; RDS's model is the larger", "neptune", "rds", "*"),
    ("renamed: the same API under a new name", "wisdom", "qconnect", "*"),
    ("two models of the same API", "pinpoint-sms-voice", "sms-voice", "*"),
    ("two models of the same operation", "signer-data", "signer", "GetRevocationStatus"),
    ("only the host differs", "bedrock-agent-runtime", "bedrock-agent", _TAGS),
    ("only the host differs", "bedrock-data-automation", "bedrock", _TAGS),
    ("only the host differs", "chime-sdk-media-pipelines", "chime-sdk-identity", _TAGS),
    ("only the host differs", "chime-sdk-meetings", "chime-sdk-identity", _TAGS),
    ("only the host differs", "chime-sdk-messaging", "chime-sdk-identity", _TAGS),
    ("only the host differs", "chime-sdk-voice", "chime-sdk-identity", _TAGS),
    ("only the host differs", "ivs-realtime", "ivs", _TAGS),
    ("only the host differs", "lex-models", "lexv2-models", f"{_TAGS} StartImport>ListImports"),
    (
        "one target prefix, only the host differs",
        "timestream-write",
        "timestream-query",
        f"{_TAGS} DescribeEndpoints",
    ),
    (
        "the same operations, moved to a service of their own",
        "chime",
        "chime-sdk-voice",
        "BatchDeletePhoneNumber BatchUpdatePhoneNumber CreatePhoneNumberOrder DeletePhoneNumber "
        "GetGlobalSettings GetPhoneNumber GetPhoneNumberOrder GetPhoneNumberSettings ListPhoneNumberOrders "
        "ListPhoneNumbers ListSupportedPhoneNumberCountries RestorePhoneNumber SearchAvailablePhoneNumbers "
        "UpdateGlobalSettings UpdatePhoneNumber UpdatePhoneNumberSettings",
    ),
    (
        "one endpoint; the second version has the operation too",
        "greengrass",
        "greengrassv2",
        "AssociateServiceRoleToAccount DisassociateServiceRoleFromAccount GetConnectivityInfo "
        f"GetServiceRoleForAccount UpdateConnectivityInfo {_TAGS}",
    ),
    (
        "one endpoint; the model repeats the operation",
        "lambda-microvms",
        "lambda",
        "ListTags TagResource UntagResource",
    ),
    (
        "two shapes of one call; the older is deprecated",
        "s3",
        "s3",
        "GetBucketLifecycle>GetBucketLifecycleConfiguration PutBucketLifecycle>PutBucketLifecycleConfiguration "
        "GetBucketNotification>GetBucketNotificationConfiguration "
        "PutBucketNotification>PutBucketNotificationConfiguration",
    ),
    ("told apart by the signing name s3express", "s3", "s3", "ListDirectoryBuckets>ListBuckets"),
    ("without its account header the path is a valid object's", "s3control", "s3", "CreateBucket>PutObject"),
)

SECOND_MODELS = {"docdb", "neptune", "wisdom", "pinpoint-sms-voice"}
"""Services whose requests mean the same to AWS as those of the service that is taken."""

ONLY_BY_NAME_OR_SHAPE = {"s3", "s3control", "pinpoint-sms-voice"}
"""Services whose ambiguities remain even when the SDK names itself (one service id, or none of it used)."""


@dataclass
class Sweep:
    requests: int = 0
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    wrong_though_named: dict[tuple[str, str], str] = field(default_factory=dict)
    stale_facts: list[str] = field(default_factory=list)
    anonymous_rest: set[str] = field(default_factory=set)
    operations: dict[str, list[str]] = field(default_factory=dict)


def _forget() -> None:
    """All models together are about a gigabyte of Python objects; one signing name's at a time is enough."""
    models.service_model.cache_clear()
    models.operation_model.cache_clear()
    # The loader knows which models there are; to find that out again for each takes a third of all the time.
    kept = {key: value for key, value in models._loader()._cache.items() if not key[0].startswith("load_")}
    models._loader()._cache = kept
    routing._rest_table.cache_clear()
    routing._operations.cache_clear()


@pytest.fixture(scope="module")
def sweep() -> Iterator[Sweep]:
    found = Sweep()
    families: dict[str, list[ServiceFacts]] = defaultdict(list)
    for facts in service_index().by_name.values():
        families[facts.signing_name].append(facts)
    for family in families.values():
        for facts in family:
            _sweep_service(facts, found)
        _forget()
    yield found


def _sweep_service(facts: ServiceFacts, found: Sweep) -> None:
    model = models.service_model(facts.name)
    if _facts(facts.name, model.metadata) != facts:
        found.stale_facts.append(facts.name)
    found.operations[facts.name] = list(model.operation_names)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if facts.protocol in {"rest-json", "rest-xml"} and operation.auth_type == "none":
            found.anonymous_rest.add(facts.name)
        for protocol in facts.protocols:
            found.requests += 1
            request = built(operation, protocol, signing_name=facts.signing_name)
            meant = (facts.name, name)
            _compare(request, meant, protocol, found.wrong)
            named = request.headers.plus(("user-agent", f"sdk/1 api/{facts.service_id}#1.0 lang/x"))
            _compare(replace(request, headers=named), meant, protocol, found.wrong_though_named)


def _compare(
    request: HttpRequest, meant: tuple[str, str], protocol: str, wrong: dict[tuple[str, str], str]
) -> None:
    try:
        got = routing.route(request, hostnames=("localhost",))
    except routing.RouteError as error:
        wrong[meant] = repr(error)
        return
    if (got.service, got.operation, got.protocol) != (*meant, protocol):
        wrong[meant] = f"{got.service}.{got.operation} ({got.protocol})"


def _known(sweep: Sweep) -> dict[tuple[str, str], str]:
    protocols = {facts.name: facts.protocol for facts in service_index().by_name.values()}
    known = {}
    for _reason, meant, taken, listed in KNOWN_AMBIGUITIES:
        both = [name for name in sweep.operations[meant] if name in sweep.operations[taken]]
        for item in both if listed == "*" else listed.split():
            operation, _, other = item.partition(">")
            known[meant, operation] = f"{taken}.{other or operation} ({protocols[taken]})"
    return known


def test_every_operation_of_every_service_routes_to_itself(sweep: Sweep) -> None:
    known = _known(sweep)
    share = 100 * (1 - len(sweep.wrong) / sweep.requests)
    apart = [meant for meant in sweep.wrong if meant[0] not in SECOND_MODELS]
    share_apart = 100 * (1 - len(apart) / sweep.requests)
    sys.stdout.write(
        f"\n{sweep.requests} requests of {len(sweep.operations)} services: {share:.2f} % routed by scope, path and "
        f"query; {share_apart:.2f} % when second models of one and the same API are left out\n"
    )
    new = {meant: got for meant, got in sweep.wrong.items() if known.get(meant) != got}
    resolved = {meant: got for meant, got in known.items() if meant not in sweep.wrong}
    assert not new, "not in KNOWN_AMBIGUITIES"
    assert not resolved, "no longer ambiguous: take them out of KNOWN_AMBIGUITIES"
    assert share > 98.8
    assert share_apart > 99.7


def test_an_sdk_that_names_its_service_is_always_understood(sweep: Sweep) -> None:
    left = sweep.wrong_though_named
    share = 100 * (1 - len(left) / sweep.requests)
    sys.stdout.write(f"\n{share:.2f} % routed when the SDK says api/<service>\n")
    assert share > 99.9
    assert {service for service, _ in left} <= ONLY_BY_NAME_OR_SHAPE


def test_the_head_of_every_model_file_says_what_the_model_says(sweep: Sweep) -> None:
    assert len(sweep.operations) > 400
    assert sweep.stale_facts == []


def test_the_rest_services_without_signatures_are_listed(sweep: Sweep) -> None:
    assert sorted(sweep.anonymous_rest) == sorted(routing._ANONYMOUS_REST)
