"""Both ends of the wire between payments and wallets: what one says, the other understands."""

from typing import Any, cast

import pytest
from mypy_boto3_lambda import LambdaClient
from pydantic import ValidationError

from evenkeel import bootstrap
from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.adapters.lambda_.wallet_gateway import LambdaWalletGateway
from evenkeel.errors import (
    Declined,
    DeclineReason,
    EvenkeelError,
    FieldError,
    IdempotencyKeyReused,
    LedgerBusy,
    LedgerUnconfirmed,
    ObjectNotFound,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
    ValidationFailed,
    VersionConflict,
    WalletContended,
)
from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Command, Debit, HoldEnd, Posted, Refund, Reversal
from evenkeel.ledger.transfer import Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.payments.ports import WalletGateway
from evenkeel.wallets.model import WalletAction
from evenkeel.wallets.service import StatementQuery, Wallets
from functions.wallet_commands.handler import handler
from tests import requests
from tests.context import Context
from tests.fakes.clock import ManualClock
from tests.fakes.lambda_client import InProcessLambda
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore

_RELEASE = TransferKind.RELEASE
REVERSE = {
    "command": "reverse",
    "clientId": "cli_a",
    "originalId": "trf_a",
    "paymentId": "pay_a",
    "reason": "the payment failed",
    "requestId": "request-1",
}
CORRECT = {
    "command": "correct",
    "clientId": "cli_a",
    "debitId": "trf_a",
    "paymentId": "pay_a",
    "merchantId": "coffee",
    "amount": 40,
    "currency": "EUR",
    "reason": "it was never debited",
    "requestId": "request-1",
}


