"""Health, and the document that describes the whole API, with a page to read it."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import __version__, bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.health import examine
from evenkeel.entrypoints.http import Access, Api, reply
from functions.ops_api import pages
from functions.ops_api.schema import DeepHealthReply, HealthReply

api = Api("Operations")


@api.get("/health", Access())
def get_health() -> Response[HealthReply]:
    """Say that the API answers."""
    return reply(HealthReply(status="ok", version=__version__))


@api.get("/api/ops/health", Access(Scope.OPS_READ), answers=(200, 503))
def get_deep_health() -> Response[DeepHealthReply]:
    """Say how each dependency is; 503 if one of them is not well."""
    found = DeepHealthReply.of(examine(bootstrap.dependencies()))
    is_well = found.status == "ok"
    return reply(found, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)


@api.get("/openapi.json", Access())
def get_openapi() -> Response[str]:
    return Response(HTTPStatus.OK, "application/openapi+json", pages.openapi_document())


@api.get("/docs", Access())
def get_docs() -> Response[str]:
    return Response(HTTPStatus.OK, "text/html; charset=utf-8", pages.docs_page())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
