"""Wallets driven by the real service, and somebody who edits what is stored behind its back."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from evenkeel.errors import Declined
from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.ledger.transfer import Leg, Side, Transfer, TransferKind
from evenkeel.reconciliation.mismatch import Finding
from evenkeel.reconciliation.trail import PAGE_ENTRY_COUNT, Trail
from evenkeel.reconciliation.wallet_rules import diagnose
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore

CLIENT = "cli_a"
OPENING_MINOR = 1000

unhurried = settings(deadline=None)  # A history takes its time where the machine is busy.


class Ledger:
    """Alice and Bob have a wallet each. Alice's is opened with money, Bob's is empty."""

    def __init__(self, page_entry_count: int = PAGE_ENTRY_COUNT, client_id: str = CLIENT) -> None:
        self.client_id = client_id
        self.page_entry_count = page_entry_count
        self.clock = ManualClock()
        self.store = InMemoryWalletStore()
        self.wallets = Wallets(self.store, instant_retry(), self.clock)
        self.alice = self.wallets.open(client_id, "alice", "EUR", opening_minor=OPENING_MINOR)[0].id
        self.bob = self.wallets.open(client_id, "bob", "EUR")[0].id
        self._count = 0

    @property
    def _next_key(self) -> str:
        self._count += 1
        self.clock.advance(timedelta(seconds=1))
        return f"k{self._count}"

    def credit(self, amount_minor: int) -> Transfer:
        return self.wallets.move(
            requests.credit(self._next_key, self.alice, amount_minor, self.client_id)
        ).transfer

    def pay(self, amount_minor: int) -> Transfer:
        wish = requests.payment(self._next_key, self.alice, amount_minor, self.client_id)
        return self.wallets.move(wish).transfer

    def give(self, amount_minor: int) -> Transfer:
        """Move money from Alice to Bob."""
        wish = requests.transfer(self._next_key, self.alice, self.bob, amount_minor, self.client_id)
        return self.wallets.move(wish).transfer

    def hold(self, amount_minor: int) -> str:
        key = self._next_key
        self.wallets.move(requests.hold(key, self.alice, amount_minor, self.client_id))
        return key

    def end(self, key: str, captured_minor: int) -> Transfer:
        self._next_key  # noqa: B018  # Time goes on.
        return self.wallets.end_hold(
            requests.hold_end(key, self.alice, captured_minor, self.client_id)
        )

    def refund(self, original: Transfer, amount_minor: int) -> Transfer:
        wish = requests.refund(
            self._next_key, original.id, self.alice, amount_minor, self.client_id
        )
        return self.wallets.refund(wish).transfer

    def wallet(self, wallet_id: str | None = None) -> Wallet:
        return self.store.wallet(self.client_id, wallet_id or self.alice)

    def transfers(self) -> list[Transfer]:
        return [each for each in self.store.records.values() if isinstance(each, Transfer)]

    def entry(self, number: int, wallet_id: str | None = None) -> Transfer:
        found = self.store.entry(self.client_id, wallet_id or self.alice, number)
        assert found is not None
        return found

    def findings(
        self, wallet_id: str | None = None, *, available_minor: int | None = None
    ) -> list[Finding]:
        trail = Trail(self.wallet(wallet_id), self.store, instant_retry(), self.page_entry_count)
        return findings_along(trail, available_minor=available_minor)

    def put(self, transfer: Transfer) -> None:
        self.store.records[transfer.client_id, transfer.id] = transfer

    def remove(self, transfer: Transfer) -> None:
        del self.store.records[transfer.client_id, transfer.id]

    def set(self, **changes: Any) -> None:
        """Edit Alice's wallet."""
        wallet = self.wallet()
        self.store.wallets[wallet.client_id, wallet.id] = replace(wallet, **changes)

    def edit(self, transfer: Transfer, **changes: Any) -> Transfer:
        edited = replace(transfer, **changes)
        self.put(edited)
        return edited

    def edit_entry(self, transfer: Transfer, **changes: Any) -> Transfer:
        """Edit the place of a transfer in Alice's chain."""
        edited = with_entry(transfer, self.alice, **changes)
        self.put(edited)
        return edited

    def seal(self, transfer: Transfer, number: int | None = None) -> Transfer:
        """Seal one of Alice's entries anew, over the one below its number, or below another."""
        number = number or transfer.entry_of(self.alice).number
        below = GENESIS if number == 1 else self.entry(number - 1).entry_of(self.alice).hash
        return self.edit_entry(transfer, hash=entry_hash(transfer, self.alice, previous_hash=below))

    def seal_on_from(self, number: int, *, shifted_minor: int = 0) -> Transfer:
        """Seal all of Alice's entries anew from one on, and return the newest.

        Args:
            number: The oldest of them.
            shifted_minor: What is added to the balance after each of them.
        """
        for each in range(number, self.wallet().entry_count + 1):
            transfer = self.entry(each)
            after_minor = transfer.entry_of(self.alice).balance_after_minor + shifted_minor
            sealed = self.seal(with_entry(transfer, self.alice, balance_after_minor=after_minor))
        return sealed


def moves() -> st.SearchStrategy[list[tuple[str, int]]]:
    kinds = st.sampled_from(["credit", "pay", "give", "hold", "end", "refund"])
    return st.lists(st.tuples(kinds, st.integers(1, 600)), max_size=25)


def driven(history: Sequence[tuple[str, int]]) -> Ledger:
    """Return a ledger in which all of it was tried, and done as far as it could be."""
    ledger = Ledger()
    holds: list[tuple[str, int]] = []
    captured: list[Transfer] = []
    for move, amount_minor in history:
        with suppress(Declined):
            match move:
                case "hold":
                    holds.append((ledger.hold(amount_minor), amount_minor))
                case "end" if holds:
                    key, held_minor = holds.pop()
                    end = ledger.end(key, min(held_minor, amount_minor - 1))
                    captured += [end] if end.kind is TransferKind.CAPTURE else []
                case "refund" if captured:
                    ledger.refund(captured.pop(), 1)
                case "credit" | "pay" | "give":
                    getattr(ledger, move)(amount_minor)
    return ledger


def findings_along(trail: Trail, *, available_minor: int | None = None) -> list[Finding]:
    found = diagnose(trail.wallet, trail.walk(), trail.strangers, available_minor=available_minor)
    return list(found)


def with_entry(transfer: Transfer, wallet_id: str, **changes: Any) -> Transfer:
    leg = Leg(wallet_id, replace(transfer.entry_of(wallet_id), **changes))
    if transfer.side_of(wallet_id) is Side.DEBIT:
        return replace(transfer, debit=leg)
    return replace(transfer, credit=leg)


def told(findings: Sequence[Finding]) -> list[tuple[str, str | None, str | None]]:
    """Return of each finding its type, and the account and the transfer that it names."""
    return [
        (each.type.value, each.subject.account_id, each.subject.transfer_id) for each in findings
    ]
