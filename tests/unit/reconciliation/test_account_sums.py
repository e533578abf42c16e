"""The sums of the journal, and the accounts held to them while money goes on moving."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ledger.folding import movements
from evenkeel.ledger.transfer import Leg, Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.reconciliation.account_sums import (
    PAGE_ACCOUNT_COUNT,
    PLACE_COUNT,
    STRANGE_NAME_LENGTH_MAX,
    AccountKey,
    AccountSums,
    Reading,
    Share,
    Sums,
    may_be_late,
    unreadable,
)
from evenkeel.reconciliation.mismatch import Finding
from tests.fakes.clock import NOON
from tests.unit.reconciliation.ledgers import Ledger, driven, moves, told, unhurried

COFFEE = ("cli_a", "merchant:coffee:EUR")
JOURNAL = ("cli_a", "journal:EUR")


def payment(number: int, merchant: str = "coffee", client_id: str = "cli_a") -> Transfer:
    return Transfer(
        id=f"trf_{number}",
        client_id=client_id,
        kind=TransferKind.PAYMENT,
        debit=Ledger().entry(1).credit,
        credit=Leg(f"merchant:{merchant}:EUR"),
        amount=Money(number, "EUR"),
        posted_at=NOON,
        fingerprint="same",
    )


def summed(transfers: Sequence[Transfer]) -> AccountSums:
    sums = AccountSums()
    assert sums.add(transfers) == []
    return sums


def folded(transfers: Sequence[Transfer]) -> dict[AccountKey, Reading]:
    """Return the accounts after a fold of each transfer by itself."""
    accounts: dict[AccountKey, Reading] = {}
    for transfer in transfers:
        for each in movements([transfer]):
            key = (each.client_id, each.account_id)
            old = accounts.get(key, Reading())
            accounts[key] = Reading(old.version + 1, old.sums.plus(Sums.of(each)))
    return accounts


# Sums.


def test_each_account_has_what_was_booked_to_it() -> None:
    ledger = Ledger()
    ledger.pay(100)
    captured = ledger.end(ledger.hold(300), 250)
    ledger.refund(captured, 20)
    ledger.hold(70)

    sums = summed(ledger.transfers()).sums
    assert sums == {
        ("cli_a", "external:EUR"): Sums(debits_posted=1000),
        COFFEE: Sums(debits_posted=20, credits_posted=350, credits_pending=70),
        JOURNAL: Sums(
            debits_pending=70, debits_posted=1370, credits_pending=70, credits_posted=1370
        ),
    }


def test_clients_and_currencies_have_sums_of_their_own() -> None:
    yen = replace(
        payment(3), amount=Money(3, "JPY"), credit=Leg("merchant:coffee:JPY"), id="trf_yen"
    )

    sums = summed([payment(1), payment(2, client_id="cli_b"), yen]).sums
    assert {key: each.credits_posted for key, each in sums.items()} == {
        COFFEE: 1,
        JOURNAL: 1,
        ("cli_b", "merchant:coffee:EUR"): 2,
        ("cli_b", "journal:EUR"): 2,
        ("cli_a", "merchant:coffee:JPY"): 3,
        ("cli_a", "journal:JPY"): 3,
    }


@unhurried
@given(moves(), st.data())
def test_the_order_and_the_pieces_of_a_pass_do_not_matter(
    history: list[tuple[str, int]], data: st.DataObject
) -> None:
    transfers = driven(history).transfers()
    shuffled = data.draw(st.permutations(transfers))
    cut = data.draw(st.integers(0, len(transfers)))

    one, other = summed(shuffled[:cut]), summed(shuffled[cut:])
    restored = AccountSums.of(json.loads(json.dumps(list(one.pages()))))
    restored.merge(other)
    assert restored == summed(transfers)


def test_a_checkpoint_comes_in_pages_that_may_be_read_in_any_order() -> None:
    sums = summed([payment(number, f"m{number}") for number in range(1, 2 * PAGE_ACCOUNT_COUNT)])
    pages = list(sums.pages())

    assert len(pages) == 2
    assert max(len(json.dumps(page)) for page in pages) < 200_000
    assert AccountSums.of(reversed(pages)) == sums


def test_a_checkpoint_of_nothing_keeps_its_share() -> None:
    sums = AccountSums(Share(5, 10))

    assert AccountSums.of(sums.pages()) == sums


# Shares.


@pytest.mark.parametrize("account_count_max", [1, 2, 5, 50])
def test_no_pass_holds_more_accounts_than_it_may_and_all_passes_together_see_all(
    account_count_max: int,
) -> None:
    transfers = [payment(number, f"m{number}") for number in range(1, 40)]
    seen: dict[AccountKey, Sums] = {}
    share: Share | None = Share()

    while share is not None:
        sums = AccountSums(share, account_count_max=account_count_max)
        for transfer in transfers:
            sums.add([transfer])
            assert len(sums.sums) <= account_count_max
        assert not seen.keys() & sums.sums.keys()
        seen |= sums.sums
        share = sums.share.rest()
    assert seen == summed(transfers).sums


def test_a_merge_goes_on_with_the_smaller_share() -> None:
    transfers = [payment(number, f"m{number}") for number in range(1, 40)]
    narrow, wide = AccountSums(account_count_max=5), summed(transfers[20:])
    narrow.add(transfers[:20])
    wide.merge(narrow)

    assert wide.share == narrow.share
    assert all(narrow.share.holds(key) for key in wide.sums)
    expected = {
        key: each for key, each in summed(transfers).sums.items() if narrow.share.holds(key)
    }
    assert wide.sums == expected


def test_shares_lie_side_by_side() -> None:
    lower = Share().lower_half()
    upper = lower.rest()

    assert upper == Share(PLACE_COUNT // 2, PLACE_COUNT)
    assert upper.rest() is None
    keys = [("cli_a", f"merchant:m{number}:EUR") for number in range(100)]
    assert all(lower.holds(key) != upper.holds(key) for key in keys)
    assert 30 < sum(map(lower.holds, keys)) < 70


def test_accounts_of_another_share_are_left_alone() -> None:
    lower = Share().lower_half()
    accounts = folded([payment(number, f"m{number}") for number in range(1, 40)])

    found = {
        (each.subject.client_id, each.subject.account_id)
        for each in AccountSums(lower).drifted(accounts, accounts)
    }
    assert found == {key for key in accounts if lower.holds(key)}


# Accounts.


@unhurried
@given(moves(), st.data())
def test_no_account_is_accused_however_much_moves_during_the_pass(
    history: list[tuple[str, int]], data: st.DataObject
) -> None:
    transfers = driven(history).transfers()
    begun = data.draw(st.integers(0, len(transfers)))
    ended = data.draw(st.integers(begun, len(transfers)))
    late = data.draw(st.integers(ended, len(transfers)))
    # Of what comes during the pass it sees this or that.
    seen_too = data.draw(st.lists(st.sampled_from(transfers), unique_by=id))
    seen = transfers[:begun] + [each for each in transfers[begun:ended] if each in seen_too]

    before, after = folded(transfers[:begun]), folded(transfers[:late])
    assert list(summed(seen).drifted(before, after)) == []


COUNTERS = ["debits_pending", "debits_posted", "credits_pending", "credits_posted"]


@pytest.mark.parametrize("by_minor", [-1, 1])
@pytest.mark.parametrize("name", COUNTERS)
def test_an_account_that_stands_still_is_held_to_the_minor_unit(name: str, by_minor: int) -> None:
    ledger = Ledger()
    ledger.hold(70)
    captured = ledger.end(ledger.hold(300), 250)
    ledger.refund(captured, 20)
    accounts = folded(ledger.transfers())
    reading = accounts[COFFEE]
    drifted = replace(
        reading,
        sums=replace(reading.sums, **{name: getattr(reading.sums, name) + by_minor}),
    )
    accounts[COFFEE] = drifted

    [finding] = summed(ledger.transfers()).drifted(accounts, accounts)
    [(fact, expected)] = finding.expected.items()
    assert told([finding]) == [("BALANCE_DRIFT", COFFEE[1], None)]
    assert isinstance(expected, int)
    assert finding.actual == {fact: expected + by_minor}


def moved(before_minor: int, after_minor: int) -> tuple[dict[AccountKey, Reading], ...]:
    """Return two readings of the coffee shop's account, between which it was folded to."""
    return (
        {COFFEE: Reading(1, Sums(credits_posted=before_minor))},
        {COFFEE: Reading(2, Sums(credits_posted=after_minor))},
    )


