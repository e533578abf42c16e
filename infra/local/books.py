"""The trial balance of a running stack, read from its tables behind the API's back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.local import aws
from infra.local.stackfile import Stack

FOLDED_S_MAX = 20.0

# They move what is pending, and post nothing.
PENDING_KINDS = frozenset({"hold", "release"})


@dataclass
class Books:
    """What the journal adds up to, and what the accounts say; minor units."""

    transfers: Counter[str] = field(default_factory=Counter)  # How many, by currency.
    debits: Counter[str] = field(default_factory=Counter)  # By currency.
    credits: Counter[str] = field(default_factory=Counter)
    journal: Counter[str] = field(default_factory=Counter)  # Credits less debits, by account.
    accounts: Counter[str] = field(default_factory=Counter)

    @property
    def are_balanced(self) -> bool:
        return self.debits == self.credits and self.journal == self.accounts


def read(stack: Stack) -> Books:
    books = Books()
    dynamodb = aws.client("dynamodb", stack["awsEndpointUrl"])
    for item in _items(dynamodb, stack["tables"]["ledger"]):
        if "amount_minor" in item and item["kind"]["S"] not in PENDING_KINDS:
            _add(books, item)
    for item in _items(dynamodb, stack["tables"]["accounts"]):
        books.accounts[item["id"]["S"]] = _integer(item, "credits_posted") - _integer(
            item, "debits_posted"
        )
    return books


def balanced(stack: Stack) -> Books:
    """Return the books once the stream has folded the last transfer, or as they are by then."""
    return _until(lambda: read(stack), lambda books: books.are_balanced)


def _add(books: Books, item: dict[str, Any]) -> None:
    client_id = item["id"]["S"].partition("/")[0]
    amount, currency = _integer(item, "amount_minor"), item["currency"]["S"]
    books.transfers[currency] += 1
    for side, sums, sign in (("debit", books.debits, -1), ("credit", books.credits, 1)):
        sums[currency] += amount
        account = item.get(f"{side}_wallet")
        key = account["S"] if account else f"{client_id}/{item[f'{side}_account']['S']}"
        books.journal[key] += sign * amount


def _items(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _integer(item: dict[str, Any], name: str) -> int:
    return int(item[name]["N"])


def _until(look: Callable[[], Books], is_done: Callable[[Books], bool]) -> Books:
    give_up_at = time.monotonic() + FOLDED_S_MAX
    books = look()
    while not is_done(books) and time.monotonic() < give_up_at:
        time.sleep(0.2)
        books = look()
    return books
