"""One payment on the platform, with all that is done to it, and what must hold meanwhile."""

import itertools
import secrets
from collections.abc import Callable
from datetime import timedelta

from evenkeel.adapters.dynamodb.payment_item import due_shard
from evenkeel.entrypoints.payment_reply import PaymentReply
from evenkeel.errors import Declined, EvenkeelError, InvalidState
from evenkeel.ledger.transfer import Decline, Transfer
from evenkeel.payments.answers import Answer
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import WaitingPayment
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.circuit import Circuit
from tests.fakes.clock import NOON
from tests.faults import Killed
from tests.integration.path.platform import Platform
from tests.integration.path.process import Process
from tests.payments import order

OPENING_MINOR = 1000
SHARD = "1"  # Of all payments, so that a sweep looks in vain once, and then finds one.
SETTLED = frozenset({PaymentStatus.COMPLETED, PaymentStatus.FAILED, PaymentStatus.CANCELLED})


class History:
    """Of a client, a wallet and a circuit that nobody else has.

    Attributes:
        may_wait: Whether the client prefers to be told later.
        is_in_two_steps: Whether it creates the payment first, and has it processed then.
        is_promised: Whether the client was told that it would be told later.
        final_answers: All that the client was told and could rely on.
    """

    def __init__(self, platform: Platform, amount_minor: int) -> None:
        platform.clock.now = NOON
        platform.function.is_stopped = False
        platform.function.errors.clear()
        self.platform = platform
        token = _token()
        client_id = f"cli_{token}"
        wallet, _ = platform.wallets.open(client_id, "alice", "EUR", opening_minor=OPENING_MINOR)
        self.wallet_id = wallet.id
        self.order = order(token, client_id, amount_minor=amount_minor, wallet_id=wallet.id)
        self.circuit_name = f"wallet/{token}"
        self.may_wait = self.is_in_two_steps = self.is_promised = False
        self.final_answers: set[str] = set()
        self._numbers = itertools.count(1)
        self._api = self._process()

    # What is done to it.

    def create(self) -> None:
        self._handled(lambda: self._api.payments.create(self.order))

    def ask(self) -> None:
        """Have the client send its request, as for the first time or once more."""
        self._heard(self._handled(lambda: self._asked(self._api)))

    def ask_too_early(self) -> None:
        """Have the client come again at once; while somebody has the lease, nothing is done."""
        before = self.check()
        self.ask()
        after = self.check()

        if before is not None and before.lease is not None:
            assert after == before or self.platform.clock() >= before.lease.until

    def rival(self) -> None:
        """Have the client come again, after a lease, and meet another process."""
        self.wait(LEASE_FOR)
        other = self._process()
        self._heard(self._handled(lambda: self._asked(other)))

    def sweep(self) -> None:
        process = self._process()
        self._handled(lambda: process.sweeper.sweep(process.attempt(self._request_id())))

    def work(self) -> bool:
        """Have the worker take what is in the queue now, each message once, if there is any."""
        process = self._process()
        messages = self.platform.messages()
        for message in messages:
            attempt = process.attempt(self._request_id())
            waiting = message.body.waiting()
            if self._handled(lambda: process.worker.work(waiting, attempt)):  # noqa: B023 - called at once.
                self.platform.delete(message)
        return bool(messages)

    def send_message(self) -> None:
        """Put a message into the queue, as if it had been there all the time."""
        waiting = WaitingPayment(self.order.client_id, self.order.payment_id, self.wallet_id)
        with self.platform.tap.muted():
            self.platform.queue.put(waiting, delay_s=0)

    def wait(self, duration: timedelta) -> None:
        self.platform.clock.advance(duration)

    def move(self, change: Callable[[Circuit], Circuit]) -> None:
        """Change the circuit, as another environment does."""
        circuit = self.platform.circuits.get(self.circuit_name)
        self.platform.circuits.save(change(circuit), instead_of=circuit)

    # What must hold.

    def check(self) -> Payment | None:
        """Hold payment, ledger and wallet to what must be true at any moment."""
        transfer_id = Payment.created(self.order, NOON).transfer_id_wanted
        payment, record, wallet = self.platform.sight(
            self.order.client_id, self.order.payment_id, transfer_id, self.wallet_id
        )
        posted_minor = record.amount.amount_minor if isinstance(record, Transfer) else 0
        status = payment.status if payment else None

        assert wallet.balance_minor == OPENING_MINOR - posted_minor
        assert wallet.entry_count == (2 if posted_minor else 1), "one debit at most"
        assert posted_minor in (0, self.order.amount.amount_minor)
        if posted_minor:
            assert status in (PaymentStatus.PROCESSING, PaymentStatus.COMPLETED)
        else:
            assert status is not PaymentStatus.COMPLETED
        if isinstance(record, Decline):
            assert status in (PaymentStatus.PROCESSING, PaymentStatus.FAILED)
        else:
            assert status is not PaymentStatus.FAILED
        if payment is not None and record is not None and payment.is_processed:
            assert (payment.transfer_id or transfer_id) == record.id
        if payment is not None and payment.failure is not None:
            assert isinstance(record, Decline)
            assert payment.failure.request_id == record.request_id
        if self.is_promised and status is PaymentStatus.PENDING:
            assert self.platform.messages(), "it waits, and nobody knows"
        assert len(self.final_answers) <= 1, self.final_answers
        assert {type(error) for error in self.platform.function.errors} <= {Killed}
        return payment

    def check_circuit(self) -> None:
        """Hold the circuit to a history without a gap."""
        with self.platform.tap.muted():
            circuit = self.platform.circuits.get(self.circuit_name, is_latest=True)
            kept = self.platform.circuits.transitions(circuit, limit=20)
        numbers = [transition.number for transition in kept]

        assert numbers == list(range(len(numbers), 0, -1))

    # How it is done.

    def _asked(self, process: Process) -> Answer:
        attempt = process.attempt(self._request_id(), may_wait=self.may_wait)
        if self.is_in_two_steps:
            return process.payments.process(
                self.order.client_id, self.order.payment_id, self.wallet_id, attempt
            )
        return process.payments.create_and_process(self.order, attempt)

    def _handled(self, act: Callable[[], object]) -> object:
        """Return what came of it: an answer, an error that is expected, or nothing."""
        try:
            return act() or True
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
                self.final_answers.add(f"{answer.message}, as {answer.first_request_id} was told")
            case InvalidState():
                self.final_answers.add(answer.code)
            case Answer() if answer.payment.status is PaymentStatus.PENDING:
                self.is_promised = True
            case Answer() if answer.payment.is_processed:
                self.final_answers.add(PaymentReply.of(answer.payment).model_dump_json())

    def _process(self) -> Process:
        return Process(self.platform, self.circuit_name, f"env_{next(self._numbers)}")

    def _request_id(self) -> str:
        return f"request_{next(self._numbers)}"


def _token() -> str:
    while True:
        token = secrets.token_hex(6)
        if due_shard(order(token).payment_id) == SHARD:
            return token
