from collections.abc import Callable

import pytest

from evenkeel.errors import TransferNotApplied
from evenkeel.ledger.commands import Posted
from tests.unit.functions.site import MINE, Site, order

BREAKERS = "/api/ops/breakers"
BREAKER = "/api/ops/breakers/{name}"


def not_applied(_: Callable[[], Posted]) -> Posted:
    raise TransferNotApplied


def test_a_circuit_that_nobody_has_moved_is_closed(site: Site) -> None:
    [listed] = site.get(BREAKERS).json["items"]
    told = site.get(BREAKER, name="wallet").json

    assert listed == {
        "name": "wallet",
        "state": "CLOSED",
        "since": None,
        "share": 1.0,
        "nextProbeAt": None,
        "failureRate": None,
        "calls": 0,
        "failures": 0,
        "voters": 0,
        "transitions": [],
    }
    assert told == listed


@pytest.mark.parametrize(
    ("action", "state"), [("force-open", "FORCED_OPEN"), ("force-close", "FORCED_CLOSED")]
)
def test_an_operator_forces_a_circuit_and_says_why(site: Site, action: str, state: str) -> None:
    moved = site.post(BREAKER, {"action": action, "reason": "drill"}, name="wallet")
    [transition] = moved.json["transitions"]

    assert (moved.status, moved.json["state"]) == (200, state)
    assert (transition["number"], transition["before"], transition["after"]) == (1, "CLOSED", state)
    assert (transition["by"], transition["reason"]) == (MINE, "drill")


def test_a_circuit_is_listed_as_it_is_told_by_itself(site: Site) -> None:
    for action in ("force-open", "force-close", "auto"):
        site.post(BREAKER, {"action": action, "reason": "drill"}, name="wallet")
    listed = site.get(BREAKERS).json
    told = site.get(BREAKER, name="wallet").json

    assert listed == {"items": [told], "nextCursor": None}
    assert [each["number"] for each in told["transitions"]] == [3, 2, 1]


@pytest.mark.parametrize("count", [49, 50, 51])
def test_the_latest_fifty_transitions_are_told(site: Site, count: int) -> None:
    actions = ["force-open", "force-close"] * 26
    for action in actions[:count]:
        site.post(BREAKER, {"action": action, "reason": "drill"}, name="wallet")
    [listed] = site.get(BREAKERS).json["items"]
    numbers = [each["number"] for each in listed["transitions"]]

    assert numbers == [*range(1, count + 1)][::-1][:50]


def test_what_speaks_against_the_wallets_is_told_with_its_rate(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    for fault in (not_applied, not_applied):
        site.fail_next_debit(fault)
        site.post("/api/payments", order(walletId=wallet_id, process=True))
        site.later()
    for _ in range(2):
        site.post("/api/payments", order(walletId=wallet_id, process=True))
        site.later()
    [listed] = site.get(BREAKERS).json["items"]

    assert (listed["state"], listed["voters"]) == ("CLOSED", 1)
    assert 0 < listed["failures"] < listed["calls"]
    assert listed["failureRate"] == listed["failures"] / listed["calls"]


def test_forcing_it_again_changes_nothing(site: Site) -> None:
    wish = {"action": "force-open", "reason": "drill"}
    first = site.post(BREAKER, wish, name="wallet")
    again = site.post(BREAKER, wish, name="wallet")

    assert again.json == first.json


def test_what_is_set_free_from_being_open_is_probed_first(site: Site) -> None:
    site.post(BREAKER, {"action": "force-open", "reason": "drill"}, name="wallet")
    freed = site.post(BREAKER, {"action": "auto", "reason": "done"}, name="wallet")

    assert freed.json["state"] == "OPEN"
    assert [each["signal"] for each in freed.json["transitions"]] == ["set_free", "forced_open"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "open", "reason": "drill"}, "action"),
        ({"action": "force-open"}, "reason"),
        ({"action": "force-open", "reason": ""}, "reason"),
        ({"action": "force-open", "reason": "drill", "until": "noon"}, "until"),
    ],
)
def test_a_wish_that_is_none_names_the_field(site: Site, body: dict[str, str], field: str) -> None:
    answer = site.post(BREAKER, body, name="wallet")

    assert (answer.status, [each["field"] for each in answer.json["errors"]]) == (422, [field])


@pytest.mark.parametrize("name", ["nothing", "WALLET", "wallet#1"])
def test_a_circuit_that_does_not_exist_is_not_found(site: Site, name: str) -> None:
    moved = site.post(BREAKER, {"action": "auto", "reason": "drill"}, name=name)

    assert (site.get(BREAKER, name=name).status, moved.status) == (404, 404)
