"""Service models: botocore's files, loaded once; what a service of ours takes beyond them is written down here."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

__all__ = [
    "OperationModel",
    "ServiceModel",
    "event_source",
    "operation_model",
    "service_model",
    "service_names",
]


BEYOND = {"config": {"ResourceType": ("AWS::Logs::LogGroup",)}}
"""Service -> enum -> values that AWS's own enum lacks: we record log groups, which Config rules of AWS judge unrecorded."""


@cache
def _loader() -> Loader:
    return Loader(include_default_search_paths=True)


@cache
def service_names() -> tuple[str, ...]:
    """Every service botocore knows, by botocore's name (``s3``, ``config``, ``elbv2``), sorted."""
    return tuple(_loader().list_available_services("service-2"))


@cache
def service_model(name: str) -> ServiceModel:
    """The newest model of a service; raises botocore's UnknownServiceError for a name it does not know."""
    description = _loader().load_service_model(name, "service-2")
    for shape, values in BEYOND.get(name, {}).items():
        enum = description["shapes"][shape]["enum"]
        enum.extend(value for value in values if value not in enum)
    return ServiceModel(description, name)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Raises botocore's OperationNotFoundError for an operation the model lacks."""
    return service_model(service).operation_model(operation)


@cache
def event_source(service: str) -> str:
    """CloudTrail's ``eventSource``: the endpoint prefix under amazonaws.com (``monitoring`` for CloudWatch)."""
    return f"{service_model(service).endpoint_prefix}.amazonaws.com"
