"""A reason that comes later joins those that are known."""

from evenkeel.events.model import Severity
from evenkeel.screening.anomaly import CLEAR, SEVERITIES, UNKNOWN, Anomaly, AnomalyStatus, Rule


def test_a_later_reason_flags_what_was_clear_or_unknown() -> None:
    for before in (CLEAR, UNKNOWN):
        after = before.with_reason(Rule.UNUSUAL_BEHAVIOUR)

        assert after.is_flagged
        assert after.reasons == (Rule.UNUSUAL_BEHAVIOUR,)
        assert after.severity is Severity.MEDIUM


def test_a_reason_is_given_once_and_lowers_nothing() -> None:
    high = Anomaly(AnomalyStatus.FLAGGED, (Rule.VELOCITY_EXCEEDED,))

    after = high.with_reason(Rule.UNUSUAL_BEHAVIOUR).with_reason(Rule.UNUSUAL_BEHAVIOUR)

    assert after.reasons == (Rule.VELOCITY_EXCEEDED, Rule.UNUSUAL_BEHAVIOUR)
    assert after.severity is Severity.HIGH


def test_every_rule_has_a_severity() -> None:
    assert set(SEVERITIES) == set(Rule)
