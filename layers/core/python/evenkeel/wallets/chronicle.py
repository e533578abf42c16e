"""The entries of a wallet: by page, at a moment, and all of them verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.ledger.chain import ChainCheck, Head, verify
from evenkeel.ledger.transfer import Transfer
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.ports import EntryPage, EntryRef, WalletStore, ref_before

PAGE_ENTRY_COUNT = 500


@dataclass(frozen=True, slots=True)
class WalletCheck:
    """A wallet against its own entries; balances in minor units."""

    wallet_balance_minor: int
    chain: ChainCheck
    stranger_count: int  # Transfers that claim to be entries and are not in the chain.

    @property
    def difference_minor(self) -> int:
        return self.wallet_balance_minor - self.chain.ledger_balance_minor

    @property
    def is_balanced(self) -> bool:
        return self.difference_minor == 0 and self.chain.is_intact and not self.stranger_count


@dataclass(frozen=True, slots=True)
class Chronicle:
    """What has happened to a wallet until it was read."""

    wallet: Wallet
    store: WalletStore
    retry: Retry

    @property
    def head(self) -> EntryRef | None:
        """The newest entry."""
        if self.wallet.head_transfer_id is None:
            return None
        return EntryRef(self.wallet.entry_count, self.wallet.head_transfer_id)

    def newest_before(self, until: datetime | None) -> EntryRef | None:
        """Return the newest entry, or the newest one that was posted before a moment."""
        if until is None:
            return self.head
        entry = self.latest(until - timedelta.resolution)
        return EntryRef(entry.entry_of(self.wallet.id).number, entry.id) if entry else None

    def page(self, start: EntryRef, limit: int) -> EntryPage:
        wallet = self.wallet
        return self.retry.call(
            lambda: self.store.entries(wallet.client_id, wallet.id, start, limit)
        )

    def latest(self, until: datetime) -> Transfer | None:
        """Return the newest entry that was posted by then, in about log2(n) looks at one.

        Entries never go back in time, so their numbers can be halved again and again.
        """
        # Posted by then is entry `low`; entry `high` is not, or nobody can say so yet.
        low, high, found = 0, self.wallet.entry_count + 1, None
        is_high_known = True
        while high - low > 1:
            middle = (low + high) // 2
            entry = self._entry(middle)
            if entry is not None and entry.posted_at <= until:
                low, found = middle, entry
            else:
                high, is_high_known = middle, entry is not None
        return found if is_high_known else self._latest_linked(until)

    def check(self) -> WalletCheck:
        """Compare the wallet with all of its entries, and verify their chain."""
        wallet, strangers = self.wallet, list[str]()
        head = Head(
            wallet.id,
            wallet.entry_count,
            wallet.balance_minor,
            wallet.debits_pending,
            wallet.head_hash,
        )
        chain = verify(head, self._walk(strangers))
        return WalletCheck(wallet.balance_minor, chain, stranger_count=len(strangers))

    def _entry(self, number: int) -> Transfer | None:
        wallet = self.wallet
        return self.retry.call(lambda: self.store.entry(wallet.client_id, wallet.id, number))

    def _latest_linked(self, until: datetime) -> Transfer | None:
        """Find it by the links from the head on: the newest entries can be found only so."""
        return next((each for each in self._walk([]) if each.posted_at <= until), None)

    def _walk(self, strangers: list[str]) -> Iterator[Transfer]:
        """Yield the whole chain, newest first, and set aside what is not linked."""
        ref = self.head
        while ref is not None:
            page = self.page(ref, PAGE_ENTRY_COUNT)
            yield from page.transfers
            strangers += page.strangers
            is_cut_short = len(page.transfers) < PAGE_ENTRY_COUNT
            ref = None if is_cut_short else ref_before(page.transfers[-1], self.wallet.id)
