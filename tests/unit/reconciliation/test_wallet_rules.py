"""What is found after each kind of tampering: that, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ledger.chain import entry_hash
from evenkeel.ledger.transfer import Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.reconciliation.trail import GAP_ENTRY_COUNT_MAX, Trail
from evenkeel.reconciliation.wallet_rules import BROKEN_SEAM_COUNT_MAX, diagnose
from tests.fakes.retry import instant_retry
from tests.unit.reconciliation.ledgers import Ledger, driven, moves, told, unhurried, with_entry

Named = tuple[str, str | None, str | None]


@pytest.fixture(params=[1, 3, 500])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """A ledger in which Alice has eight entries of many kinds.

    They are: 1 the opening, 2 a credit, 3 a payment, 4 a hold, 5 a gift, 6 the capture of
    less than is held, 7 a refund, 8 a hold that stands. They are read in pages of some size.
    """
    ledger = Ledger(request.param)
    ledger.credit(200)
    ledger.pay(100)
    key = ledger.hold(300)
    ledger.give(50)
    captured = ledger.end(key, 250)
    ledger.refund(captured, 20)
    ledger.hold(70)
    return ledger


def altered(transfer: Transfer) -> Named:
    return ("ENTRY_ALTERED", None, transfer.id)


def broken(ledger: Ledger, transfer_id: str | None) -> Named:
    return ("CHAIN_BROKEN", ledger.alice, transfer_id)


def drifted(ledger: Ledger, transfer_id: str | None = None) -> Named:
    return ("BALANCE_DRIFT", ledger.alice, transfer_id)


def richer(transfer: Transfer, by_minor: int = 5) -> Transfer:
    amount = Money(transfer.amount.amount_minor + by_minor, transfer.amount.currency)
    return replace(transfer, amount=amount)


def shifted_minor(ledger: Ledger, before: Transfer, after: Transfer) -> int:
    return after.effect_on(ledger.alice) - before.effect_on(ledger.alice)


# Nothing is wrong.


def test_wallets_that_nobody_has_tampered_with_are_clean(ledger: Ledger) -> None:
    available_minor = ledger.wallet().available_minor

    assert ledger.findings(available_minor=available_minor) == []
    assert ledger.findings(ledger.bob) == []


def test_an_untouched_wallet_is_clean() -> None:
    ledger = Ledger()

    assert ledger.findings(ledger.bob, available_minor=0) == []


def test_money_that_moves_during_the_walk_is_no_stranger(ledger: Ledger) -> None:
    wallet = ledger.wallet()
    ledger.credit(1)
    trail = Trail(wallet, ledger.store, instant_retry())

    assert list(diagnose(wallet, trail.walk(), trail.strangers)) == []


# Contents are changed under the old seal.

EDITS: dict[str, Callable[[Transfer], Transfer]] = {
    "amount": richer,
    "kind": lambda each: replace(each, kind=TransferKind.TRANSFER),
    "held": lambda each: replace(each, held_minor=each.held_minor + 7),
    "description": lambda each: replace(each, description="nothing to see here"),
    "payment": lambda each: replace(each, payment_id="pay_other"),
    "currency": lambda each: replace(each, amount=Money(each.amount.amount_minor, "USD")),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("number", range(1, 9))
def test_an_entry_with_other_contents_is_altered_and_its_neighbours_are_not(
    ledger: Ledger, number: int, edit: Callable[[Transfer], Transfer]
) -> None:
    entry = ledger.entry(number)
    if edit(entry) == entry:
        return
    ledger.put(edit(entry))

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize(
    "change",
    [
        {"balance_after_minor": 10**6},
        {"pending_after_minor": 10**6},
        {"version_after": 99},
        {"status": "FROZEN"},
        {"hash": "f" * 64},
        {"number": 1000},
        {"number": 2},
        {"number": 5},
        {"previous_transfer_id": "trf_nowhere"},
    ],
    ids=str,
)
def test_an_entry_with_another_place_is_altered_and_its_neighbours_are_not(
    ledger: Ledger, number: int, change: dict[str, Any]
) -> None:
    entry = ledger.entry(number)
    if change.get("number") == number:
        return
    ledger.edit_entry(entry, **change)

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(3, 9))
def test_a_link_that_passes_an_entry_over_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.edit_entry(entry, previous_transfer_id=ledger.entry(number - 2).id)

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(2, 9))
def test_a_link_that_was_cut_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.edit_entry(entry, previous_transfer_id=None)

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(1, 8))
def test_a_link_that_leads_back_up_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.edit_entry(entry, previous_transfer_id=ledger.entry(8).id)

    assert told(ledger.findings()) == [altered(entry)]


def test_two_altered_entries_are_two_findings(ledger: Ledger) -> None:
    entries = [ledger.entry(6), ledger.entry(3)]
    for entry in entries:
        ledger.put(richer(entry))

    assert told(ledger.findings()) == [altered(entry) for entry in entries]


def test_what_is_altered_between_two_wallets_is_one_finding(ledger: Ledger) -> None:
    gift = ledger.entry(5)
    ledger.put(richer(gift))

    [finding] = ledger.findings()
    [other] = ledger.findings(ledger.bob)
    assert finding.id == other.id


# Contents are changed, and sealed anew.


@pytest.mark.parametrize("number", [2, 3, 5, 6, 7])
def test_an_amount_sealed_anew_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.seal(richer(entry))

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
def test_an_amount_sealed_anew_with_the_balance_after_it_is_an_alteration(
    ledger: Ledger, number: int
) -> None:
    entry = ledger.entry(number)
    edited = richer(entry)
    after_minor = entry.entry_of(ledger.alice).balance_after_minor
    moved_minor = shifted_minor(ledger, entry, edited)
    ledger.seal(with_entry(edited, ledger.alice, balance_after_minor=after_minor + moved_minor))

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(2, 8))
def test_a_link_sealed_anew_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.seal(with_entry(entry, ledger.alice, previous_transfer_id="trf_nowhere"))

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(1, 8))
def test_a_text_sealed_anew_breaks_the_seal_of_the_next_entry(ledger: Ledger, number: int) -> None:
    entry, next_entry = ledger.entry(number), ledger.entry(number + 1)
    ledger.seal(replace(entry, description="nothing to see here"))

    [finding] = ledger.findings()
    assert told([finding]) == [altered(next_entry)]
    assert finding.actual["previousTransferId"] == entry.id


def test_a_text_of_the_newest_entry_sealed_anew_is_an_alteration(ledger: Ledger) -> None:
    newest = ledger.entry(8)
    ledger.seal(replace(newest, description="nothing to see here"))

    assert told(ledger.findings()) == [altered(newest)]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
def test_all_sealed_anew_below_the_wallet_leads_to_where_it_begins(
    ledger: Ledger, number: int
) -> None:
    entry = ledger.entry(number)
    ledger.put(richer(entry))
    ledger.seal_on_from(number)

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
def test_all_sealed_anew_up_to_the_wallet_has_drifted_where_it_begins(
    ledger: Ledger, number: int
) -> None:
    entry = ledger.entry(number)
    ledger.put(richer(entry))
    newest = ledger.seal_on_from(number)
    ledger.set(head_hash=newest.entry_of(ledger.alice).hash)

    assert told(ledger.findings()) == [drifted(ledger, entry.id)]


@pytest.mark.parametrize("number", range(1, 8))
def test_one_balance_sealed_anew_up_to_the_wallet_is_one_drift(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    after_minor = entry.entry_of(ledger.alice).balance_after_minor
    ledger.edit_entry(entry, balance_after_minor=after_minor + 5)
    newest = ledger.seal_on_from(number)
    ledger.set(head_hash=newest.entry_of(ledger.alice).hash)

    assert told(ledger.findings()) == [drifted(ledger, entry.id)]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
def test_a_chain_that_fits_in_itself_drifts_from_a_wallet_left_as_it_was(
    ledger: Ledger, number: int
) -> None:
    entry = ledger.entry(number)
    edited = richer(entry)
    ledger.put(edited)
    newest = ledger.seal_on_from(number, shifted_minor=shifted_minor(ledger, entry, edited))
    ledger.set(head_hash=newest.entry_of(ledger.alice).hash)

    assert told(ledger.findings()) == [drifted(ledger)]


def test_a_number_sealed_anew_up_to_the_wallet_breaks_the_chain(ledger: Ledger) -> None:
    entries = [ledger.entry(number) for number in range(3, 9)]
    hash_ = ledger.entry(2).entry_of(ledger.alice).hash
    entries[0] = with_entry(entries[0], ledger.alice, number=30)
    for entry in entries:
        hash_ = entry_hash(entry, ledger.alice, previous_hash=hash_)
        ledger.edit_entry(entry, hash=hash_)
    ledger.set(head_hash=hash_)

    assert told(ledger.findings()) == [broken(ledger, entries[0].id)]


# Entries are gone, or one too many.


@pytest.mark.parametrize("number", range(1, 9))
def test_a_removed_entry_is_missing(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.remove(entry)

    assert told(ledger.findings()) == [broken(ledger, entry.id)]


def test_entries_removed_in_a_row_are_one_finding_with_a_count(ledger: Ledger) -> None:
    gone = [ledger.entry(number) for number in (6, 5, 4)]
    for entry in gone:
        ledger.remove(entry)

    [finding] = ledger.findings()
    assert told([finding]) == [broken(ledger, gone[0].id)]
    assert finding.expected == {"transferId": gone[0].id, "number": 6, "count": 3}


def test_entries_removed_in_two_places_are_two_findings(ledger: Ledger) -> None:
    gone = [ledger.entry(number) for number in (7, 3)]
    for entry in gone:
        ledger.remove(entry)

    assert told(ledger.findings()) == [broken(ledger, entry.id) for entry in gone]


def test_all_entries_removed_are_one_finding(ledger: Ledger) -> None:
    newest = ledger.entry(8)
    for number in range(1, 9):
        ledger.remove(ledger.entry(number))

    [finding] = ledger.findings()
    assert told([finding]) == [broken(ledger, newest.id)]
    assert finding.expected["count"] == 8


def test_what_is_altered_behind_a_gap_is_found(ledger: Ledger) -> None:
    gone, entry = ledger.entry(6), ledger.entry(3)
    ledger.remove(gone)
    ledger.put(richer(entry))

    assert told(ledger.findings()) == [broken(ledger, gone.id), altered(entry)]


@pytest.mark.parametrize("number", range(1, 9))
def test_a_copy_under_a_new_id_is_one_too_many(ledger: Ledger, number: int) -> None:
    ledger.put(replace(ledger.entry(number), id="trf_copy"))

    assert told(ledger.findings()) == [broken(ledger, "trf_copy")]


@pytest.mark.parametrize("number", range(1, 9))
def test_an_entry_moved_to_a_new_id_is_one_gone_and_one_too_many(
    ledger: Ledger, number: int
) -> None:
    entry = ledger.entry(number)
    ledger.remove(entry)
    ledger.put(replace(entry, id="trf_copy"))

    assert told(ledger.findings()) == [
        broken(ledger, entry.id),
        broken(ledger, "trf_copy"),
    ]


def test_what_stands_after_the_head_is_one_too_many(ledger: Ledger) -> None:
    ledger.put(with_entry(replace(ledger.entry(8), id="trf_copy"), ledger.alice, number=9))

    assert told(ledger.findings()) == [broken(ledger, "trf_copy")]


def test_an_entry_in_an_untouched_wallet_is_one_too_many(ledger: Ledger) -> None:
    gift = ledger.entry(5)
    ledger.store.wallets["cli_a", ledger.bob] = Ledger().wallet(ledger.bob)

    assert told(ledger.findings(ledger.bob)) == [("CHAIN_BROKEN", ledger.bob, gift.id)]


# The wallet is changed.


@pytest.mark.parametrize(
    "name", ["debits_pending", "debits_posted", "credits_pending", "credits_posted"]
)
def test_a_changed_counter_has_drifted(ledger: Ledger, name: str) -> None:
    ledger.set(**{name: getattr(ledger.wallet(), name) + 5})

    assert told(ledger.findings()) == [drifted(ledger)]


def test_two_counters_changed_by_the_same_have_drifted(ledger: Ledger) -> None:
    wallet = ledger.wallet()
    ledger.set(debits_posted=wallet.debits_posted + 5, credits_posted=wallet.credits_posted + 5)

    [finding] = ledger.findings()
    assert told([finding]) == [drifted(ledger)]
    assert finding.expected == {"debitsPosted": 400, "creditsPosted": 1220}
    assert finding.actual == {"debitsPosted": 405, "creditsPosted": 1225}


def test_what_is_available_must_follow_from_the_counters(ledger: Ledger) -> None:
    [finding] = ledger.findings(available_minor=751)

    assert told([finding]) == [drifted(ledger)]
    assert (finding.expected, finding.actual) == ({"available": 750}, {"available": 751})


def test_a_counter_changed_together_with_what_is_available_is_one_drift(ledger: Ledger) -> None:
    ledger.set(credits_posted=ledger.wallet().credits_posted + 5)

    [finding] = ledger.findings(available_minor=750)
    assert told([finding]) == [drifted(ledger)]
    assert (finding.expected, finding.actual) == ({"balance": 820}, {"balance": 825})


def test_a_counter_changed_beside_an_altered_entry_is_found_too(ledger: Ledger) -> None:
    entry = ledger.entry(3)
    ledger.put(richer(entry))
    ledger.set(debits_pending=0)

    assert told(ledger.findings()) == [drifted(ledger), altered(entry)]


def test_a_wallet_without_entries_has_no_money(ledger: Ledger) -> None:
    blank = Ledger()
    ledger.store.wallets["cli_a", ledger.bob] = replace(blank.wallet(blank.bob), credits_posted=5)
    ledger.remove(ledger.entry(5))

    assert told(ledger.findings(ledger.bob)) == [("BALANCE_DRIFT", ledger.bob, None)]


def test_a_changed_head_hash_looks_like_an_altered_newest_entry(ledger: Ledger) -> None:
    ledger.set(head_hash="f" * 64)

    assert told(ledger.findings()) == [altered(ledger.entry(8))]


def test_a_head_hash_without_an_entry_breaks_the_chain() -> None:
    ledger = Ledger()
    wallet = ledger.wallet(ledger.bob)
    ledger.store.wallets["cli_a", ledger.bob] = replace(wallet, head_hash="f" * 64)

    assert told(ledger.findings(ledger.bob)) == [("CHAIN_BROKEN", ledger.bob, None)]


@pytest.mark.parametrize("entry_count", [0, 1, 7, 9, 100])
def test_a_changed_count_of_entries_breaks_the_chain(ledger: Ledger, entry_count: int) -> None:
    ledger.set(entry_count=entry_count)

    assert told(ledger.findings()) == [broken(ledger, ledger.entry(8).id)]


@pytest.mark.parametrize("number", range(1, 8))
def test_a_head_that_names_an_older_entry_breaks_the_chain(ledger: Ledger, number: int) -> None:
    ledger.set(head_transfer_id=ledger.entry(number).id)

    assert told(ledger.findings()) == [broken(ledger, ledger.entry(number).id)]


def test_a_head_that_names_nothing_breaks_the_chain(ledger: Ledger) -> None:
    ledger.set(head_transfer_id=None)

    assert told(ledger.findings()) == [broken(ledger, None)]


def rewind(ledger: Ledger, number: int) -> None:
    """Let the wallet's head be an older entry."""
    entry = ledger.entry(number)
    ledger.set(
        entry_count=number,
        head_transfer_id=entry.id,
        head_hash=entry.entry_of(ledger.alice).hash,
    )


