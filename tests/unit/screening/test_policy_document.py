"""What was laid down is read again as it was, and what makes no sense is refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.screening.policy import Policy
from evenkeel.screening.policy_document import policy_document, read_policy
from evenkeel.screening.quota import Bucket
from evenkeel.screening.rules import (
    DuplicateAmount,
    FailedStreak,
    LargeAmount,
    Mode,
    Rules,
    Velocity,
)

modes = st.sampled_from(Mode)
buckets = st.builds(Bucket, st.floats(0.1, 10_000), st.integers(1, 100_000))
counts, spans = st.integers(2, 50), st.integers(1, 3600)
policies = st.builds(
    Policy,
    reads=buckets,
    writes=buckets,
    rules=st.builds(
        Rules,
        st.builds(Velocity, counts, spans, modes),
        st.builds(
            LargeAmount,
            st.integers(1, 10**9),
            st.dictionaries(st.sampled_from(["USD", "JPY", "KWD"]), st.integers(1, 10**15)),
            modes,
        ),
        st.builds(FailedStreak, st.integers(1, 19), modes),
        st.builds(DuplicateAmount, counts, spans, modes),
    ),
)


@given(policies)
def test_a_policy_is_read_as_it_was_written(policy: Policy) -> None:
    assert read_policy(json.loads(json.dumps(policy_document(policy)))) == policy


def test_what_is_left_out_is_as_for_everybody() -> None:
    assert read_policy({}) == Policy()
    read = read_policy({"rules": {"velocity": {"count": 8, "mode": "shadow"}}})

    assert read == Policy(rules=Rules(velocity=Velocity(count=8, mode=Mode.SHADOW)))


@pytest.mark.parametrize(
    "document",
    [
        {"rulez": {}},
        {"rules": {"speed": {}}},
        {"rules": {"velocity": {"counts": 5}}},
        {"rules": {"velocity": {"mode": "maybe"}}},
        {"rules": {"velocity": {"count": "5"}}},
        {"rules": {"velocity": {"count": 51}}},
        {"rules": {"large_amount": {"over_minor": {"XXQ": 1}}}},
        {"rules": {"large_amount": {"over_minor": 5}}},
        {"rules": 5},
        {"writes": {"per_s": 5}},
        {"writes": {"per_s": "5", "burst_count": 1}},
        {"writes": {"per_s": 5, "burst_count": None}},
        {"writes": {"per_s": 5, "burst_count": 1.5}},
        [],
        5,
        None,
    ],
)
def test_what_makes_no_sense_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_policy(document)
