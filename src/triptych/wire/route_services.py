"""What tells services apart on the wire: the metadata head of every model, read without loading the models.

A model file starts with its ``metadata``; reading some kilobytes of each of the roughly 440 files takes about
a tenth of a second, where decoding all of them takes several. So nothing is generated and shipped: the index is
always that of the installed botocore.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from triptych.wire.model import service_names

__all__ = ["ServiceFacts", "ServiceIndex", "service_index"]

_HEAD_BYTES = 4096
_MARK = '"metadata"'

_FURTHER_SIGNING_NAMES: Mapping[str, tuple[str, ...]] = {
    # From the endpoint rule sets, which override the model's signing name for some endpoints.
    "s3express": ("s3", "s3control"),
    "s3-object-lambda": ("s3",),
    "s3-outposts": ("s3", "s3control"),
    "IngestionService": ("importexport",),
}


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The routing facts of one service, from its model's metadata.

    :param protocols: every protocol the service speaks, the model's own choice first.
    :param target_prefix: what stands before the operation in ``X-Amz-Target`` and in ``/service/<prefix>``.
    """

    name: str
    signing_name: str
    endpoint_prefix: str
    api_version: str
    protocols: tuple[str, ...]
    json_version: str
    target_prefix: str
    service_id: str

    @property
    def protocol(self) -> str:
        return self.protocols[0]

    @property
    def signing_names(self) -> tuple[str, ...]:
        """Every name this service's requests may be signed for."""
        further = (name for name, services in _FURTHER_SIGNING_NAMES.items() if self.name in services)
        return (self.signing_name, *further)

    def speaks(self, *protocols: str) -> bool:
        return any(protocol in self.protocols for protocol in protocols)


def _facts(name: str, metadata: Mapping[str, Any]) -> ServiceFacts:
    own = metadata["protocol"]
    listed = [own, *(p for p in metadata.get("protocols", ()) if p != own)]
    if "awsQueryCompatible" in metadata and "query" not in listed:
        listed.append("query")  # the service moved to JSON and still answers its older clients (SQS)
    return ServiceFacts(
        name=name,
        signing_name=metadata.get("signingName") or metadata["endpointPrefix"],
        endpoint_prefix=metadata["endpointPrefix"],
        api_version=metadata["apiVersion"],
        protocols=tuple(listed),
        json_version=metadata.get("jsonVersion", ""),
        target_prefix=metadata.get("targetPrefix", ""),
        service_id="".join(metadata.get("serviceId", name).lower().split()),
    )


class ServiceIndex:
    """Every service by the signals a request may carry; immutable once built."""

    def __init__(self, services: Iterable[ServiceFacts]) -> None:
        self.by_name: dict[str, ServiceFacts] = {}
        self.by_signing_name: dict[str, tuple[ServiceFacts, ...]] = {}
        self.by_endpoint_prefix: dict[str, tuple[ServiceFacts, ...]] = {}
        self.by_target_prefix: dict[str, tuple[ServiceFacts, ...]] = {}
        self.by_query_version: dict[str, tuple[ServiceFacts, ...]] = {}
        for facts in services:
            self.by_name[facts.name] = facts
            for name in facts.signing_names:
                _append(self.by_signing_name, name, facts)
            _append(self.by_endpoint_prefix, facts.endpoint_prefix, facts)
            if facts.target_prefix:
                _append(self.by_target_prefix, facts.target_prefix, facts)
                short = facts.target_prefix.rpartition(".")[2]
                if short != facts.target_prefix:  # Smithy's clients leave CloudTrail's package name out
                    _append(self.by_target_prefix, short, facts)
            if facts.speaks("query", "ec2"):
                _append(self.by_query_version, facts.api_version, facts)


def _append(table: dict[str, tuple[ServiceFacts, ...]], key: str, facts: ServiceFacts) -> None:
    table[key] = (*table.get(key, ()), facts)


@cache
def service_index() -> ServiceIndex:
    """The index of the installed botocore (and of models in its search path), built on first use."""
    loader = Loader(include_default_search_paths=True)
    return ServiceIndex(_facts(name, _metadata(loader, name)) for name in service_names())


def _metadata(loader: Loader, name: str) -> Mapping[str, Any]:
    """The metadata of a service's newest model: from the file's head, or from all of it if that fails."""
    place = Path(name) / loader.determine_latest_version(name, "service-2") / "service-2"
    for directory in loader.search_paths:
        for suffix, opener in _OPENERS.items():
            file = Path(directory) / place.with_name(place.name + suffix)
            if file.exists():
                with opener(file) as stream:
                    found = _metadata_in_head(stream.read(_HEAD_BYTES))
                return found or dict(loader.load_service_model(name, "service-2")["metadata"])
    return dict(loader.load_service_model(name, "service-2")["metadata"])


def _open(file: Path) -> Any:
    return file.open("rb")


_OPENERS: Mapping[str, Callable[[Path], Any]] = {".json": _open, ".json.gz": gzip.open}


def _metadata_in_head(head: bytes) -> Mapping[str, Any] | None:
    text = head.decode("utf-8", "replace")
    at = text.find(_MARK)
    start = text.find("{", at)
    # Only the file's own first members may stand before it, otherwise the word is part of something else.
    if at < 0 or start < 0 or text[:at].count("{") != 1:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    return found if "endpointPrefix" in found else None
