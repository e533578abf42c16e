"""The walk along a damaged chain finds in the tables what it finds in memory."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.reconciliation.trail import Trail
from tests.fakes.retry import instant_retry
from tests.integration.stores import wallet_store
from tests.unit.reconciliation.ledgers import Ledger, findings_along, told

DAMAGES: dict[str, Callable[[Ledger], object]] = {
    "none": lambda ledger: None,
    "removed": lambda ledger: ledger.remove(ledger.entry(4)),
    "first removed": lambda ledger: ledger.remove(ledger.entry(1)),
    "newest removed": lambda ledger: ledger.remove(ledger.entry(6)),
    "copied": lambda ledger: ledger.put(replace(ledger.entry(4), id="trf_copy")),
    "renumbered up": lambda ledger: ledger.edit_entry(ledger.entry(2), number=5),
    "renumbered down": lambda ledger: ledger.edit_entry(ledger.entry(5), number=2),
    "linked to nothing": lambda ledger: ledger.edit_entry(
        ledger.entry(4), previous_transfer_id="trf_nowhere"
    ),
    "linked to an older one": lambda ledger: ledger.edit_entry(
        ledger.entry(5), previous_transfer_id=ledger.entry(2).id
    ),
    "cut": lambda ledger: ledger.edit_entry(ledger.entry(4), previous_transfer_id=None),
    "counted less": lambda ledger: ledger.set(entry_count=3),
    "counted more": lambda ledger: ledger.set(entry_count=60),
    "head set back": lambda ledger: ledger.set(
        entry_count=4,
        head_transfer_id=ledger.entry(4).id,
        head_hash=ledger.entry(4).entry_of(ledger.alice).hash,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("page_entry_count", [1, 4, 500])
def test_the_tables_tell_what_memory_tells(
    dynamodb: DynamoDBClient,
    client_id: str,
    page_entry_count: int,
    damage: Callable[[Ledger], object],
) -> None:
    ledger = Ledger(page_entry_count, client_id)
    ledger.credit(200)
    ledger.give(50)
    ledger.refund(ledger.end(ledger.hold(300), 250), 20)
    damage(ledger)
    store = wallet_store(dynamodb)
    for record in ledger.store.records.values():
        item = RecordItem.of(record).to_dynamodb_dict()
        dynamodb.put_item(TableName=os.environ["LEDGER_TABLE"], Item=item)
    for wallet in ledger.store.wallets.values():
        item = WalletItem.of(wallet).to_dynamodb_dict()
        dynamodb.put_item(TableName=os.environ["ACCOUNTS_TABLE"], Item=item)

    stored = store.wallet(client_id, ledger.alice)
    trail = Trail(stored, store, instant_retry(), page_entry_count)
    assert told(findings_along(trail)) == told(ledger.findings())
