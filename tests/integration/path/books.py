"""The whole journal and all wallets of a test, read without the code that wrote them."""

from collections import Counter
from typing import Any

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.wallets.model import Wallet
from tests.emulator import Emulator
from tests.integration.path.platform import Resources


class Books:
    def __init__(self, emulator: Emulator, resources: Resources) -> None:
        self._client = emulator.client("dynamodb")
        self._resources = resources

    def check(self) -> None:
        """Hold the journal to a sum of zero, and to one verdict for each payment."""
        records = self.records()
        payments = Counter(record.payment_id for record in records if record.payment_id)
        balances: Counter[str] = Counter()
        for record in records:
            if isinstance(record, Transfer):
                for leg in (record.debit, record.credit):
                    balances[leg.account_id] += record.effect_on(leg.account_id)
        for wallet in self.wallets():
            # In the place of what the journal says of it.
            assert balances.pop(wallet.id) == wallet.balance_minor
            balances["wallets"] += wallet.balance_minor

        assert sum(balances.values()) == 0
        assert balances["wallets"] > 0
        assert set(payments.values()) <= {1}

    def records(self) -> list[Record]:
        return [RecordItem.stored(item).record() for item in self._scanned(self._resources.ledger)]

    def wallets(self) -> list[Wallet]:
        return [
            WalletItem.stored(item).wallet() for item in self._scanned(self._resources.accounts)
        ]

    def _scanned(self, table: str) -> list[Any]:
        pages = self._client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]
