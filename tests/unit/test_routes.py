"""The template, the document and the code name the same routes."""

import json
from collections import Counter

from functions.anomalies_api.handler import api as anomalies
from functions.ops_api.handler import api as ops
from functions.payments_api.handler import api as payments
from functions.reconciliation_api.handler import api as reconciliation
from functions.wallets_api.handler import api as wallets
from functions.webhooks_api.handler import api as webhooks
from infra.routes import ROUTES
from tests.openapi import PATH

FUNCTIONS = {
    "payments_api": payments,
    "wallets_api": wallets,
    "webhooks_api": webhooks,
    "reconciliation_api": reconciliation,
    "anomalies_api": anomalies,
    "ops_api": ops,
}
# What is deployed a second time, apart from what moves money.
FOLDERS = {"payments_reads": "payments_api", "wallets_reads": "wallets_api"}
UNDOCUMENTED = {("GET", "/openapi.json"), ("GET", "/docs")}


def test_the_template_sends_each_route_to_the_function_that_has_it() -> None:
    in_template = {
        (FOLDERS.get(route.function, route.function), route.method, route.path) for route in ROUTES
    }
    in_code = {
        (function, method, path)
        for function, api in FUNCTIONS.items()
        for method, path in api.accesses
    }

    assert in_template == in_code


def test_no_route_is_there_twice() -> None:
    counts = Counter((route.method, route.path) for route in ROUTES)

    assert set(counts.values()) == {1}


def test_the_document_describes_every_route_but_itself() -> None:
    paths = json.loads(PATH.read_text())["paths"]
    documented = {
        (method.upper(), path) for path, operations in paths.items() for method in operations
    }

    assert documented == {(route.method, route.path) for route in ROUTES} - UNDOCUMENTED