class Refusing:
    """Wallets of which every command ends in the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def obey(self, command: Command) -> Posted:
        raise self._error


@pytest.fixture
def wallets(monkeypatch: pytest.MonkeyPatch) -> Wallets:
    wallets = Wallets(InMemoryWalletStore(), instant_retry(), ManualClock())
    monkeypatch.setattr(bootstrap, "wallets", lambda: wallets)
    return wallets


@pytest.fixture
def wallet_id(wallets: Wallets) -> str:
    return wallets.open("cli_a", "alice", "EUR", opening_minor=100)[0].id


@pytest.fixture
def gateway() -> LambdaWalletGateway:
    return LambdaWalletGateway(cast("LambdaClient", InProcessLambda(handler)), "wallets")


def debit_of(
    wallet_id: str,
    amount_minor: int = 40,
    payment: str = "payment-1",
    *,
    request_id: str = "request-1",
    is_hold: bool = False,
) -> Debit:
    return Debit(
        client_id="cli_a",
        transfer_id=derived_id("trf", payment),
        payment_id=derived_id("pay", payment),
        wallet_id=wallet_id,
        user_id="alice",
        merchant_id="coffee",
        amount=Money(amount_minor, "EUR"),
        request_id=request_id,
        is_hold=is_hold,
    )


def command(**fields: Any) -> dict[str, Any]:
    sound = {
        "command": "debit",
        "clientId": "cli_a",
        "transferId": "trf_a",
        "paymentId": "pay_a",
        "walletId": "wal_a",
        "userId": "alice",
        "merchantId": "coffee",
        "amount": 40,
        "currency": "EUR",
        "requestId": "request-1",
    }
    return sound | fields


def reply_to(**fields: Any) -> dict[str, Any]:
    return handler(command(**fields), Context())


def test_a_posted_debit_is_answered_with_its_transfer(wallet_id: str) -> None:
    assert reply_to(walletId=wallet_id) == {
        "outcome": "posted",
        "transferId": "trf_a",
        "kind": "payment",
        "amount": 40,
    }


def test_a_decline_is_answered_with_its_reason_and_whoever_met_it_first(wallet_id: str) -> None:
    first = reply_to(walletId=wallet_id, amount=101)
    again = reply_to(walletId=wallet_id, amount=101, requestId="request-2")

    assert first == {
        "outcome": "declined",
        "reason": "insufficient_funds",
        "message": f"wallet {wallet_id} cannot cover 1.01 EUR",
        "requestId": "request-1",
    }
    assert again == first


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (LedgerBusy(), {"outcome": "not_applied", "cause": "unavailable"}),
        (VersionConflict(), {"outcome": "not_applied", "cause": "contended"}),
        (WalletContended(), {"outcome": "not_applied", "cause": "contended"}),
        (LedgerUnconfirmed(), {"outcome": "unknown"}),
    ],
    ids=repr,
)
def test_what_failed_is_answered_by_whether_it_was_applied(
    monkeypatch: pytest.MonkeyPatch, error: EvenkeelError, outcome: dict[str, str]
) -> None:
    monkeypatch.setattr(bootstrap, "wallets", lambda: Refusing(error))

    assert reply_to() == outcome


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "credit"},
        {"amount": "40"},
        {"amount": 40.0},
        {"amount": True},
        {"walletId": None},
        {"tip": 1},
        {"requestId": 1},
        REVERSE | {"reason": "x" * 256},
        {key: REVERSE[key] for key in REVERSE if key != "paymentId"},
        REVERSE | {"walletId": "wal_a"},
        CORRECT | {"amount": 0},
        CORRECT | {"paymentId": None},
    ],
)
def test_a_command_that_is_none_is_a_bug_and_not_an_outcome(
    wallets: Wallets, fields: dict[str, Any]
) -> None:
    whole = fields if "clientId" in fields else command(**fields)

    with pytest.raises(ValidationError):
        handler(whole, Context())


@pytest.mark.parametrize("fields", [REVERSE, CORRECT, REVERSE | {"paymentId": None}])
def test_a_command_to_put_right_is_understood(wallets: Wallets, fields: dict[str, Any]) -> None:
    assert handler(fields, Context())["outcome"] in {"not_found", "invalid"}


def test_what_cannot_be_reversed_is_answered_with_what_is_wrong(
    wallets: Wallets, wallet_id: str
) -> None:
    assert handler(REVERSE, Context()) == {"outcome": "not_found"}

    wallets.obey(debit_of(wallet_id))
    [newest, _] = wallets.statement("cli_a", wallet_id, StatementQuery(limit=2)).transfers
    wish = REVERSE | {"originalId": newest.id, "paymentId": None}
    assert handler(wish, Context()) == {
        "outcome": "invalid",
        "errors": [{"field": "paymentId", "message": f"{newest.id} names another payment"}],
    }


def test_the_debit_that_was_asked_for_is_the_one_that_is_posted(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    debit = debit_of(wallet_id)
    receipt = gateway.ask(debit)
    [transfer, _] = wallets.statement("cli_a", wallet_id, StatementQuery(limit=2)).transfers

    assert receipt == Posted(debit.transfer_id, TransferKind.PAYMENT, 40)
    assert (transfer.id, transfer.payment_id) == (debit.transfer_id, debit.payment_id)
    assert (transfer.debit.account_id, transfer.amount) == (wallet_id, debit.amount)
    assert transfer.credit.account_id == "merchant:coffee:EUR"


def test_the_debit_that_is_asked_for_twice_is_posted_once(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    receipts = {
        gateway.ask(debit_of(wallet_id, request_id=f"request-{number}")) for number in range(3)
    }

    assert len(receipts) == 1
    assert wallets.get("cli_a", wallet_id).balance_minor == 60


def test_both_ways_to_the_wallets_ask_for_the_same_debit(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    inline: WalletGateway = InlineWalletGateway(wallets)
    receipts = {
        inline.ask(debit_of(wallet_id, request_id="1")),
        gateway.ask(debit_of(wallet_id, request_id="2")),
    }

    assert len(receipts) == 1
    assert wallets.get("cli_a", wallet_id).balance_minor == 60


@pytest.mark.parametrize("captured_minor", [40, 15, 0])
def test_both_ways_to_the_wallets_hold_and_end_the_hold(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str, captured_minor: int
) -> None:
    inline: WalletGateway = InlineWalletGateway(wallets)
    hold = debit_of(wallet_id, is_hold=True)
    end = HoldEnd(
        "cli_a", hold.payment_id, hold.transfer_id, wallet_id, captured_minor, "request-2"
    )

    assert gateway.ask(hold) == inline.ask(hold) == Posted(hold.transfer_id, TransferKind.HOLD, 40)
    assert wallets.get("cli_a", wallet_id).available_minor == 60
    assert gateway.ask(end) == inline.ask(end)
    assert gateway.ask(end).kind is (TransferKind.CAPTURE if captured_minor else _RELEASE)
    assert wallets.get("cli_a", wallet_id).available_minor == 100 - captured_minor


def test_both_ways_to_the_wallets_pay_back_once(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    inline: WalletGateway = InlineWalletGateway(wallets)
    debit = debit_of(wallet_id)
    gateway.ask(debit)
    refund = Refund(
        "cli_a", "trf_r", debit.payment_id, debit.transfer_id, wallet_id, 15, "request-2"
    )

    assert gateway.ask(refund) == inline.ask(refund) == Posted("trf_r", TransferKind.REFUND, 15)
    assert wallets.get("cli_a", wallet_id).balance_minor == 75


def test_both_ways_to_the_wallets_take_a_transfer_back_once(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    inline: WalletGateway = InlineWalletGateway(wallets)
    gateway.ask(debit_of(wallet_id))
    transfers = wallets.statement("cli_a", wallet_id, StatementQuery(limit=2)).transfers
    first, second = (requests.reversal(original) for original in transfers)

    assert gateway.ask(first) == inline.ask(first)
    assert inline.ask(second) == gateway.ask(second)
    assert gateway.ask(first) == Posted(first.transfer_id, TransferKind.REVERSAL, 40)
    assert wallets.get("cli_a", wallet_id).balance_minor == 0
    newest = wallets.statement("cli_a", wallet_id, StatementQuery(limit=2)).transfers[1]
    assert (newest.payment_id, newest.description) == (first.payment_id, first.reason)


def test_both_ways_to_the_wallets_pay_from_the_suspense_account_once(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    inline: WalletGateway = InlineWalletGateway(wallets)
    with pytest.raises(Declined):
        gateway.ask(debit_of(wallet_id, 101, "p"))
    wish = requests.correction("p", 101)

    assert gateway.ask(wish) == inline.ask(wish)
    assert gateway.ask(wish) == Posted(wish.transfer_id, TransferKind.CORRECTION, 101)
    correction = wallets.store.look("cli_a", [wish.transfer_id], ()).records[wish.transfer_id]
    assert isinstance(correction, Transfer)
    assert (correction.payment_id, correction.amount) == (wish.payment_id, wish.amount)
    assert (correction.credit.account_id, correction.description) == (
        "merchant:coffee:EUR",
        wish.reason,
    )


def test_what_cannot_be_put_right_is_refused_alike_on_both_ways(
    gateway: WalletGateway, wallets: Wallets, wallet_id: str
) -> None:
    hold = debit_of(wallet_id, is_hold=True)
    wallets.obey(hold)
    unknown = Reversal("cli_a", "trf_nobody", None, "why", "request-1")
    held = Reversal("cli_a", hold.transfer_id, hold.payment_id, "why", "request-1")

    for way in (gateway, InlineWalletGateway(wallets)):
        with pytest.raises(ObjectNotFound):
            way.ask(unknown)
        with pytest.raises(ValidationFailed) as raised:
            way.ask(held)
        assert raised.value.errors == (FieldError("originalId", "a hold cannot be reversed"),)


@pytest.mark.parametrize("reason", DeclineReason)
def test_every_decline_reaches_the_other_side_as_it_is(
    gateway: WalletGateway, monkeypatch: pytest.MonkeyPatch, reason: DeclineReason
) -> None:
    declined = Declined(reason, "wallet wal_a said no", first_request_id="request-0")
    monkeypatch.setattr(bootstrap, "wallets", lambda: Refusing(declined))

    with pytest.raises(Declined) as raised:
        gateway.ask(debit_of("wal_a"))

    assert (raised.value.reason, raised.value.message) == (reason, "wallet wal_a said no")
    assert raised.value.first_request_id == "request-0"


@pytest.mark.parametrize("action", [WalletAction.FREEZE, WalletAction.CLOSE])
def test_a_wallet_that_gives_nothing_declines_on_the_other_side(
    gateway: WalletGateway, wallets: Wallets, action: WalletAction
) -> None:
    wallet = wallets.open("cli_a", "bob", "EUR")[0]
    wallets.act("cli_a", wallet.id, action)
    debit = debit_of(wallet.id)

    for way in (gateway, InlineWalletGateway(wallets)):
        with pytest.raises(Declined) as raised:
            way.ask(debit)
        assert raised.value.first_request_id == "request-1"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LedgerBusy(), TransferNotApplied),
        (VersionConflict(), TransferContended),
        (WalletContended(), TransferContended),
        (LedgerUnconfirmed(), TransferUnconfirmed),
    ],
    ids=repr,
)
def test_what_failed_fails_on_the_other_side_in_the_same_way(
    gateway: WalletGateway,
    monkeypatch: pytest.MonkeyPatch,
    error: EvenkeelError,
    expected: type[EvenkeelError],
) -> None:
    refusing = cast("Wallets", Refusing(error))
    monkeypatch.setattr(bootstrap, "wallets", lambda: refusing)

    for way in (gateway, InlineWalletGateway(refusing)):
        with pytest.raises(expected):
            way.ask(debit_of("wal_a"))


@pytest.mark.parametrize("error", [IdempotencyKeyReused(), ZeroDivisionError()], ids=repr)
def test_a_function_that_broke_may_have_debited(
    gateway: WalletGateway, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(bootstrap, "wallets", lambda: Refusing(error))

    with pytest.raises(TransferUnconfirmed):
        gateway.ask(debit_of("wal_a"))
