"""The OpenAPI document of the whole API, made from the handlers' own routes and models.

`python -m tests.openapi` writes it to where it is served from.
"""

import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, Server

from evenkeel import __version__
from evenkeel.entrypoints.http import Api
from functions.anomalies_api.handler import api as anomalies
from functions.ops_api.handler import api as ops
from functions.payments_api.handler import api as payments
from functions.reconciliation_api.handler import api as reconciliation
from functions.wallets_api.handler import api as wallets
from functions.webhooks_api.handler import api as webhooks

PATH = Path("functions/ops_api/openapi.json")
APIS = (payments, wallets, webhooks, reconciliation, anomalies, ops)

DESCRIPTION = """\
Payments from wallets to merchants, on a double-entry ledger.

Amounts are integers in minor units of their currency. Errors are
`application/problem+json`; match on `code`. A request with an `Idempotency-Key`
is carried out once, however often it is sent, and answered the same for ever."""


def document() -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for api in APIS:
        part = _part(api)
        if not whole:
            whole = part
            continue
        whole["paths"] |= part["paths"]
        whole["components"]["schemas"] |= part["components"]["schemas"]
    whole["paths"] = dict(sorted(whole["paths"].items()))
    schemas = whole["components"]["schemas"]
    # Powertools describes validation errors in a form that we never answer in.
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(name, None)
    for schema in schemas.values():
        for described in schema.get("properties", {}).values():
            described.pop("title", None)
    whole["components"]["schemas"] = dict(sorted(schemas.items()))
    return whole


def text() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _part(api: Api) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(
        api.resolver.get_openapi_json_schema(
            title="Evenkeel",
            version=__version__,
            description=DESCRIPTION,
            servers=[Server(url=".")],  # Where the document itself is.
            security_schemes={
                "ApiKey": APIKey.model_validate({"name": "X-API-Key", "in": APIKeyIn.header})
            },
        )
    )
    for operations in part["paths"].values():
        for operation in operations.values():
            _tidy(operation)
    return part


def _tidy(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status, response in list(responses.items()):
        if "HTTPValidationError" in json.dumps(response):
            del responses[status]
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header":
            parameter["name"] = parameter["name"].title()


if __name__ == "__main__":
    PATH.write_text(text())