@pytest.mark.parametrize(
    ("before_minor", "after_minor", "actual_minor"),
    [
        (0, 10, None),
        (10, 20, None),
        (5, 15, None),
        (11, 20, 11),
        (0, 9, 9),
    ],
)
def test_an_account_that_moves_is_held_to_both_its_readings(
    before_minor: int, after_minor: int, actual_minor: int | None
) -> None:
    findings = list(summed([payment(10)]).drifted(*moved(before_minor, after_minor)))

    found = [(each.expected, each.actual) for each in findings]
    expected = ({"creditsPosted": 10}, {"creditsPosted": actual_minor})
    assert found == ([] if actual_minor is None else [expected])


def test_what_is_pending_is_not_judged_while_it_moves() -> None:
    before = {COFFEE: Reading(1, Sums(credits_pending=70))}
    after = {COFFEE: Reading(3, Sums(credits_pending=70))}

    assert list(AccountSums().drifted(before, after)) == []


def test_an_account_without_a_journal_has_drifted() -> None:
    accounts = {COFFEE: Reading(1, Sums(credits_posted=5))}

    [finding] = AccountSums().drifted(accounts, accounts)
    assert (finding.expected, finding.actual) == ({"creditsPosted": 0}, {"creditsPosted": 5})


def test_an_account_that_was_removed_has_drifted() -> None:
    [finding] = summed([payment(5)]).drifted({}, {})

    assert told([finding]) == [("BALANCE_DRIFT", COFFEE[1], None)]
    assert (finding.expected, finding.actual) == ({"creditsPosted": 5}, {"creditsPosted": 0})


