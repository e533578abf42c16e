"""Reconciliation over HTTP: runs and their reports, as operators see them."""

from datetime import timedelta
from urllib.parse import urljoin

import pytest

from evenkeel.access.model import Scope
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType
from evenkeel.reconciliation.run import Tally
from functions.reconciliation_api import handler as reconciliation_api
from tests.fakes.clock import NOON
from tests.reports import done, mismatch, run
from tests.unit.functions.site import MINE, OTHER, Site

RUN = "/api/payments/reconcile/run"
REPORTS = "/api/payments/reconcile/reports"
ONE = "/api/payments/reconcile/reports/{id}"
MISMATCHES = "/api/payments/reconcile/reports/{id}/mismatches"

SUMMARY = {
    "payments": 5,
    "transfers": 0,
    "matched": 4,
    "mismatched": 1,
    "suspicious": 0,
    "skipped": 0,
}
MISMATCH = {
    "id": mismatch().id,
    "type": "FAILED_BUT_DEBITED",
    "severity": "CRITICAL",
    "paymentId": "pay_1",
    "transferId": "trf_1",
    "walletId": None,
    "expected": {"amount": None},
    "actual": {"amount": 400, "status": "FAILED"},
    "status": "OPEN",
    "firstSeenAt": "2026-01-01T12:00:00.000000Z",
    "lastSeenAt": "2026-01-01T12:00:00.000000Z",
    "resolvedAt": None,
    "occurrence": 1,
    "repair": None,
}


def test_a_run_is_done_and_answered_with_its_report(site: Site) -> None:
    site.reconciliation.found = [mismatch()]
    answer = site.get(RUN)

    assert (answer.status, "Location" in answer.headers) == (200, False)
    assert answer.json == {
        "id": answer.json["id"],
        "trigger": "manual",
        "status": "COMPLETED",
        "scope": "changes",
        "from": "2025-12-31T12:00:00.000000Z",
        "to": "2026-01-01T12:00:00.000000Z",
        "startedAt": "2026-01-01T12:00:00.500000Z",
        "finishedAt": "2026-01-01T12:00:03.500000Z",
        "durationMs": 3000,
        "summary": SUMMARY,
        "mismatches": [MISMATCH],
    }
    assert answer.json["id"].startswith("rec_")
    assert site.get(ONE, id=answer.json["id"]).json == answer.json


def test_each_run_has_an_id_of_its_own(site: Site) -> None:
    assert site.run() != site.run()


def test_the_window_is_asked_for_in_any_zone(site: Site) -> None:
    query = {"from": "2026-01-01T10:00:00+01:00", "to": "2026-01-01T10:30:00Z"}
    answer = site.get(RUN, query)

    assert (answer.json["from"], answer.json["to"]) == (
        "2026-01-01T09:00:00.000000Z",
        "2026-01-01T10:30:00.000000Z",
    )


def test_a_run_that_takes_longer_is_accepted_with_the_place_of_its_report(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation_api, "WAIT_S_MAX", 0.0)
    answer = site.get(RUN)
    run_id = answer.json["id"]

    assert answer.status == 202
    assert int(answer.headers["Retry-After"]) > 0
    for base in ("https://a.example/v1", "https://pay.example/some/base", "https://pay.example"):
        assert urljoin(base + RUN, answer.headers["Location"]) == f"{base}{REPORTS}/{run_id}"
    assert answer.json["status"] == "RUNNING"
    assert (answer.json["finishedAt"], answer.json["durationMs"]) == (None, None)
    assert answer.json["mismatches"] == []


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ({"from": "yesterday"}, ["from"]),
        ({"to": "2026-01-01"}, ["to"]),
        ({"from": "2026-01-01T12:00:00"}, ["from"]),
        ({"from": "1767268800"}, ["from"]),
        ({"from": "", "to": ""}, ["from", "to"]),
        ({"from": "2026-01-01T12:00:00Z"}, ["from"]),
        ({"from": "2026-01-01T11:00:00Z", "to": "2026-01-01T11:00:00Z"}, ["from"]),
        ({"from": "2099-01-01T11:00:00Z", "to": "2099-01-02T11:00:00Z"}, ["from"]),
        ({"to": "0001-01-01T00:00:00Z"}, ["to"]),
        ({"from": "0001-01-01T00:00:00Z"}, ["from"]),
    ],
)
def test_what_is_wrong_with_a_window_is_named(
    site: Site, query: dict[str, str], faulty: list[str]
) -> None:
    answer = site.get(RUN, query)

    assert (answer.status, answer.faulty_fields) == (422, faulty)
    assert site.reconciliation.begun == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StoreBusy, 503, "wallet_unavailable"), (StoreUnconfirmed, 500, "internal_error")],
)
def test_a_run_that_could_not_be_asked_for_may_be_asked_for_again(
    site: Site, error: type[Exception], status: int, code: str
) -> None:
    site.reconciliation.faults = [error() for _ in range(5)]
    answer = site.get(RUN)

    assert (answer.status, answer.code) == (status, code)
    assert answer.json["retryable"] is True


