"""Wallets and the journal on two DynamoDB tables.

Money moves in one transaction: the journal's record, which must be new, and
each wallet, which must be as it was read. It goes through the low-level client:
its cancellation reasons come in the order of its items, and pynamodb would
change that order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.reads import batch_get, get_at_one_moment
from evenkeel.adapters.dynamodb.writes import new_item, put_new, transact
from evenkeel.adapters.failures import (
    CONDITION_FAILED,
    CONDITION_FAILED_ERROR,
    Contended,
    code_of,
    reading,
    translated,
)
from evenkeel.errors import (
    LedgerBusy,
    LedgerUnconfirmed,
    ObjectNotFound,
    VersionConflict,
    WalletContended,
)
from evenkeel.ledger.transfer import Decline, Record, Transfer
from evenkeel.wallets.model import Wallet, WalletStatus
from evenkeel.wallets.ports import EntryPage, EntryRef, Sight, ref_before
from evenkeel.wallets.posting import Posting, WalletChange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        PutTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
    )

# What an entry changes in its wallet. Values are set, never added: a repeated
# write leaves the same wallet, not a richer one.
MOVING = (
    "debits_pending",
    "debits_posted",
    "credits_pending",
    "credits_posted",
    "available_minor",
    "version",
    "entry_count",
    "head_transfer_id",
    "head_hash",
    "last_posted_at",
)


class DynamoDBWalletStore:
    def __init__(self, client: DynamoDBClient, *, ledger_table: str, accounts_table: str) -> None:
        RecordItem.bind(client, ledger_table)
        WalletItem.bind(client, accounts_table)
        self._client = client
        self._ledger_table = ledger_table
        self._accounts_table = accounts_table

    def open(self, wallet: Wallet, opening: Posting | None) -> None:
        writes: list[TransactWriteItemTypeDef] = [{"Put": self._new_wallet(wallet)}]
        if opening is not None:
            writes.append({"Put": self._new_record(opening.transfer)})
        with translated(LedgerBusy, LedgerUnconfirmed):
            reasons = transact(self._client, writes)
        if reasons:
            raise VersionConflict

    def wallet(self, client_id: str, wallet_id: str) -> Wallet:
        try:
            with reading(LedgerBusy):
                item = WalletItem.get(key_of(client_id, wallet_id), consistent_read=True)
        except WalletItem.DoesNotExist as error:
            raise ObjectNotFound from error
        return item.wallet()

    def look(self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]) -> Sight:
        with reading(LedgerBusy):
            found = batch_get(self._client, self._keys(client_id, transfer_ids, wallet_ids))
        return self._sight(found)

    def look_at_one_moment(
        self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
    ) -> Sight:
        keys = self._keys(client_id, transfer_ids, wallet_ids)
        with reading(LedgerBusy):
            try:
                found = get_at_one_moment(self._client, keys)
            except Contended as error:
                raise WalletContended from error
        return self._sight(found)

    def _keys(
        self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        return {
            self._ledger_table: [key_of(client_id, transfer_id) for transfer_id in transfer_ids],
            self._accounts_table: [key_of(client_id, wallet_id) for wallet_id in wallet_ids],
        }

    def _sight(self, found: Mapping[str, Sequence[Any]]) -> Sight:
        records = [RecordItem.stored(item).record() for item in found[self._ledger_table]]
        wallets = [WalletItem.stored(item).wallet() for item in found[self._accounts_table]]
        return Sight(
            {record.id: record for record in records}, {wallet.id: wallet for wallet in wallets}
        )

    def post(self, posting: Posting) -> Record:
        writes: list[TransactWriteItemTypeDef] = [{"Put": self._new_record(posting.transfer)}]
        writes += [{"Update": self._moved_wallet(change)} for change in posting.changes]
        with translated(LedgerBusy, LedgerUnconfirmed):
            try:
                reasons = transact(self._client, writes)
            except Contended as error:
                raise WalletContended from error
        if not reasons:
            return posting.transfer
        if reasons[0]["Code"] == CONDITION_FAILED:
            return RecordItem.stored(reasons[0]["Item"]).record()
        raise VersionConflict

    def decline(self, decline: Decline) -> Record:
        with translated(LedgerBusy, LedgerUnconfirmed):
            existing = put_new(self._client, self._new_record(decline))
        return decline if existing is None else RecordItem.stored(existing).record()

    def save(self, wallet: Wallet, *, follows: Wallet) -> None:
        as_it_was = "version = :version"
        try:
            with translated(LedgerBusy, LedgerUnconfirmed):
                self._client.update_item(
                    TableName=self._accounts_table,
                    Key={"id": {"S": key_of(wallet.client_id, wallet.id)}},
                    UpdateExpression="SET #status = :status, version = :next_version",
                    ConditionExpression=as_it_was,
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={
                        ":status": {"S": wallet.status},
                        ":version": {"N": str(follows.version)},
                        ":next_version": {"N": str(wallet.version)},
                    },
                )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def entries(self, client_id: str, wallet_id: str, start: EntryRef, limit: int) -> EntryPage:
        """Read the two indexes together, and fetch by key what has not reached them yet."""
        indexed = self._indexed(key_of(client_id, wallet_id), start.number, limit)
        ahead = next(indexed, None)
        transfers: list[Transfer] = []
        strangers: list[str] = []
        ref: EntryRef | None = start
        while ref is not None and len(transfers) < limit:
            # What the indexes hold beside the link that leads here was put there by others.
            while ahead is not None and _stands_beside(ahead, wallet_id, ref):
                strangers.append(ahead.id)
                ahead = next(indexed, None)
            found: Transfer | None
            if ahead is not None and ahead.id == ref.transfer_id:
                found, ahead = ahead, next(indexed, None)
            else:
                found = self._transfer(client_id, ref.transfer_id)
            if found is None or not found.is_entry(wallet_id, ref.number):
                break
            transfers.append(found)
            ref = ref_before(found, wallet_id)
        # The chain's next link is not among those that share a number with this page.
        lowest = ref.number + 1 if ref is not None else 0
        while ahead is not None and ahead.entry_of(wallet_id).number >= lowest:
            strangers.append(ahead.id)
            ahead = next(indexed, None)
        return EntryPage(transfers, strangers)

    def entry(self, client_id: str, wallet_id: str, number: int) -> Transfer | None:
        key = key_of(client_id, wallet_id)
        debits = RecordItem.by_debit_wallet.query(key, RecordItem.debit_number == number, limit=1)
        credits_ = RecordItem.by_credit_wallet.query(
            key, RecordItem.credit_number == number, limit=1
        )
        with reading(LedgerBusy):
            return next((_readable(item) for item in chain(debits, credits_)), None)

    def _indexed(self, key: str, number_max: int, limit: int) -> Iterator[Transfer]:
        """Yield the wallet's transfers of both sides, newest first, for as long as asked."""
        debits = RecordItem.by_debit_wallet.query(
            key, RecordItem.debit_number <= number_max, scan_index_forward=False, page_size=limit
        )
        credits_ = RecordItem.by_credit_wallet.query(
            key, RecordItem.credit_number <= number_max, scan_index_forward=False, page_size=limit
        )
        with reading(LedgerBusy):
            for item in merge(debits, credits_, key=lambda item: -_number(item, key)):
                transfer = _readable(item)
                if transfer is not None:
                    yield transfer

    def _transfer(self, client_id: str, transfer_id: str) -> Transfer | None:
        try:
            with reading(LedgerBusy):
                item = RecordItem.get(key_of(client_id, transfer_id), consistent_read=True)
        except RecordItem.DoesNotExist:
            return None
        return _readable(item)

    def _new_wallet(self, wallet: Wallet) -> PutTypeDef:
        return new_item(self._accounts_table, WalletItem.of(wallet).to_dynamodb_dict())

    def _new_record(self, record: Record) -> PutTypeDef:
        return new_item(self._ledger_table, RecordItem.of(record).to_dynamodb_dict())

    def _moved_wallet(self, change: WalletChange) -> UpdateTypeDef:
        as_it_was = "version = :version_before"
        same_currency = "currency = :currency"
        # Frozen, it still takes money in, and gives back what it holds.
        may_move = "#status = :active" if change.takes else "#status <> :closed"
        can_cover = "available_minor >= :taken"
        is_held = "debits_pending >= :ended"
        before, item = change.before, WalletItem.of(change.after).to_dynamodb_dict()
        status = WalletStatus.ACTIVE if change.takes else WalletStatus.CLOSED
        values: dict[str, Any] = {
            ":version_before": {"N": str(before.version)},
            ":currency": {"S": before.currency},
            f":{status.lower()}": {"S": status.value},
            ":taken": {"N": str(change.taken_minor)},
            ":ended": {"N": str(change.ended_minor)},
            **{f":{name}": item[name] for name in MOVING},
        }
        return {
            "TableName": self._accounts_table,
            "Key": {"id": {"S": key_of(before.client_id, before.id)}},
            "UpdateExpression": f"SET {', '.join(f'{name} = :{name}' for name in MOVING)}",
            "ConditionExpression": " AND ".join(
                (as_it_was, same_currency, may_move, can_cover, is_held)
            ),
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": values,
        }


def _readable(item: RecordItem) -> Transfer | None:
    """Return the transfer; what is none as we write them is as good as missing."""
    try:
        record = item.record()
    except Exception:
        # Whatever it is: who looks for what was tampered with must not stumble over it.
        return None
    return record if isinstance(record, Transfer) else None


def _stands_beside(transfer: Transfer, wallet_id: str, ref: EntryRef) -> bool:
    is_linked = transfer.id == ref.transfer_id
    return not is_linked and transfer.entry_of(wallet_id).number >= ref.number


def _number(item: RecordItem, wallet_key: str) -> int:
    number = item.debit_number if item.debit_wallet == wallet_key else item.credit_number
    assert number is not None
    return number
