"""A payment is marked before it is learned from, and learned from once, whatever fails between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.baseline_codec import decoded, encoded
from evenkeel.learning.forest_codec import encoded as encoded_forest
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.ports import Kept
from evenkeel.learning.scorer import Scorer
from evenkeel.learning.sharing import Sharing
from evenkeel.screening.anomaly import Unusual
from evenkeel.screening.detection import ATTEMPT_COUNT_MAX, Detection
from evenkeel.screening.policies import KNOWN_FOR, Policies
from evenkeel.screening.policy import Policy
from evenkeel.screening.rules import Mode, Rules, UnusualBehaviour
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.learned import InMemoryBaselineStore, InMemoryModelStore
from tests.fakes.policy_store import InMemoryPolicyStore
from tests.fakes.retry import instant_retry
from tests.fakes.screen_watch import RecordingDetectionWatch, RecordingScreenWatch
from tests.occurrences import ALICE, habit, learned, paid
from tests.places import known

STRANGE = paid(90_000, days=40.6, merchant="elsewhere", payment_id="pay_strange")
USUAL = paid(2_050, days=40, payment_id="pay_usual")


@dataclass
class RecordedMarks:
    marked: list[tuple[str, str, Unusual]] = field(default_factory=list)
    fault: Exception | None = None

    def mark(self, client_id: str, payment_id: str, unusual: Unusual) -> None:
        if self.fault is not None:
            raise self.fault
        self.marked.append((client_id, payment_id, unusual))

    @property
    def ids(self) -> Sequence[str]:
        return [payment_id for _, payment_id, _ in self.marked]


class Office:
    """The detection, with a user whose habits it knows."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.baselines = InMemoryBaselineStore()
        self.baselines.kept[ALICE] = Kept(encoded(learned(habit())), 1)
        self.model = InMemoryModelStore(Kept(encoded_forest(known()), 1))
        self.marks = RecordedMarks()
        self.watch = RecordingDetectionWatch()
        self.policies = InMemoryPolicyStore()
        self.scorer = Scorer()
        self.detection = Detection(
            self.baselines,
            Sharing(self.scorer, self.model, self.clock),
            Policies(self.policies, RecordingScreenWatch(), self.clock),
            self.marks,
            self.watch,
            instant_retry(1),
            self.clock,
        )

    @property
    def baseline(self) -> Baseline:
        return decoded(self.baselines.kept[ALICE].data)

    def lay_down(self, rule: UnusualBehaviour) -> None:
        self.policies.lay_down(ALICE.client_id, Policy(rules=Rules(unusual_behaviour=rule)))

    def has_learned(self, occurrence: Occurrence) -> bool:
        return self.baseline.found_before(occurrence) is not None


@pytest.fixture
def office() -> Office:
    return Office()


def test_what_is_unusual_is_marked_with_its_causes(office: Office) -> None:
    office.detection.hear(STRANGE)

    [(client_id, payment_id, unusual)] = office.marks.marked
    assert (client_id, payment_id, unusual.at) == ("cli_a", "pay_strange", NOON)
    assert 0.5 <= unusual.score <= 1
    assert "amount: 900.00 USD, usually about 20.05 USD" in unusual.causes
    assert [(each.payment_id, mode) for each, _, mode in office.watch.heard] == [
        ("pay_strange", Mode.ON)
    ]


def test_what_is_as_always_is_learned_and_not_marked(office: Office) -> None:
    office.detection.hear(USUAL)

    assert office.has_learned(USUAL)
    assert office.marks.ids == []
    assert office.scorer.has_counted


def test_of_a_user_whom_nobody_knows_a_baseline_is_begun(office: Office) -> None:
    office.baselines.kept.clear()

    office.detection.hear(USUAL)

    assert office.has_learned(USUAL)
    assert office.baselines.kept[ALICE].version == 1


