"""What the steps work with; built once by ``app``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from triptych.control.sql_store import SqlStore
from triptych.edge.sessions import Sessions
from triptych.edge.telemetry import Metrics
from triptych.estate.forward import Estate
from triptych.estate.vault import Vault
from triptych.kernel.clock import Clock
from triptych.kernel.ids import Ids
from triptych.services.contract import OURS, Handler, Runtime, Service
from triptych.settings import Settings
from triptych.wire.route import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    settings: Settings
    clock: Clock
    ids: Ids
    control: SqlStore
    estate: Estate
    vault: Vault
    services: Mapping[str, Service]
    runtime: Runtime
    metrics: Metrics
    sessions: Sessions

    def owns(self, route: Route) -> bool:
        """Whether the operation is ours to answer (built or not) rather than the estate's."""
        service = self.services.get(route.service)
        return route.service in OURS and (service is None or route.operation not in service.estate)

    def records(self, route: Route) -> bool:
        """Whether a call that succeeded becomes a fact."""
        service = self.services.get(route.service)
        return service is None or route.operation not in service.unrecorded

    def handler(self, route: Route) -> Handler | None:
        service = self.services.get(route.service)
        return None if service is None else service.operations.get(route.operation.lower())