@pytest.mark.parametrize("seen", [[], [payment(3)], [payment(5)], [payment(7)]], ids=len)
def test_an_account_that_vanishes_during_the_pass_has_drifted(seen: Sequence[Transfer]) -> None:
    before = {COFFEE: Reading(1, Sums(credits_posted=5))}

    findings = list(summed(seen).drifted(before, {}))
    assert told(findings) == [("BALANCE_DRIFT", COFFEE[1], None)]


def test_what_was_cut_off_a_wallet_without_a_trace_is_missed_by_the_merchant() -> None:
    ledger = Ledger()
    gone = ledger.pay(100)
    accounts = folded(ledger.transfers())
    ledger.remove(gone)

    [finding] = summed(ledger.transfers()).drifted(accounts, accounts)
    assert told([finding]) == [("BALANCE_DRIFT", COFFEE[1], None)]


def test_an_account_that_cannot_be_read_has_drifted_and_hides_no_other() -> None:
    accounts = folded([payment(5), payment(6, "tea")])
    unreadable_one = accounts | {COFFEE: Reading(problem="no counters")}

    [finding] = summed([payment(5), payment(6, "tea")]).drifted(accounts, unreadable_one)
    assert told([finding]) == [("BALANCE_DRIFT", COFFEE[1], None)]
    assert (finding.expected, finding.actual) == ({"problem": None}, {"problem": "no counters"})
    assert not may_be_late(finding)


def test_an_account_that_could_not_be_read_before_the_pass_is_held_to_what_it_is_after_it() -> None:
    before = {COFFEE: Reading(problem="no counters")}

    def found(posted_minor: int) -> list[Finding]:
        after = {COFFEE: Reading(3, Sums(credits_posted=posted_minor))}
        return list(summed([payment(5)]).drifted(before, after))

    assert found(5) == []
    assert told(found(4)) == [("BALANCE_DRIFT", COFFEE[1], None)]


@pytest.mark.parametrize(
    ("before", "after", "is_late"),
    [
        (Sums(), Sums(), True),
        (Sums(credits_posted=9), Sums(credits_posted=9), True),
        (Sums(credits_posted=11), Sums(credits_posted=11), False),
        (Sums(credits_posted=11), Sums(credits_posted=9), False),
        (Sums(credits_posted=9, debits_posted=1), Sums(credits_posted=9, debits_posted=1), False),
        # A release that is not folded yet leaves too much pending.
        (Sums(0, 0, 70, 10), Sums(0, 0, 70, 10), True),
    ],
)
def test_only_what_an_account_lacks_may_be_on_its_way(
    before: Sums, after: Sums, *, is_late: bool
) -> None:
    version = 1 if before == after else 2
    accounts = {COFFEE: Reading(1, before)}, {COFFEE: Reading(version, after)}

    [finding] = summed([payment(10)]).drifted(*accounts)
    assert may_be_late(finding) is is_late


# The journal.


@unhurried
@given(moves())
def test_the_journal_of_the_service_is_in_balance(history: list[tuple[str, int]]) -> None:
    assert list(summed(driven(history).transfers()).unbalanced()) == []


@pytest.mark.parametrize(
    "account_id",
    [
        "casino:roulette:EUR",
        "merchant:coffee",
        "merchant:coffee:USD",
        "wallet:alice:EUR",
        "wal_alice",
        "journal:EUR",
        "",
    ],
)
def test_a_leg_on_no_account_of_ours_is_an_alteration_and_leaves_the_journal_unbalanced(
    account_id: str,
) -> None:
    sums = AccountSums()
    strange = replace(payment(7), credit=Leg(account_id))

    findings = sums.add([payment(3), strange])
    assert told(findings) == [("ENTRY_ALTERED", account_id, strange.id)]
    assert sums.sums[COFFEE] == Sums(credits_posted=3)

    [finding] = sums.unbalanced()
    assert told([finding]) == [("BALANCE_DRIFT", "journal:EUR", None)]
    assert finding.expected == {"pending": 0, "posted": 10}
    assert finding.actual == {"pending": 0, "posted": 3}


def test_two_strange_legs_are_one_finding() -> None:
    strange = replace(payment(7), debit=Leg("casino"), credit=Leg("roulette"))

    assert told(AccountSums().add([strange])) == [("ENTRY_ALTERED", "casino", strange.id)]


def test_a_strange_name_of_any_length_is_told_as_far_as_a_page_can_hold_it() -> None:
    strange = replace(payment(7), credit=Leg("x" * 400_000))

    [finding] = AccountSums().add([strange])
    assert len(finding.subject.account_id or "") == STRANGE_NAME_LENGTH_MAX
    assert len(json.dumps([dict(finding.actual)])) < 1000


def test_what_cannot_be_read_is_an_alteration() -> None:
    finding = unreadable("cli_a", "trf_1", "an amount below one")

    assert told([finding]) == [("ENTRY_ALTERED", None, "trf_1")]
    assert finding.actual == {"problem": "an amount below one"}
