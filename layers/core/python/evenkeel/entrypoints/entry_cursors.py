"""Cursors of lists of a wallet's entries."""

from __future__ import annotations

from evenkeel.entrypoints.cursors import number_of, read, refusal, write
from evenkeel.ids import is_id
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.wallets.ports import EntryRef


def write_entry(ref: EntryRef | None) -> str | None:
    return write(f"{ref.number}/{ref.transfer_id}") if ref else None


def read_entry(cursor: str | None) -> EntryRef | None:
    """Raise ValidationFailed for what `write_entry` cannot have written."""
    if cursor is None:
        return None
    number, _, transfer_id = read(cursor).partition("/")
    if not is_id(TRANSFER_PREFIX, transfer_id):
        raise refusal()
    return EntryRef(number_of(number), transfer_id)
