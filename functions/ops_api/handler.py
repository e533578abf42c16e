"""Health, circuit breakers, and the document that describes the whole API."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import __version__, bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.health import examine
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.resilience.circuit import Circuit
from functions.ops_api import pages
from functions.ops_api.schema import (
    ActRequest,
    CircuitList,
    CircuitReply,
    DeepHealthReply,
    HealthReply,
)

api = Api("Operations")

READ = Access(Scope.OPS_READ)
TRANSITION_COUNT_MAX = 50


@api.get("/health", Access())
def get_health() -> Response[HealthReply]:
    """Say that the API answers."""
    return reply(HealthReply(status="ok", version=__version__))


@api.get("/api/ops/health", READ, answers=(200, 503))
def get_deep_health() -> Response[DeepHealthReply]:
    """Say how each dependency is; 503 if one of them is not well."""
    found = DeepHealthReply.of(examine(bootstrap.dependencies()))
    is_well = found.status == "ok"
    return reply(found, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)


@api.get("/api/ops/breakers", READ)
def list_breakers() -> Response[CircuitList]:
    """List the circuit breakers, one for each dependency."""
    items = [_told(circuit) for circuit in bootstrap.switchboard().circuits()]
    return reply(CircuitList(items=items, next_cursor=None))


@api.get("/api/ops/breakers/{name}", READ, refuses=(404,))
def get_breaker(name: str) -> Response[CircuitReply]:
    """Tell how a circuit is, and what has happened to it."""
    return reply(_told(bootstrap.switchboard().circuit(name)))


@api.post("/api/ops/breakers/{name}", Access(Scope.OPS_WRITE, takes_body=True), refuses=(404,))
def move_breaker(name: str, request: ActRequest) -> Response[CircuitReply]:
    """Force a circuit open or closed, or set it free again."""
    moved = bootstrap.switchboard().act(
        name, request.action, by=api.caller.client_id, reason=request.reason
    )
    return reply(_told(moved))


def _told(circuit: Circuit) -> CircuitReply:
    transitions = bootstrap.switchboard().transitions(circuit, limit=TRANSITION_COUNT_MAX)
    return CircuitReply.of(circuit, transitions)


@api.get("/openapi.json", Access())
def get_openapi() -> Response[str]:
    return Response(HTTPStatus.OK, "application/openapi+json", pages.openapi_document())


@api.get("/docs", Access())
def get_docs() -> Response[str]:
    return Response(HTTPStatus.OK, "text/html; charset=utf-8", pages.docs_page())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
