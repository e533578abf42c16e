from collections.abc import Sequence

from evenkeel.errors import ObjectNotFound, VersionConflict
from evenkeel.ledger.transfer import Decline, Record, Transfer
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.ports import EntryPage, EntryRef, Sight, ref_before
from evenkeel.wallets.posting import Posting


class InMemoryWalletStore:
    """Keeps wallets and their journal.

    Attributes:
        indexed_number_max: Entries of higher numbers are not found by their number yet.
    """

    def __init__(self) -> None:
        self.indexed_number_max = 10**9
        self.wallets: dict[tuple[str, str], Wallet] = {}
        self.records: dict[tuple[str, str], Record] = {}

    def open(self, wallet: Wallet, opening: Posting | None) -> None:
        if (wallet.client_id, wallet.id) in self.wallets:
            raise VersionConflict
        self.wallets[wallet.client_id, wallet.id] = wallet
        if opening is not None:
            self.records[wallet.client_id, opening.transfer.id] = opening.transfer

    def wallet(self, client_id: str, wallet_id: str) -> Wallet:
        if (client_id, wallet_id) not in self.wallets:
            raise ObjectNotFound
        return self.wallets[client_id, wallet_id]

    def look(self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]) -> Sight:
        records = {
            id_: self.records[client_id, id_]
            for id_ in transfer_ids
            if (client_id, id_) in self.records
        }
        wallets = {
            id_: self.wallets[client_id, id_]
            for id_ in wallet_ids
            if (client_id, id_) in self.wallets
        }
        return Sight(records, wallets)

    def look_at_one_moment(
        self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
    ) -> Sight:
        return self.look(client_id, transfer_ids, wallet_ids)

    def post(self, posting: Posting) -> Record:
        transfer = posting.transfer
        key = (transfer.client_id, transfer.id)
        if key in self.records:
            return self.records[key]
        for change in posting.changes:
            if self.wallets[change.before.client_id, change.before.id] != change.before:
                raise VersionConflict
        for change in posting.changes:
            self.wallets[change.after.client_id, change.after.id] = change.after
        self.records[key] = transfer
        return transfer

    def decline(self, decline: Decline) -> Record:
        return self.records.setdefault((decline.client_id, decline.id), decline)

    def save(self, wallet: Wallet, *, follows: Wallet) -> None:
        if self.wallets[wallet.client_id, wallet.id] != follows:
            raise VersionConflict
        self.wallets[wallet.client_id, wallet.id] = wallet

    def entries(self, client_id: str, wallet_id: str, start: EntryRef, limit: int) -> EntryPage:
        chain: list[Transfer] = []
        ref: EntryRef | None = start
        while ref is not None and len(chain) < limit:
            record = self.records.get((client_id, ref.transfer_id))
            if not isinstance(record, Transfer) or not record.is_entry(wallet_id, ref.number):
                break
            chain.append(record)
            ref = ref_before(record, wallet_id)
        lowest = ref.number + 1 if ref is not None else 0
        return EntryPage(
            chain, self._strangers(client_id, wallet_id, range(lowest, start.number + 1), chain)
        )

    def entry(self, client_id: str, wallet_id: str, number: int) -> Transfer | None:
        if number > self.indexed_number_max:
            return None
        return next(
            (
                record
                for record in self.records.values()
                if isinstance(record, Transfer)
                and record.client_id == client_id
                and record.is_entry(wallet_id, number)
            ),
            None,
        )

    def _strangers(
        self, client_id: str, wallet_id: str, numbers: range, chain: Sequence[Transfer]
    ) -> list[str]:
        return [
            record.id
            for record in self.records.values()
            if isinstance(record, Transfer) and record.client_id == client_id
            if record not in chain and any(record.is_entry(wallet_id, each) for each in numbers)
        ]
