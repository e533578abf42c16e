"""Alarms and alerts: a message that nobody could handle reaches a person, by one topic."""

from typing import Any

import pytest

from evenkeel.adapters.telemetry.metrics import NAMESPACE
from evenkeel.adapters.telemetry.run_watch import COMPLETED
from evenkeel.reconciliation.run import Scope
from tests.infra.template import Properties, Template, as_list, in_words

ALARM = "AWS::CloudWatch::Alarm"


@pytest.fixture
def alarms(service: Template) -> dict[str, Properties]:
    return service.all(ALARM)


@pytest.fixture
def statements(service: Template) -> list[dict[str, Any]]:
    [policy] = service.all("AWS::SNS::TopicPolicy").values()
    return list(policy["PolicyDocument"]["Statement"])


def dead_letter_queues(service: Template) -> set[str]:
    """All that nothing is moved on from: what is in there is there to stay."""
    queues = service.all("AWS::SQS::Queue")
    return {name for name, queue in queues.items() if "RedrivePolicy" not in queue}


def watched(alarms: dict[str, Properties], metric: str) -> dict[str, Properties]:
    """Return the alarms on a metric of queues, by the queue."""
    return {
        in_words(dimension["Value"]).removesuffix(".QueueName"): each
        for each in alarms.values()
        if each["MetricName"] == metric
        for dimension in each.get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }


def test_every_queue_whose_messages_are_not_worked_off_is_an_alarm(
    service: Template, alarms: dict[str, Properties]
) -> None:
    still = watched(alarms, "ApproximateAgeOfOldestMessage")

    assert set(still) == set(service.all("AWS::SQS::Queue")) - dead_letter_queues(service)
    assert {name: each["Threshold"] for name, each in still.items()} == {
        "AnomalyEvents": 5 * 60,
        "WebhookEvents": 15 * 60,
        "PaymentQueue": 30 * 60,
        "WebhookDeliveries": 60 * 60,
    }


@pytest.mark.parametrize("name", ["AnomalyEvents", "WebhookEvents"])
def test_an_event_that_a_rule_cannot_put_into_its_queue_is_an_alarm(
    service: Template, alarms: dict[str, Properties], name: str
) -> None:
    rule = service.all("AWS::Events::Rule")[f"{name}Rule"]
    of_rules = {
        each["MetricName"]: each
        for each in alarms.values()
        if each["Namespace"] == "AWS/Events"
        and {"Name": "RuleName", "Value": rule["Name"]} in each["Dimensions"]
    }

    assert set(of_rules) == {"FailedInvocations", "InvocationsFailedToBeSentToDlq"}
    for each in of_rules.values():
        assert {one["Name"]: in_words(one["Value"]) for one in each["Dimensions"]} == {
            "EventBusName": "Bus",
            "RuleName": rule["Name"],
        }
        assert (each["ComparisonOperator"], each["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (each["Statistic"], each["Period"], each["EvaluationPeriods"]) == ("Sum", 60, 1)


def test_every_queue_where_messages_end_has_an_alarm(
    service: Template, alarms: dict[str, Properties]
) -> None:
    ends = watched(alarms, "ApproximateNumberOfMessagesVisible")

    assert dead_letter_queues(service) == set(ends)
    for each in ends.values():
        assert (each["ComparisonOperator"], each["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (each["Statistic"], each["Period"], each["EvaluationPeriods"]) == ("Maximum", 60, 1)


@pytest.mark.parametrize(
    ("scope", "period_s", "count"), [("changes", 900, 1), ("everything", 3600, 26)]
)
def test_a_run_that_was_not_completed_is_an_alarm_and_so_is_no_number_at_all(
    alarms: dict[str, Properties], scope: str, period_s: int, count: int
) -> None:
    [alarm] = [
        each
        for each in alarms.values()
        if each.get("Dimensions") == [{"Name": "scope", "Value": scope}]
    ]

    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, COMPLETED)
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == (
        "Sum",
        period_s,
        count,
    )
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_only_where_metrics_are_found_in_logs_they_can_be_missed(service: Template) -> None:
    """An emulator would raise the alarms for ever: it finds none."""
    missed = [
        each
        for each in service.resources.values()
        if each["Type"] == ALARM and each["Properties"]["MetricName"] == COMPLETED
    ]

    assert {scope.value for scope in Scope} == {
        each["Properties"]["Dimensions"][0]["Value"] for each in missed
    }
    assert {each["Condition"] for each in missed} == {"OnAws"}


def test_every_alarm_tells_the_topic(alarms: dict[str, Properties]) -> None:
    assert alarms
    for each in alarms.values():
        assert [in_words(action) for action in each["AlarmActions"]] == ["Alerts"]
        assert each["AlarmDescription"]


def test_the_topic_has_the_name_that_was_promised_and_is_encrypted(service: Template) -> None:
    [topic] = service.all("AWS::SNS::Topic").values()

    assert topic["TopicName"] == "evenkeel-alerts"
    assert in_words(topic["KmsMasterKeyId"]) == "Key.Arn"
    assert set(service.body["Outputs"]) >= {"TopicAlerts"}


def test_the_topic_refuses_what_is_not_encrypted_on_its_way(
    statements: list[dict[str, Any]],
) -> None:
    [refused] = [each for each in statements if each["Effect"] == "Deny"]

    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refused["Principal"] == "*" or refused["Principal"] == {"AWS": "*"}


def test_only_alarms_of_this_account_publish_by_the_topics_own_policy(
    statements: list[dict[str, Any]],
) -> None:
    [allowed] = [each for each in statements if each["Effect"] == "Allow"]

    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert as_list(allowed["Action"]) == ["sns:Publish"]
    assert is_ours(allowed["Condition"])


def test_alarms_may_use_the_key_of_the_topic(service: Template) -> None:
    """Or CloudWatch's messages to it would be lost without a word."""
    [key] = service.all("AWS::KMS::Key").values()
    [usage] = [
        each
        for each in key["KeyPolicy"]["Statement"]
        if each["Principal"].get("Service") == "cloudwatch.amazonaws.com"
    ]

    assert set(usage["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert is_ours(usage["Condition"])


def is_ours(condition: dict[str, Any]) -> bool:
    source = in_words(condition["ArnLike"]["aws:SourceArn"])
    return (
        condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        and source == "arn:AWS::Partition:cloudwatch:AWS::Region:AWS::AccountId:alarm:*"
    )
