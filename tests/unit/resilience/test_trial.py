from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import SEAT_COUNT, Ballot, Trial, Verdict
from tests.fakes.clock import NOON

LIMITS = Limits()
TRIAL = Trial("t1", NOON)
TICK = timedelta(microseconds=1)
OLD_ENOUGH = NOON + timedelta(seconds=LIMITS.trial_s_min)
NOTICED = NOON + LIMITS.notice
END = NOON + timedelta(seconds=LIMITS.trial_s_max)
RESTED = NOON + timedelta(seconds=LIMITS.trial_rest_s)

SEVERITY = [Verdict.WELL, Verdict.UNDECIDED, Verdict.OUTAGE]


def ballot(seat: int, *, calls: int = 1, failures: int = 0) -> Ballot:
    return Ballot("t1", seat, calls, failures)


def counted(ballots: Iterable[Ballot], trial: Trial = TRIAL) -> Trial:
    for each in ballots:
        trial = trial.with_vote(each)
    return trial


def accused(failures: int, *, seats: int = 3) -> Trial:
    """Return a trial with failures in a row, spread over so many environments."""
    return counted(ballot(number % seats, failures=1) for number in range(failures))


def severity(trial: Trial) -> int:
    return SEVERITY.index(trial.verdict(NOTICED, LIMITS))


def test_a_trial_begins_undecided() -> None:
    assert TRIAL.verdict(NOON, LIMITS) is Verdict.UNDECIDED
    assert TRIAL.verdict(END, LIMITS) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("limits", "convicting"),
    [
        (Limits(), 9),
        (Limits(false_trip_chance=1e-12), 18),
        (Limits(outage_rate=1.0), 6),
        (Limits(missed_outage_chance=0.5, false_trip_chance=1e-2), 3),
    ],
)
def test_so_many_failures_in_a_row_are_an_outage_and_one_fewer_are_not(
    limits: Limits, convicting: int
) -> None:
    assert accused(convicting - 1).verdict(OLD_ENOUGH, limits) is Verdict.UNDECIDED
    assert accused(convicting).verdict(OLD_ENOUGH, limits) is Verdict.OUTAGE


def test_so_many_successes_in_a_row_acquit_and_one_fewer_do_not() -> None:
    assert counted([ballot(1, calls=5)]).verdict(OLD_ENOUGH, LIMITS) is Verdict.UNDECIDED
    assert counted([ballot(1, calls=6)]).verdict(OLD_ENOUGH, LIMITS) is Verdict.WELL


def test_less_is_proof_while_the_dependency_recovers() -> None:
    assert accused(4).verdict(OLD_ENOUGH, LIMITS, is_recovering=True) is Verdict.UNDECIDED
    assert accused(5).verdict(OLD_ENOUGH, LIMITS, is_recovering=True) is Verdict.OUTAGE


def test_no_evidence_is_enough_before_a_blip_would_be_over_unless_it_recovers() -> None:
    trial = accused(1000)

    assert trial.verdict(OLD_ENOUGH - TICK, LIMITS) is Verdict.UNDECIDED
    assert trial.verdict(OLD_ENOUGH, LIMITS) is Verdict.OUTAGE
    assert trial.verdict(NOON, LIMITS, is_recovering=True) is Verdict.OUTAGE


def test_successes_speak_against_failures() -> None:
    disputed = accused(9).with_vote(ballot(1, calls=3))

    assert disputed.verdict(OLD_ENOUGH, LIMITS) is Verdict.UNDECIDED
    assert disputed.with_vote(ballot(1, failures=1)).verdict(OLD_ENOUGH, LIMITS) is Verdict.OUTAGE


def test_one_success_ends_the_suspicion_that_nothing_works_at_all() -> None:
    total = Limits(outage_rate=1.0)

    assert TRIAL.with_vote(ballot(1)).verdict(OLD_ENOUGH, total) is Verdict.WELL


def test_three_accusers_are_enough_however_many_say_otherwise() -> None:
    others = [ballot(number + 10) for number in range(20)]

    assert counted(others, accused(100)).verdict(OLD_ENOUGH, LIMITS) is Verdict.OUTAGE


@pytest.mark.parametrize("seats", [1, 2])
def test_few_accusers_are_believed_once_everybody_has_had_the_time_to_object(seats: int) -> None:
    trial = accused(9, seats=seats)

    assert trial.verdict(NOTICED - TICK, LIMITS) is Verdict.UNDECIDED
    assert trial.verdict(NOTICED, LIMITS) is Verdict.OUTAGE


@pytest.mark.parametrize("seats", [1, 2])
def test_few_accusers_are_never_believed_if_one_other_says_otherwise(seats: int) -> None:
    trial = accused(1000, seats=seats).with_vote(ballot(9))

    assert trial.verdict(OLD_ENOUGH, LIMITS) is Verdict.UNDECIDED
    assert trial.verdict(NOTICED, LIMITS) is Verdict.UNDECIDED
    assert trial.verdict(END, LIMITS) is Verdict.UNDECIDED


