"""A payment that the wallet has agreed to, and what follows on it: its end, or a refund."""

import itertools
import secrets
from collections.abc import Callable
from datetime import timedelta

from evenkeel.adapters.dynamodb.payment_item import due_shard
from evenkeel.entrypoints.payment_reply import PaymentReply, RefundReply
from evenkeel.errors import Declined, EvenkeelError, InvalidState
from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import TRANSFER_PREFIX, Transfer, resolution_id
from evenkeel.payments.answers import Answer
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder
from evenkeel.wallets.model import WalletAction
from tests import audit
from tests.fakes.clock import NOON
from tests.faults import Killed
from tests.integration.path.platform import Platform
from tests.integration.path.process import Process
from tests.payments import order

OPENING_MINOR = 1000
AMOUNT_MINOR = 400
SHARD = "1"  # Of all payments, so that a sweep looks in vain once, and then finds one.


class Life:
    """Of a client, a wallet and a circuit that nobody else has.

    Attributes:
        amount_minor: Of the capture or the refund; None is all.
        final_answers: All that the client was told of it and could rely on.
    """

    def __init__(self, platform: Platform, action: str, amount_minor: int | None) -> None:
        platform.clock.now = NOON
        platform.function.is_stopped = False
        platform.function.errors.clear()
        self.platform, self._action, self.amount_minor = platform, action, amount_minor
        token = _token()
        client_id = f"cli_{token}"
        wallet, _ = platform.wallets.open(client_id, "alice", "EUR", opening_minor=OPENING_MINOR)
        self._wallet_id = wallet.id
        self._circuit_name = f"wallet/{token}"
        self._numbers = itertools.count(1)
        wish = order(
            token,
            client_id,
            amount_minor=AMOUNT_MINOR,
            wallet_id=wallet.id,
            capture=Capture.AUTOMATIC if action == "refund" else Capture.MANUAL,
        )
        self.key = PaymentKey(client_id, wish.payment_id)
        self.final_answers: set[str] = set()
        process = self._process()
        process.payments.create_and_process(wish, process.attempt(self._request_id()))
        self._api = self._process()

    # What is done to it.

    def ask(self) -> None:
        """Have the client send its request, as for the first time or once more."""
        self._heard(self._handled(lambda: self._asked(self._api)))

    def rival(self) -> None:
        """Have the client come again, after a lease, and meet another process."""
        self.wait(LEASE_FOR)
        other = self._process()
        self._heard(self._handled(lambda: self._asked(other)))

    def sweep(self) -> None:
        process = self._process()
        self._handled(lambda: process.sweeper.sweep(process.attempt(self._request_id())))

    def freeze(self) -> None:
        self.platform.wallets.act(self.key.client_id, self._wallet_id, WalletAction.FREEZE)

    def wait(self, duration: timedelta) -> None:
        self.platform.clock.advance(duration)

    # What must hold.

    def check(self) -> Payment:
        """Hold payment, ledger and wallet to what must be true at any moment."""
        transfer_id = derived_id(TRANSFER_PREFIX, self.key.payment_id)
        transfer_ids = [
            derived_id(TRANSFER_PREFIX, self.key.client_id, "opening", self._wallet_id),
            transfer_id,
            resolution_id(transfer_id),
            derived_id(TRANSFER_PREFIX, self._refund_id),
        ]
        payment, records, wallet = self.platform.wide_sight(
            self.key.client_id, self.key.payment_id, transfer_ids, self._wallet_id
        )
        transfers = [record for record in records if isinstance(record, Transfer)]

        assert payment is not None
        assert wallet.entry_count == len(transfers), "money has moved otherwise"
        audit.check_ledger(transfers, [wallet])
        if not is_open(payment):
            audit.check_payment(payment, transfers)
        assert len(self.final_answers) <= 1, self.final_answers
        assert {type(error) for error in self.platform.function.errors} <= {Killed}
        return payment

    # How it is done.

    @property
    def _refund_id(self) -> str:
        return f"ref_{self.key.payment_id}"

    def _asked(self, process: Process) -> Answer:
        desk: PaymentDesk = process.desk
        attempt = process.attempt(self._request_id())
        match self._action:
            case "capture":
                return desk.holds.capture(self.key, self.amount_minor, attempt)
            case "void":
                return desk.holds.void(self.key, attempt)
        wish = RefundOrder(self._refund_id, "same", self.amount_minor)
        return desk.refunds.refund(self.key, wish, attempt)

    def _handled(self, act: Callable[[], object]) -> object:
        """Return what came of it: an answer, an error that is expected, or nothing."""
        try:
            return act()
        except (Declined, InvalidState) as final:
            return final
        except EvenkeelError:
            return None
        except Killed:
            self._api = self._process()
            return None

    def _heard(self, answer: object) -> None:
        match answer:
            case Declined():
                self.final_answers.add(answer.message)
            case InvalidState():
                self.final_answers.add(answer.code)
            case Answer() if not answer.is_open:
                refund = answer.refund
                told = RefundReply.of(refund).model_dump_json() if refund else ""
                self.final_answers.add(PaymentReply.of(answer.payment).model_dump_json() + told)

    def _process(self) -> Process:
        return Process(self.platform, self._circuit_name, f"env_{next(self._numbers)}")

    def _request_id(self) -> str:
        return f"request_{next(self._numbers)}"


def is_open(payment: Payment) -> bool:
    return payment.ending is not None or bool(payment.open_refunds)


def _token() -> str:
    while True:
        token = secrets.token_hex(6)
        if due_shard(order(token).payment_id) == SHARD:
            return token