def test_runs_of_the_schedule_and_of_the_client_are_listed_newest_first_in_pages(
    site: Site,
) -> None:
    owners = [None, MINE, OTHER, None, MINE]
    for number, owner in enumerate(owners):
        site.reconciliation.keep(done(run(number, owner, at=NOON + timedelta(hours=number))))
    first = site.get(REPORTS, {"limit": "3"}).json
    rest = site.get(REPORTS, {"limit": "3", "cursor": first["nextCursor"]}).json

    listed = [(each["id"], each["trigger"]) for each in first["items"] + rest["items"]]
    assert listed == [
        ("rec_4", "manual"),
        ("rec_3", "schedule"),
        ("rec_1", "manual"),
        ("rec_0", "schedule"),
    ]
    assert rest["nextCursor"] is None


def test_a_report_in_the_list_is_a_report_without_its_mismatches(site: Site) -> None:
    site.reconciliation.found = [mismatch()]
    report = site.get(RUN).json
    [listed] = site.get(REPORTS).json["items"]

    assert listed == {name: value for name, value in report.items() if name != "mismatches"}


def test_a_scheduled_run_shows_the_callers_own_part(site: Site) -> None:
    counted = {MINE: Tally(payments=2, mismatched=1), OTHER: Tally(payments=70, mismatched=2)}
    site.reconciliation.keep(done(run(1, None), **counted), mismatch(), mismatch(2, OTHER))
    report = site.get(ONE, id="rec_1").json
    [listed] = site.get(REPORTS).json["items"]

    assert report["trigger"] == "schedule"
    assert report["summary"]["payments"] == listed["summary"]["payments"] == 2
    assert [each["paymentId"] for each in report["mismatches"]] == ["pay_1"]
    assert [each["paymentId"] for each in site.get(MISMATCHES, id="rec_1").json["items"]] == [
        "pay_1"
    ]


def test_somebody_elses_runs_are_not_listed(site: Site) -> None:
    site.run()

    listed = site.get(REPORTS, key=site.key_of(OTHER, Scope)).json
    assert listed == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    "id_", ["rec_nobody", "pay_a", "x", "rec_" + "x" * 3000, "%2e", "watermark"]
)
def test_a_report_that_does_not_exist_is_not_found(site: Site, id_: str) -> None:
    assert site.get(ONE, id=id_).code == "not_found"
    assert site.get(MISMATCHES, id=id_).code == "not_found"


def test_mismatches_are_listed_in_pages_gravest_first(site: Site) -> None:
    stuck = [mismatch(number, type_=MismatchType.STUCK_PENDING) for number in range(2)]
    grave = [mismatch(number) for number in range(3)]
    site.reconciliation.keep(run(1), *stuck, *grave)
    first = site.get(MISMATCHES, {"limit": "4"}, id="rec_1").json
    rest = site.get(MISMATCHES, {"limit": "4", "cursor": first["nextCursor"]}, id="rec_1").json

    items = first["items"] + rest["items"]
    assert [each["severity"] for each in items] == ["CRITICAL"] * 3 + ["MEDIUM"] * 2
    assert len({each["id"] for each in items}) == 5
    assert rest["nextCursor"] is None


def test_a_mismatch_that_is_gone_says_since_when(site: Site) -> None:
    found = mismatch()
    site.reconciliation.keep(run(1), found)
    site.reconciliation.mismatches.save(
        found.ended(MismatchStatus.RESOLVED, NOON + timedelta(minutes=5))
    )
    [listed] = site.get(MISMATCHES, id="rec_1").json["items"]

    assert listed == MISMATCH | {
        "status": "RESOLVED",
        "resolvedAt": "2026-01-01T12:05:00.000000Z",
    }


@pytest.mark.parametrize("cursor", ["x", "MA", "Li4vLi4", ""])
def test_a_cursor_of_neither_list_is_named(site: Site, cursor: str) -> None:
    run_id = site.run()

    assert site.get(REPORTS, {"cursor": cursor}).faulty_fields == ["cursor"]
    assert site.get(MISMATCHES, {"cursor": cursor}, id=run_id).faulty_fields == ["cursor"]


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_limit_that_is_none_is_named(site: Site, limit: str) -> None:
    run_id = site.run()

    assert site.get(REPORTS, {"limit": limit}).faulty_fields == ["limit"]
    assert site.get(MISMATCHES, {"limit": limit}, id=run_id).faulty_fields == ["limit"]
