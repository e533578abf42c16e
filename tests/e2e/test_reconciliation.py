"""A payment is falsified behind our back; a run over HTTP finds it, and finds it gone."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from evenkeel.clock import to_rfc3339
from infra.local.http import Answer, Caller
from tests.e2e.conftest import Shop
from tests.local.waiting import soon
from tests.stack import Stack

RUN = "/api/payments/reconcile/run"
REPORTS = "/api/payments/reconcile/reports"

# A run by the schedule may be in the way of ours, and a function have to begin.
RUN_WITHIN_S = 60.0

Planted = dict[str, Any]


@pytest.fixture
def window() -> dict[str, str]:
    """From shortly before the test on, so that runs need not look at other tests' doings."""
    return {"from": to_rfc3339(datetime.now(UTC) - timedelta(seconds=5))}


@pytest.fixture
def planted(
    stack: Stack,
    shop: Shop,
    operator: Caller,
    client: Callable[[str], Any],
    window: dict[str, str],
) -> Iterator[Planted]:
    """A payment that was made, and set to FAILED; in the end it is right, and a run has seen it."""
    payment = shop.pay("alice", shop.wallet("alice", 1000), 400, "k").body
    assert payment["status"] == "COMPLETED"
    table = client("dynamodb"), stack["tables"]["payments"]
    put_status(*table, payment, "FAILED")
    yield payment
    put_status(*table, payment, "COMPLETED")
    assert of(finished(operator, window), payment) == []


def put_status(dynamodb: Any, table: str, payment: Planted, status: str) -> None:
    dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": f"{payment['clientId']}/{payment['id']}"}},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": status}},
    )


def finished(operator: Caller, window: dict[str, str]) -> Any:
    """Have a run done, and return its report when it is over, however long that takes."""
    answer = operator.get(f"{RUN}?{urlencode(window)}")
    assert answer.status in (200, 202), answer.text
    path = f"{REPORTS}/{answer.body['id']}"
    assert soon(lambda: is_over(operator.get(path)), within_s=RUN_WITHIN_S)
    return operator.get(path).body


def is_over(answer: Answer) -> bool:
    return answer.status == 200 and answer.body["status"] == "COMPLETED"


def found_by_a_run(operator: Caller, window: dict[str, str], payment: Planted) -> Any:
    """Return the first report that has it: a reader of a stream may have to begin before."""
    reports: list[Any] = []

    def is_found() -> bool:
        reports.append(finished(operator, window))
        return bool(of(reports[-1], payment))

    assert soon(is_found, within_s=RUN_WITHIN_S)
    return reports[-1]


def of(report: Any, payment: Planted) -> list[Any]:
    return [each for each in report["mismatches"] if each["paymentId"] == payment["id"]]


def test_what_was_falsified_is_found_once_and_is_gone_when_it_is_put_right(
    stack: Stack,
    operator: Caller,
    client: Callable[[str], Any],
    planted: Planted,
    window: dict[str, str],
) -> None:
    report = found_by_a_run(operator, window, planted)
    [found] = of(report, planted)
    [found_again] = of(finished(operator, window), planted)
    put_status(client("dynamodb"), stack["tables"]["payments"], planted, "COMPLETED")
    after = finished(operator, window)

    assert (found["type"], found["severity"]) == ("FAILED_BUT_DEBITED", "CRITICAL")
    assert (found["status"], found["resolvedAt"], found["occurrence"]) == ("OPEN", None, 1)
    assert (found_again["id"], found_again["firstSeenAt"]) == (found["id"], found["firstSeenAt"])
    assert report["trigger"] == "manual"
    assert report["durationMs"] > 0
    assert report["summary"]["payments"] >= 1
    assert report["summary"]["mismatched"] >= 1
    assert of(after, planted) == []
    # The report of then shows what has become of it.
    [gone] = of(operator.get(f"{REPORTS}/{report['id']}").body, planted)
    assert (gone["id"], gone["status"]) == (found["id"], "RESOLVED")
    assert gone["resolvedAt"] is not None


def test_a_run_is_answered_with_its_report_and_the_report_is_listed(
    operator: Caller, planted: Planted, window: dict[str, str]
) -> None:
    report = found_by_a_run(operator, window, planted)
    listed = operator.get(f"{REPORTS}?limit=100").body["items"]
    pages = list(mismatches_of(operator, report["id"]))

    [item] = [each for each in listed if each["id"] == report["id"]]
    assert item == {name: value for name, value in report.items() if name != "mismatches"}
    assert [each["startedAt"] for each in listed] == sorted(
        (each["startedAt"] for each in listed), reverse=True
    )
    assert {len(page) for page in pages} == {1}
    assert [each["id"] for page in pages for each in page] == [
        each["id"] for each in report["mismatches"]
    ]


def mismatches_of(operator: Caller, run_id: str) -> Iterator[list[Any]]:
    """Yield the pages of a report's mismatches, one on each; a last one may be empty."""
    query = {"limit": "1"}
    while True:
        page = operator.get(f"{REPORTS}/{run_id}/mismatches?{urlencode(query)}").body
        if page["items"]:
            yield page["items"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


@pytest.fixture
def other_operator(stack: Stack, client: Callable[[str], Any]) -> Caller:
    """Somebody else's, who may look at everything of theirs."""
    command = {
        "action": "issue-key",
        "clientId": "cli_other",
        "name": "e2e",
        "scopes": ["ops:read"],
    }
    return Caller(stack["apiUrl"], issued(client("lambda"), stack, command))


def issued(lambda_: Any, stack: Stack, command: dict[str, Any]) -> str:
    answer = lambda_.invoke(
        FunctionName=stack["functions"]["access_commands"], Payload=json.dumps(command)
    )
    key: str = json.loads(answer["Payload"].read())["key"]
    return key


def test_a_report_is_its_clients_alone(
    operator: Caller, other_operator: Caller, window: dict[str, str]
) -> None:
    report = finished(operator, window)
    path = f"{REPORTS}/{report['id']}"

    assert other_operator.get(path).status == 404
    assert other_operator.get(f"{path}/mismatches").status == 404
    assert report["id"] not in other_operator.get(REPORTS).text


@pytest.mark.parametrize(
    "path", [RUN, REPORTS, f"{REPORTS}/rec_none", f"{REPORTS}/rec_none/mismatches"]
)
def test_a_key_without_the_scope_is_turned_away(shop: Shop, path: str) -> None:
    refused = shop.caller.get(path)

    assert (refused.status, refused.body["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ("from=yesterday", "from"),
        ("to=tomorrow", "to"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("from=2999-01-01T00:00:00Z", "from"),
    ],
)
def test_what_is_wrong_with_a_window_is_named(operator: Caller, query: str, faulty: str) -> None:
    refused = operator.get(f"{RUN}?{query}")

    assert refused.status == 422
    assert [each["field"] for each in refused.body["errors"]] == [faulty]
