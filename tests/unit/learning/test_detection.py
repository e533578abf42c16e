"""Attacks are found in generated histories, and honest peaks are left alone."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from evenkeel.person import Person
from tests.bench.detection_judges import Learned
from tests.bench.detection_stories import history
from tests.bench.detection_users import TEST_BEGINS

# What is required is somewhat less than what is reached.
RECALLS = {
    "card testing": 0.85,
    "patient card testing": 0.65,
    "testing by new accounts": 0.5,
    "account takeover": 0.8,
    "merchant bust-out": 0.25,
}
FALSE_SHARES = {"ordinary": 0.004, "salary day": 0.015, "holiday peak": 0.005, "newcomers": 0.01}


@dataclass
class Found:
    payments: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    victims: Mapping[str, dict[Person, bool]] = field(default_factory=lambda: defaultdict(dict))

    def share(self, kind: str) -> float:
        return self.flagged[kind] / self.payments[kind]


@pytest.fixture(scope="module")
def found() -> Found:
    found, judge = Found(), Learned()
    for each in history(seed=11, user_count=80):
        is_flagged = bool(judge.judge(each.occurrence).is_flagged)
        if each.occurrence.at < TEST_BEGINS:
            continue
        found.payments[each.kind] += 1
        found.flagged[each.kind] += is_flagged
        victims, person = found.victims[each.kind], each.occurrence.person
        victims[person] = victims.get(person, False) or is_flagged
    return found


@pytest.mark.parametrize("kind", RECALLS)
def test_an_attack_is_found(kind: str, found: Found) -> None:
    assert found.share(kind) >= RECALLS[kind]


@pytest.mark.parametrize("kind", ["card testing", "patient card testing", "account takeover"])
def test_nearly_every_victim_is_found(kind: str, found: Found) -> None:
    victims: Sequence[bool] = list(found.victims[kind].values())

    assert len(victims) == 8
    assert sum(victims) >= 7


@pytest.mark.parametrize("kind", FALSE_SHARES)
def test_what_is_honest_is_left_alone(kind: str, found: Found) -> None:
    assert found.payments[kind] > 200
    assert found.share(kind) <= FALSE_SHARES[kind]


def test_every_kind_is_looked_at(found: Found) -> None:
    assert set(found.payments) == {*RECALLS, *FALSE_SHARES}