def test_a_payment_that_comes_again_is_marked_again_and_learned_once(office: Office) -> None:
    office.detection.hear(STRANGE)
    once = office.baselines.kept[ALICE]

    office.detection.hear(STRANGE)

    assert office.baselines.kept[ALICE] == once
    assert office.marks.ids == ["pay_strange", "pay_strange"]


def test_what_cannot_be_marked_is_not_learned_until_it_is(office: Office) -> None:
    office.marks.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        office.detection.hear(STRANGE)
    assert not office.has_learned(STRANGE)

    office.marks.fault = None
    office.detection.hear(STRANGE)
    assert office.has_learned(STRANGE)
    assert office.marks.ids == ["pay_strange"]


def test_a_payment_that_is_not_there_is_not_learned_from(office: Office) -> None:
    office.marks.fault = ObjectNotFound()

    with pytest.raises(ObjectNotFound):
        office.detection.hear(STRANGE)

    assert not office.has_learned(STRANGE)


@pytest.mark.parametrize("is_late", [False, True])
def test_whatever_became_of_a_save_the_payment_is_learned_once(
    office: Office, *, is_late: bool
) -> None:
    office.baselines.fault, office.baselines.is_late = StoreUnconfirmed(), is_late
    with pytest.raises(StoreUnconfirmed):
        office.detection.hear(USUAL)
    assert office.has_learned(USUAL) is is_late

    office.detection.hear(USUAL)

    assert office.has_learned(USUAL)
    assert office.baselines.kept[ALICE].version == 2


def test_what_others_learn_meanwhile_is_not_lost(office: Office) -> None:
    other = paid(1_990, days=39.9)
    office.baselines.before_save = lambda: office.detection.hear(other)

    office.detection.hear(USUAL)

    assert office.has_learned(other)
    assert office.has_learned(USUAL)
    assert office.baselines.kept[ALICE].version == 3


def test_who_is_never_first_must_come_again(office: Office) -> None:
    def rival() -> None:
        kept = office.baselines.kept[ALICE]
        office.baselines.kept[ALICE] = Kept(kept.data, kept.version + 1)
        office.baselines.before_save = rival

    office.baselines.before_save = rival
    with pytest.raises(StoreBusy):
        office.detection.hear(USUAL)

    assert office.baselines.kept[ALICE].version == 1 + ATTEMPT_COUNT_MAX
    assert not office.scorer.has_counted


def test_on_trial_it_is_told_of_and_nothing_is_marked(office: Office) -> None:
    office.lay_down(UnusualBehaviour(mode=Mode.SHADOW))

    office.detection.hear(STRANGE)

    assert office.marks.ids == []
    assert [mode for _, _, mode in office.watch.heard] == [Mode.SHADOW]


def test_who_wants_none_of_it_is_learned_all_the_same(office: Office) -> None:
    office.lay_down(UnusualBehaviour(mode=Mode.OFF))

    office.detection.hear(STRANGE)

    assert (office.marks.ids, office.watch.heard) == ([], [])
    assert office.has_learned(STRANGE)


def test_a_client_says_how_sure_the_model_must_be(office: Office) -> None:
    doubtful = paid(6_000, days=40, merchant="elsewhere")  # It is 0.779.
    office.lay_down(UnusualBehaviour(from_percent=78))
    office.detection.hear(doubtful)
    assert office.marks.ids == []

    office.clock.advance(KNOWN_FOR)
    office.lay_down(UnusualBehaviour(from_percent=77))
    office.detection.hear(doubtful)
    assert office.marks.ids == [doubtful.payment_id]


@pytest.mark.parametrize("fault", [StoreBusy(), StoreUnconfirmed()])
def test_without_the_model_of_all_a_user_is_known_by_its_own_habits(
    office: Office, fault: StoreBusy | StoreUnconfirmed
) -> None:
    office.model.fault = fault

    office.detection.hear(USUAL)

    assert office.watch.errors == [fault]
    assert office.has_learned(USUAL)