def rewind_counters(ledger: Ledger, number: int) -> None:
    effects = [ledger.entry(each).effect_on(ledger.alice) for each in range(1, number + 1)]
    ledger.set(
        credits_posted=sum(effect for effect in effects if effect > 0),
        debits_posted=-sum(effect for effect in effects if effect < 0),
        debits_pending=ledger.entry(number).entry_of(ledger.alice).pending_after_minor,
    )


def test_entries_left_behind_a_wallet_set_back_are_each_one_too_many(ledger: Ledger) -> None:
    left = [ledger.entry(7), ledger.entry(8)]
    rewind(ledger, 6)
    rewind_counters(ledger, 6)

    assert told(ledger.findings()) == [broken(ledger, each.id) for each in left]


def test_a_head_set_back_without_the_counters_is_a_drift_as_well(ledger: Ledger) -> None:
    left = [ledger.entry(7), ledger.entry(8)]
    rewind(ledger, 6)

    assert told(ledger.findings()) == [
        drifted(ledger),
        *(broken(ledger, each.id) for each in left),
    ]


def test_a_tail_cut_off_with_the_wallet_set_back_cannot_be_told_from_here(
    ledger: Ledger,
) -> None:
    gone = [ledger.entry(7), ledger.entry(8)]
    rewind(ledger, 6)
    rewind_counters(ledger, 6)
    for entry in gone:
        ledger.remove(entry)

    assert ledger.findings() == []


