"""Whatever happens to payments that nobody tampers with, there is nothing to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import EvenkeelError
from evenkeel.ledger.transfer import Record
from evenkeel.payments.ending import EndingKind
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder, RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import cases
from evenkeel.reconciliation.mismatch import Finding
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.wallets import requests
from evenkeel.wallets.model import WalletAction
from tests.fakes.clock import NOON
from tests.fakes.guard import attempt
from tests.fakes.wallet_gateway import Fault
from tests.payments import order
from tests.requests import asked
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied
from tests.unit.payments.sweeps import (
    answer_lost,
    killed_after,
    killed_before,
    request_lost,
    swept,
)

Kept = TypeVar("Kept")
Step = Callable[["Life", str], object]

KEYS = ["a", "b"]
SWEEP_COUNT_MAX = 3
FAULTS = [not_applied, answer_lost, request_lost, killed_before, killed_after]


class Watched(dict[tuple[str, str], Kept]):
    """Tells of every write, as soon as it is done."""

    def __init__(self, kept: dict[tuple[str, str], Kept], told: Callable[[], None]) -> None:
        super().__init__(kept)
        self.told = told

    def __setitem__(self, key: tuple[str, str], value: Kept) -> None:
        super().__setitem__(key, value)
        self.told()

    def setdefault(self, key: tuple[str, str], default: Kept) -> Kept:
        if key not in self:
            self[key] = default
        return self[key]


@dataclass
class Life:
    """Payments of one wallet, and what a look finds after each write of anybody."""

    platform: Platform = field(default_factory=Platform)
    found: list[Finding] = field(default_factory=list)
    happened: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        store, journal = self.platform.store, self.platform.journal.store
        store.payments = Watched(store.payments, self.look)
        journal.records = Watched(journal.records, self.look)

    def look(self) -> None:
        """At noon nothing is late: what is found then is never only *not yet* so."""
        self.found += self.findings(at_noon=True)
        self.happened |= self._states()

    def findings(self, *, at_noon: bool) -> list[Finding]:
        now = NOON if at_noon else self.platform.clock()
        merged = cases(self._payments(), self._records())
        return [finding for case in merged for finding in judge(case, now)]

    def _payments(self) -> Iterator[Payment]:
        for _, payment in sorted(self.platform.store.payments.items()):
            yield payment

    def _records(self) -> Iterator[tuple[PaymentKey, Record]]:
        records = self.platform.journal.store.records.values()
        named = ((each.payment_id, each.id, each) for each in records if each.payment_id)
        for payment_id, _, record in sorted(named, key=lambda each: each[:2]):
            yield PaymentKey(CLIENT, payment_id), record

    def pay(self, key: str, capture: Capture, amount_minor: int = 300) -> None:
        wallet_id = self.platform.wallet_id
        wanted = order(key, CLIENT, amount_minor=amount_minor, wallet_id=wallet_id, capture=capture)
        asked_for = attempt(f"r{self.platform.next_number}", may_wait=True)
        self.platform.payments.create_and_process(wanted, asked_for)

    def create(self, key: str) -> None:
        self.platform.payments.create(order(key, CLIENT, wallet_id=self.platform.wallet_id))

    def process(self, key: str) -> None:
        asked_for = attempt(f"p{self.platform.next_number}")
        self.platform.payments.process(CLIENT, f"pay_{key}", self.platform.wallet_id, asked_for)

    def capture(self, key: str, amount_minor: int | None) -> None:
        asked_for = attempt(f"c{self.platform.next_number}")
        self.platform.desk.holds.capture(PaymentKey(CLIENT, f"pay_{key}"), amount_minor, asked_for)

    def void(self, key: str) -> None:
        asked_for = attempt(f"v{self.platform.next_number}")
        self.platform.desk.holds.void(PaymentKey(CLIENT, f"pay_{key}"), asked_for)

    def refund(self, key: str, amount_minor: int | None) -> None:
        number = self.platform.next_number
        wanted = RefundOrder(f"ref_{number}", "same", amount_minor)
        asked_for = attempt(f"f{number}")
        self.platform.desk.refunds.refund(PaymentKey(CLIENT, f"pay_{key}"), wanted, asked_for)

    def act(self, action: WalletAction) -> None:
        self.platform.wallets.act(CLIENT, self.platform.wallet_id, action)

    def close(self) -> None:
        rest = requests.Amount(self.platform.balance)
        key = f"rest-{self.platform.next_number}"
        self.platform.wallets.move(requests.debit(asked(key), self.platform.wallet_id, rest))
        self.act(WalletAction.CLOSE)

    def step(self, step: Step, key: str, faults: list[Fault]) -> None:
        self.platform.gateway.faults[:] = faults
        with suppress(EvenkeelError, Killed):
            step(self, key)
        self.platform.gateway.faults.clear()
        self.look()

    def end(self) -> None:
        """Let all that is open come to its end."""
        with suppress(EvenkeelError):
            self.act(WalletAction.UNFREEZE)
        for _ in range(SWEEP_COUNT_MAX):
            self.platform.wait(days=9)
            swept(self.platform)

    def _states(self) -> set[str]:
        payments = self.platform.store.payments.values()
        refunds = [refund for each in payments for refund in each.refunds.values()]
        return {
            *(each.status for each in payments),
            *(f"ending {each.ending.kind}" for each in payments if each.ending is not None),
            *(f"refund {each.status}" for each in refunds),
        }


STEPS: dict[str, Step] = {
    "pay": lambda life, key: life.pay(key, Capture.AUTOMATIC),
    "pay too much": lambda life, key: life.pay(key, Capture.AUTOMATIC, 2000),
    "hold": lambda life, key: life.pay(key, Capture.MANUAL),
    "create": lambda life, key: life.create(key),
    "process": lambda life, key: life.process(key),
    "capture": lambda life, key: life.capture(key, None),
    "capture a part": lambda life, key: life.capture(key, 120),
    "void": lambda life, key: life.void(key),
    "refund": lambda life, key: life.refund(key, None),
    "refund a part": lambda life, key: life.refund(key, 50),
    "sweep": lambda life, _: swept(life.platform),
    "wait a little": lambda life, _: life.platform.wait(seconds=31),
    "wait for long": lambda life, _: life.platform.wait(days=8),
    "freeze": lambda life, _: life.act(WalletAction.FREEZE),
    "unfreeze": lambda life, _: life.act(WalletAction.UNFREEZE),
    "close": lambda life, _: life.close(),
}
OFTEN = ["pay", "hold", "capture", "refund", "refund a part", "refund a part", "close"]
DRAWN = st.tuples(
    st.sampled_from(OFTEN) | st.sampled_from(sorted(STEPS)),
    st.sampled_from(KEYS),
    st.sampled_from([[], [], *([fault] for fault in FAULTS), [request_lost, answer_lost]]),
)


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(st.lists(DRAWN, min_size=10, max_size=40))
def live(happened: set[str], steps: list[tuple[str, str, list[Fault]]]) -> None:
    life = Life()
    for name, key, faults in steps:
        life.step(STEPS[name], key, faults)
    life.end()
    happened |= life.happened

    assert life.found == []
    assert life.findings(at_noon=False) == []


def test_a_life_that_nobody_tampers_with_gives_nothing_to_find() -> None:
    happened: set[str] = set()
    live(happened)

    # A campaign in which nothing happened proves nothing.
    assert happened == {
        *PaymentStatus,
        *(f"ending {kind}" for kind in EndingKind),
        *(f"refund {status}" for status in RefundStatus),
    }
