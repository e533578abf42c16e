"""The way along a chain by its links: what it passes by is in the chain, and nothing else is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ledger.transfer import Record
from evenkeel.reconciliation.links import Links
from tests.unit.reconciliation.ledgers import Ledger, driven, moves, unhurried, with_entry


def chain_of(ledger: Ledger) -> list[Record]:
    """Return Alice's entries, oldest first."""
    return [ledger.entry(number) for number in range(1, ledger.wallet().entry_count + 1)]


def known(*records: Record) -> dict[str, Record]:
    return {each.id: each for each in records}


@unhurried
@given(moves(), st.data())
def test_it_comes_to_all_that_was_changed_and_asks_for_what_it_does_not_know(
    history: list[tuple[str, int]], data: st.DataObject
) -> None:
    ledger = driven(history)
    numbers = st.sets(st.integers(1, ledger.wallet().entry_count))
    changed = [ledger.entry(number) for number in data.draw(numbers)]
    links, seen = Links.of(ledger.wallet(), changed), known(*changed)
    asked: list[str] = []

    links.follow(seen)
    while links.wanted_id is not None:
        asked.append(links.wanted_id)
        seen |= {each.id: each for each in chain_of(ledger) if each.id == links.wanted_id}
        links.follow(seen)

    assert links.pending == {}
    lowest = min((each.entry_of(ledger.alice).number for each in changed), default=0)
    above = [each.id for each in chain_of(ledger)[lowest:]] if changed else []
    assert set(asked) <= set(above) - known(*changed).keys()


def test_a_copy_is_not_in_the_chain() -> None:
    ledger = driven([])
    ledger.pay(1)
    ledger.pay(2)
    copy = replace(ledger.entry(2), id="trf_copy")
    links = Links.of(ledger.wallet(), [ledger.entry(2), copy])

    links.follow(known(*chain_of(ledger), copy))

    assert set(links.pending) == {"trf_copy"}
    assert links.wanted_id is None  # It has come past its number.


def test_a_wallet_that_is_older_than_its_entry_has_not_come_to_it() -> None:
    ledger = driven([])
    before = ledger.wallet()
    after = ledger.credit(1)
    links = Links.of(before, [after])

    links.follow(known(*chain_of(ledger)))

    assert set(links.pending) == {after.id}


def test_where_a_record_is_missing_it_stands_still() -> None:
    ledger = driven([])
    ledger.pay(1)
    ledger.pay(2)
    first, *_, newest = chain_of(ledger)
    links = Links.of(ledger.wallet(), [ledger.entry(1)])

    links.follow(known(first, newest))

    assert set(links.pending) == {first.id}
    assert links.wanted_id == ledger.entry(2).id


@pytest.mark.parametrize("to", [2, 3])
def test_a_link_that_leads_round_in_a_circle_ends_the_way(to: int) -> None:
    ledger = driven([])
    ledger.pay(1)
    ledger.pay(2)
    first, second, third = (ledger.entry(number) for number in (1, 2, 3))
    circling = with_entry(second, ledger.alice, previous_transfer_id=ledger.entry(to).id)
    links = Links.of(ledger.wallet(), [first])

    links.follow(known(first, circling, third))

    assert set(links.pending) == {first.id}
    assert links.next is None