# Damage upon damage.


def test_a_number_and_a_balance_changed_together_are_one_alteration(ledger: Ledger) -> None:
    entry = ledger.entry(4)
    ledger.edit_entry(entry, number=40, balance_after_minor=1)

    assert told(ledger.findings()) == [altered(entry)]


@pytest.mark.parametrize("number", range(2, 8))
def test_a_number_sealed_anew_is_an_alteration(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    ledger.seal(with_entry(entry, ledger.alice, number=40), number)

    assert told(ledger.findings()) == [altered(entry)]


def test_a_link_over_what_came_to_nothing_is_an_alteration() -> None:
    ledger = Ledger()
    before = ledger.credit(5)
    ledger.end(ledger.hold(70), 0)
    entry = ledger.credit(6)
    ledger.edit_entry(entry, previous_transfer_id=before.id)

    assert told(ledger.findings()) == [altered(entry)]


def test_an_entry_that_took_another_place_does_not_fill_a_gap(ledger: Ledger) -> None:
    entry, gone = ledger.entry(6), ledger.entry(4)
    ledger.remove(gone)
    ledger.remove(ledger.entry(3))
    ledger.edit_entry(entry, number=3)

    assert told(ledger.findings()) == [altered(entry), broken(ledger, gone.id)]


def test_a_chain_that_bites_its_tail_is_walked_to_an_end() -> None:
    ledger = Ledger()
    entry = ledger.credit(5)
    paid = ledger.pay(5)
    ledger.edit_entry(entry, number=50, previous_transfer_id=paid.id)

    assert altered(entry) in told(ledger.findings())


def test_a_wallet_that_drifts_above_a_gap_is_found_too(ledger: Ledger) -> None:
    gone = ledger.entry(7)
    ledger.remove(gone)
    ledger.set(debits_pending=0)

    assert told(ledger.findings()) == [drifted(ledger), broken(ledger, gone.id)]


def test_two_amounts_under_the_same_new_seals_lead_to_where_they_begin(ledger: Ledger) -> None:
    lower = ledger.entry(3)
    for entry in (lower, ledger.entry(6)):
        ledger.put(richer(entry))
    ledger.seal_on_from(3)

    assert told(ledger.findings()) == [altered(lower)]


def test_two_amounts_sealed_anew_up_to_the_wallet_are_two_drifts(ledger: Ledger) -> None:
    entries = [ledger.entry(6), ledger.entry(3)]
    for entry in entries:
        ledger.put(richer(entry))
    newest = ledger.seal_on_from(3)
    ledger.set(head_hash=newest.entry_of(ledger.alice).hash)

    assert told(ledger.findings()) == [drifted(ledger, entry.id) for entry in entries]


def test_a_ruined_chain_gives_so_many_findings_and_no_more() -> None:
    ledger = Ledger()
    for _ in range(BROKEN_SEAM_COUNT_MAX + 5):
        ledger.edit(ledger.credit(1), reference="another")

    assert len(ledger.findings()) == BROKEN_SEAM_COUNT_MAX


def test_a_gap_is_bridged_up_to_its_limit(ledger: Ledger) -> None:
    gone = [ledger.credit(1) for _ in range(GAP_ENTRY_COUNT_MAX + 1)]
    ledger.credit(1)
    for each in gone[1:]:
        ledger.remove(each)
    [finding] = ledger.findings()
    ledger.remove(gone[0])
    [longer] = ledger.findings()

    assert told([finding, longer]) == [broken(ledger, gone[-1].id)] * 2
    assert finding.expected["count"] == GAP_ENTRY_COUNT_MAX
    assert longer.expected["count"] == longer.expected["number"]


# Whatever happens, in a history of many moves.


@unhurried
@given(moves())
def test_no_history_of_the_service_is_accused(history: list[tuple[str, int]]) -> None:
    ledger = driven(history)

    for wallet_id in (ledger.alice, ledger.bob):
        available_minor = ledger.wallet(wallet_id).available_minor
        assert ledger.findings(wallet_id, available_minor=available_minor) == []


@unhurried
@given(moves(), st.data())
def test_no_single_edit_of_an_entry_is_missed_or_blamed_on_another(
    history: list[tuple[str, int]], data: st.DataObject
) -> None:
    ledger = driven(history)
    number = data.draw(st.integers(1, ledger.wallet().entry_count))
    edit = data.draw(st.sampled_from(list(EDITS.values())))
    entry = ledger.entry(number)
    ledger.put(edit(entry))

    expected = [] if edit(entry) == entry else [altered(entry)]
    assert told(ledger.findings()) == expected


@unhurried
@given(moves(), st.data())
def test_no_single_removal_is_missed(history: list[tuple[str, int]], data: st.DataObject) -> None:
    ledger = driven(history)
    entry = ledger.entry(data.draw(st.integers(1, ledger.wallet().entry_count)))
    ledger.remove(entry)

    assert told(ledger.findings()) == [broken(ledger, entry.id)]
