"""A wallet as it was, and its entries of a range, over HTTP."""

import pytest

from evenkeel.clock import to_rfc3339
from tests.unit.functions.site import Site

WALLET = "/api/wallets/{id}"
TRANSACTIONS = "/api/wallets/{id}/transactions"


@pytest.fixture
def wallet_id(site: Site) -> str:
    """With 100 at first, and 10 less each second, three times."""
    wallet_id = site.wallet(balance=100)
    for _ in range(3):
        site.later()
        site.post("/api/wallets/debit", {"walletId": wallet_id, "amount": 10})
    return wallet_id


def moments(site: Site, wallet_id: str) -> list[str]:
    """Return when its entries were posted, the first one first."""
    entries = site.get(TRANSACTIONS, id=wallet_id).json["items"]
    return [entry["postedAt"] for entry in reversed(entries)]


def test_a_wallet_is_shown_as_it_was(site: Site, wallet_id: str) -> None:
    shown = [site.get(WALLET, {"at": at}, id=wallet_id) for at in moments(site, wallet_id)]

    assert [answer.status for answer in shown] == [200] * 4
    assert [answer.json["balance"] for answer in shown] == [100, 90, 80, 70]
    assert [answer.json["available"] for answer in shown] == [100, 90, 80, 70]
    assert [answer.json["version"] for answer in shown] == [1, 2, 3, 4]


def test_a_wallet_at_this_moment_is_the_wallet(site: Site, wallet_id: str) -> None:
    now = {"at": to_rfc3339(site.clock())}

    assert site.get(WALLET, now, id=wallet_id) == site.get(WALLET, id=wallet_id)


def test_a_moment_may_be_written_in_any_zone(site: Site, wallet_id: str) -> None:
    moment = moments(site, wallet_id)[1].replace("Z", "+00:00")

    assert site.get(WALLET, {"at": moment}, id=wallet_id).json["balance"] == 90


@pytest.mark.parametrize("at", ["", "yesterday", "2026-01-01", "2026-01-01T12:00:00", "1e9"])
def test_what_is_no_moment_is_named(site: Site, wallet_id: str, at: str) -> None:
    answer = site.get(WALLET, {"at": at}, id=wallet_id)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["at"]


def test_before_a_wallet_was_opened_there_is_nothing_to_show(site: Site, wallet_id: str) -> None:
    answer = site.get(WALLET, {"at": "2001-01-01T00:00:00Z"}, id=wallet_id)

    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "at")


def test_entries_are_listed_from_a_moment_to_another(site: Site, wallet_id: str) -> None:
    _, second, third, fourth = moments(site, wallet_id)

    def balances(**query: str) -> list[int]:
        items = site.get(TRANSACTIONS, query, id=wallet_id).json["items"]
        return [entry["balanceAfter"] for entry in items]

    assert balances(**{"from": second, "to": fourth}) == [80, 90]
    assert balances(**{"from": third}) == [70, 80]
    assert balances(to=second) == [100]
    assert balances(**{"from": fourth, "to": fourth}) == []


def test_a_range_is_paged_like_the_whole(site: Site, wallet_id: str) -> None:
    _, second, _, _ = moments(site, wallet_id)
    query = {"from": second, "limit": "2"}
    first = site.get(TRANSACTIONS, query, id=wallet_id).json
    rest = site.get(TRANSACTIONS, query | {"cursor": first["nextCursor"]}, id=wallet_id).json

    assert [entry["number"] for entry in first["items"] + rest["items"]] == [4, 3, 2]
    assert rest["nextCursor"] is None


def test_a_hold_is_an_entry_that_changes_what_is_pending(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    order = {"userId": "alice", "merchantId": "coffee", "amount": 40, "currency": "EUR"}
    manual = {"walletId": wallet_id, "process": True, "capture": "manual"}
    payment = site.post("/api/payments", order | manual).json
    site.post("/api/payments/{id}/capture", {"amount": 15}, id=payment["id"])

    entries = site.get(TRANSACTIONS, id=wallet_id).json["items"]
    told = [(each["kind"], each["amount"], each["balanceAfter"]) for each in entries]
    assert told == [("capture", 15, 85), ("hold", 40, 100), ("credit", 100, 100)]
    assert [each["pendingAfter"] for each in entries] == [0, 40, 0]
    assert [each["originalId"] for each in entries] == [entries[1]["transferId"], None, None]
    assert {each["paymentId"] for each in entries[:2]} == {payment["id"]}
