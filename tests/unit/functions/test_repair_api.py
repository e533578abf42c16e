"""Repairs over HTTP, as operators ask for them."""

from dataclasses import replace

import pytest

from evenkeel.access.model import Scope
from evenkeel.errors import TransferNotApplied, TransferUnconfirmed
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import reversal_id
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.wallets.model import WalletStatus
from tests.unit.answer import Answer
from tests.unit.functions.site import MINE, OTHER, Site, order

REPAIR = "/api/payments/reconcile/mismatches/{id}/repair"
APPLY = {"apply": True, "reason": "a mistake"}


@pytest.fixture
def wallet_id(site: Site) -> str:
    return site.wallet(balance=100)


@pytest.fixture
def mismatch(site: Site, wallet_id: str) -> Mismatch:
    """That of a payment which has FAILED and was debited, behind the product's back."""
    paid = site.post("/api/payments", order(walletId=wallet_id, process=True)).json
    payment = replace(site.payments.get(MINE, paid["id"]), status=PaymentStatus.FAILED)
    site.payments.payments[MINE, payment.id] = payment
    debit = site.ledger.records[MINE, paid["transferId"]]
    [finding] = judge(Case(PaymentKey(MINE, payment.id), payment, [debit]), site.clock())
    now = site.clock()
    return site.reconciliation.mismatches.add(Mismatch(finding, "rec_1", now, now))


def repair(site: Site, mismatch: Mismatch, body: object = None) -> Answer:
    return site.post(REPAIR, body, id=mismatch.id)


def balance(site: Site, wallet_id: str) -> int:
    found: int = site.get("/api/wallets/{id}", id=wallet_id).json["balance"]
    return found


@pytest.mark.parametrize("body", [None, {}, {"apply": False}, {"apply": False, "reason": "why"}])
def test_by_default_it_is_only_said_what_would_be_posted(
    site: Site, mismatch: Mismatch, wallet_id: str, body: object
) -> None:
    answer = repair(site, mismatch, body)

    debit_id = mismatch.finding.subject.transfer_id
    assert debit_id is not None
    assert (answer.status, answer.json["applied"]) == (200, False)
    assert answer.json["mismatch"]["id"] == mismatch.id
    assert answer.json["mismatch"]["status"] == "OPEN"
    plan = answer.json["plan"]
    assert plan["policy"] == "proposed"
    assert plan["steps"] == [
        {
            "action": "reverse",
            "transferId": reversal_id(debit_id),
            "amount": 40,
            "currency": "EUR",
            "from": "merchant:coffee",
            "to": wallet_id,
            "condition": None,
        }
    ]
    assert balance(site, wallet_id) == 60


def test_what_is_applied_is_posted_and_who_asked_for_it_is_shown(
    site: Site, mismatch: Mismatch, wallet_id: str
) -> None:
    answer = repair(site, mismatch, APPLY)

    assert (answer.status, answer.json["applied"]) == (200, True)
    repaired = answer.json["mismatch"]
    assert repaired["status"] == "REPAIRED"
    assert repaired["repair"]["by"].startswith("key_")
    assert repaired["repair"]["reason"] == "a mistake"
    step = answer.json["plan"]["steps"][0]
    assert repaired["repair"]["transferIds"] == [step["transferId"]]
    assert balance(site, wallet_id) == 100


def test_what_has_ended_cannot_be_applied_again(
    site: Site, mismatch: Mismatch, wallet_id: str
) -> None:
    repair(site, mismatch, APPLY)
    again = repair(site, mismatch, APPLY)

    assert (again.status, again.json["code"]) == (409, "invalid_state")
    assert again.json["mismatchStatus"] == "REPAIRED"
    assert balance(site, wallet_id) == 100


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"apply": True}, "reason"),
        ({"apply": True, "reason": ""}, "reason"),
        ({"apply": True, "reason": "x" * 256}, "reason"),
        ({"apply": "yes", "reason": "why"}, "apply"),
        ({"force": True}, "force"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_its_field(
    site: Site, mismatch: Mismatch, wallet_id: str, body: object, field: str
) -> None:
    answer = repair(site, mismatch, body)

    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert [each["field"] for each in answer.json["errors"]] == [field]
    assert balance(site, wallet_id) == 60


def test_it_is_nothing_to_other_clients_and_to_keys_that_only_read(
    site: Site, mismatch: Mismatch
) -> None:
    others = site.key_of(OTHER, Scope)
    reader = site.key_of(MINE, [Scope.OPS_READ])

    assert site.post(REPAIR, APPLY, id=mismatch.id, key=others).status == 404
    assert site.post(REPAIR, APPLY, id="mis_nothing").status == 404
    assert site.post(REPAIR, APPLY, id=mismatch.id, key=reader).status == 403


def test_a_wallet_that_takes_no_money_is_a_decline_and_the_mismatch_stays_open(
    site: Site, mismatch: Mismatch, wallet_id: str
) -> None:
    wallet = site.ledger.wallets[MINE, wallet_id]
    site.ledger.wallets[MINE, wallet_id] = replace(wallet, status=WalletStatus.CLOSED)

    answer = repair(site, mismatch, APPLY)

    assert (answer.status, answer.json["code"]) == (402, "payment_declined")
    assert answer.json["reason"] == "wallet_closed"
    assert answer.json["paymentId"] == mismatch.finding.subject.payment_id
    left = site.reconciliation.mismatches.get(MINE, mismatch.id)
    assert left is not None
    assert left.is_open


def test_while_nothing_can_be_posted_it_is_unavailable(site: Site, mismatch: Mismatch) -> None:
    def not_applied(_: object) -> Posted:
        raise TransferNotApplied

    site.fail_next_debit(not_applied)
    answer = repair(site, mismatch, APPLY)

    assert (answer.status, answer.json["code"]) == (503, "wallet_unavailable")
    assert "Retry-After" in answer.headers


def test_an_unknown_outcome_is_202_and_the_same_request_tells(
    site: Site, mismatch: Mismatch, wallet_id: str
) -> None:
    def lost(ask: object) -> Posted:
        assert callable(ask)
        ask()
        raise TransferUnconfirmed

    site.fail_next_debit(lost)
    answer = repair(site, mismatch, APPLY)

    assert (answer.status, answer.json["applied"]) == (202, False)
    assert "Retry-After" in answer.headers
    assert answer.json["mismatch"]["status"] == "OPEN"
    assert answer.json["mismatch"]["repair"]["reason"] == "a mistake"

    again = repair(site, mismatch, APPLY)

    assert (again.status, again.json["applied"]) == (200, True)
    assert again.json["mismatch"]["status"] == "REPAIRED"
    assert balance(site, wallet_id) == 100