def test_an_environment_with_failures_and_successes_is_an_accuser() -> None:
    trial = counted([ballot(1, calls=30, failures=29)])

    assert trial.accusers == trial.voters == {1}
    assert trial.verdict(NOTICED, LIMITS) is Verdict.OUTAGE


def test_an_accuser_remains_one_whatever_it_sees_later() -> None:
    trial = counted([ballot(1, failures=1), ballot(1, calls=2)])

    assert trial.accusers == {1}


def test_environments_that_share_a_seat_count_as_one() -> None:
    shared = counted([ballot(7, failures=1) for _ in range(9)])

    assert shared.verdict(OLD_ENOUGH, LIMITS) is Verdict.UNDECIDED


def test_one_accuser_is_enough_where_the_limits_say_so() -> None:
    assert accused(9, seats=1).verdict(OLD_ENOUGH, Limits(quorum_count=1)) is Verdict.OUTAGE


ballots = st.integers(1, 9).flatmap(
    lambda calls: st.builds(
        Ballot,
        trial_id=st.just("t1"),
        seat=st.integers(0, SEAT_COUNT - 1),
        calls=st.just(calls),
        failures=st.integers(0, calls),
    )
)


@given(cast=st.lists(ballots, max_size=12), random=st.randoms(use_true_random=False))
def test_votes_commute(cast: list[Ballot], random: Random) -> None:
    shuffled = random.sample(cast, len(cast))

    assert counted(shuffled) == counted(cast)


@given(cast=st.lists(ballots, max_size=12))
def test_votes_add_up(cast: list[Ballot]) -> None:
    trial = counted(cast)

    assert trial.calls == sum(each.calls for each in cast)
    assert trial.failures == sum(each.failures for each in cast)
    assert trial.voters == {each.seat for each in cast}
    assert trial.accusers == {each.seat for each in cast if each.failures}
    assert (trial.id, trial.opened_at) == ("t1", NOON)


@given(cast=st.lists(ballots, max_size=12), seat=st.integers(0, SEAT_COUNT - 1))
def test_a_failure_never_speaks_for_the_dependency_nor_a_success_against_it(
    cast: list[Ballot], seat: int
) -> None:
    trial = counted(cast)

    assert severity(trial.with_vote(ballot(seat, failures=1))) >= severity(trial)
    assert severity(trial.with_vote(ballot(seat))) <= severity(trial)


@pytest.mark.parametrize(
    "wrong",
    [Ballot("t2", 1, 1, 0), Ballot("t1", 1, 1, 2), Ballot("t1", 1, 1, -1)],
    ids=["another trial's", "more failures than calls", "fewer than none"],
)
def test_a_ballot_that_makes_no_sense_is_not_counted(wrong: Ballot) -> None:
    with pytest.raises(AssertionError):
        TRIAL.with_vote(wrong)


def test_a_trial_lives_for_so_long() -> None:
    assert TRIAL.is_live(END - TICK, LIMITS)
    assert not TRIAL.is_live(END, LIMITS)


@pytest.mark.parametrize("trial", [TRIAL, accused(9)], ids=["undecided", "outage"])
def test_a_trial_without_an_acquittal_is_followed_by_the_next_when_it_is_over(
    trial: Trial,
) -> None:
    assert not trial.may_be_followed(RESTED, LIMITS)
    assert not trial.may_be_followed(END - TICK, LIMITS)
    assert trial.may_be_followed(END, LIMITS)


def test_after_an_acquittal_there_is_a_rest_before_the_next_trial() -> None:
    acquitted = TRIAL.with_vote(ballot(1, calls=6))

    assert not acquitted.may_be_followed(RESTED - TICK, LIMITS)
    assert acquitted.may_be_followed(RESTED, LIMITS)


def ended(random: Random, rate: float, limits: Limits) -> Verdict:
    trial = TRIAL
    while trial.verdict(OLD_ENOUGH, limits) is Verdict.UNDECIDED:
        seat, failures = random.randrange(SEAT_COUNT), int(random.random() < rate)
        trial = trial.with_vote(ballot(seat, failures=failures))
    return trial.verdict(OLD_ENOUGH, limits)


def test_verdicts_are_wrong_no_more_often_than_the_limits_say() -> None:
    limits = Limits(quorum_count=1, false_trip_chance=0.01, missed_outage_chance=0.05)
    random = Random(1)  # noqa: S311  # A workload, not a secret.
    tolerated = [ended(random, limits.tolerated_rate, limits) for _ in range(3000)]
    outages = [ended(random, limits.outage_rate, limits) for _ in range(3000)]

    # Wald's bounds are not exact, and 3,000 is a sample: half as much again is the most.
    assert 0 < tolerated.count(Verdict.OUTAGE) <= 45
    assert 0 < outages.count(Verdict.WELL) <= 225
