"""The committed document against the routes and models that it was made from."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from evenkeel.entrypoints.http import Access
from tests import openapi

DOCUMENT: dict[str, Any] = json.loads(openapi.PATH.read_text())
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
ACCESSES: dict[tuple[str, str], Access] = {
    route: access for api in openapi.APIS for route, access in api.accesses.items()
}
# These two answer with the document itself, and with a page that shows it.
UNDOCUMENTED = {("GET", "/openapi.json"), ("GET", "/docs")}

each_operation = pytest.mark.parametrize("route", sorted(OPERATIONS), ids=" ".join)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolved(reference: str) -> Any:
    assert reference.startswith("#/")
    part: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def schema_of(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = resolved(part["$ref"]) if "$ref" in part else part
    return schema


def headers_of(operation: dict[str, Any]) -> dict[str, bool]:
    """Whether each header is required, by its name."""
    return {
        parameter["name"]: parameter["required"]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }


def test_the_committed_document_is_up_to_date() -> None:
    assert openapi.PATH.read_text() == openapi.text(), "run python -m tests.openapi"


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_it_describes_every_route_and_no_other() -> None:
    assert set(OPERATIONS) == set(ACCESSES) - UNDOCUMENTED


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT["paths"])) | set(references(DOCUMENT["components"]))

    assert found
    assert all(resolved(reference) for reference in found)


def test_no_schema_is_left_over() -> None:
    described = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}

    assert described == set(references(DOCUMENT))


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(names)) == len(names)


@each_operation
def test_an_operation_says_what_it_does(route: tuple[str, str]) -> None:
    assert OPERATIONS[route]["summary"].endswith(".")


@each_operation
def test_the_idempotency_key_is_documented_where_it_is_required(route: tuple[str, str]) -> None:
    headers = headers_of(OPERATIONS[route])
    headers.pop("Prefer", None)

    assert headers == ({"Idempotency-Key": True} if ACCESSES[route].is_keyed else {})


@each_operation
def test_the_scope_is_documented(route: tuple[str, str]) -> None:
    scope = ACCESSES[route].scope

    assert OPERATIONS[route].get("security", []) == ([{"ApiKey": [scope]}] if scope else [])


def test_the_key_goes_where_the_handlers_look_for_it() -> None:
    assert DOCUMENT["components"]["securitySchemes"] == {
        "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    }


@each_operation
def test_the_parameters_of_a_path_are_documented(route: tuple[str, str]) -> None:
    _, path = route
    documented = {
        parameter["name"]
        for parameter in OPERATIONS[route].get("parameters", [])
        if parameter["in"] == "path" and parameter["required"]
    }

    assert documented == {part[1:-1] for part in path.split("/") if part.startswith("{")}


@each_operation
def test_a_body_is_documented_where_it_is_required(route: tuple[str, str]) -> None:
    body = OPERATIONS[route].get("requestBody")

    assert (body is not None and body["required"]) == ACCESSES[route].takes_body


@each_operation
def test_a_request_has_no_fields_beside_those_that_are_documented(route: tuple[str, str]) -> None:
    body = OPERATIONS[route].get("requestBody", {"content": {}})

    for content in body["content"].values():
        assert schema_of(content["schema"])["additionalProperties"] is False


@each_operation
def test_refusals_are_problems_and_answers_are_not(route: tuple[str, str]) -> None:
    own_answers = {("GET", "/api/ops/health"): {503}}.get(route, set())
    for status, response in OPERATIONS[route]["responses"].items():
        is_problem = int(status) >= 400 and int(status) not in own_answers
        [(kind, content)] = response["content"].items()

        assert kind == ("application/problem+json" if is_problem else "application/json")
        assert content["schema"]["$ref"].endswith("/ProblemReply") == is_problem


@each_operation
def test_every_refusal_before_the_route_is_documented(route: tuple[str, str]) -> None:
    assert {str(status) for status in ACCESSES[route].refuses} <= set(
        OPERATIONS[route]["responses"]
    )


def test_members_of_json_are_in_camel_case() -> None:
    names = {
        name
        for schema in DOCUMENT["components"]["schemas"].values()
        for name in schema.get("properties", {})
    }

    assert "initialBalance" in names
    assert not any("_" in name or name[0].isupper() for name in names)


@pytest.mark.parametrize("name", ["CreatePayment", "MoveMoney", "TransferMoney"])
def test_an_amount_is_an_integer_between_its_limits(name: str) -> None:
    amount = DOCUMENT["components"]["schemas"][name]["properties"]["amount"]

    assert (amount["type"], amount["minimum"], amount["maximum"]) == ("integer", 1, 10**15)


def test_the_answer_of_an_unhealthy_api_is_documented() -> None:
    assert "503" in OPERATIONS["GET", "/api/ops/health"]["responses"]
