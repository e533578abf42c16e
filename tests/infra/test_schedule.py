"""The sweeps: one a minute, none made up for, and each that came to nothing is in a queue."""

import json

import pytest

from tests.infra.template import Properties, Template, in_words


@pytest.fixture
def rule(service: Template) -> Properties:
    return service.all("AWS::Events::Rule")["SweepsRule"]


@pytest.fixture
def target(rule: Properties) -> Properties:
    [found] = rule["Targets"]
    return dict(found)


@pytest.fixture
def asynchronous(service: Template) -> Properties:
    [found] = service.all("AWS::Lambda::EventInvokeConfig").values()
    return found


def test_a_sweep_is_asked_for_every_minute(rule: Properties, target: Properties) -> None:
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert in_words(target["Arn"]) == "SweeperFunction.Arn"


def test_the_rule_asks_as_an_operator_does(target: Properties) -> None:
    assert json.loads(target["Input"]) == {"command": "sweep"}


def test_a_sweep_is_over_before_the_next_one(service: Template) -> None:
    assert service.functions()["Sweeper"]["Timeout"] < 60


def test_a_sweep_that_is_late_is_left_to_the_next_one(
    target: Properties, asynchronous: Properties
) -> None:
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1}
    assert asynchronous["MaximumEventAgeInSeconds"] == 60
    assert asynchronous["MaximumRetryAttempts"] == 0


def test_a_sweep_that_fails_is_in_a_queue_wherever_it_failed(
    target: Properties, asynchronous: Properties
) -> None:
    at_lambda = asynchronous["DestinationConfig"]["OnFailure"]["Destination"]

    assert in_words(target["DeadLetterConfig"]["Arn"]) == "SweepsFailed.Arn"
    assert in_words(at_lambda) == "SweepsFailed.Arn"
    assert in_words(asynchronous["FunctionName"]) == "SweeperFunction"
    assert asynchronous["Qualifier"] == "$LATEST"


def test_it_waits_for_the_permissions_that_lambda_tries_at_once(service: Template) -> None:
    assert "AWS::Lambda::EventInvokeConfig" in service.what_waits_for("SweeperRoleDefaultPolicy")


def test_nothing_else_is_called_without_waiting_for_its_answer(
    service: Template, asynchronous: Properties
) -> None:
    """Every other function's reason to have no dead-letter queue is that."""
    called = {
        in_words(each["FunctionName"])
        for each in service.all("AWS::Lambda::Permission").values()
        if each["Principal"] != "apigateway.amazonaws.com"
    }

    assert called == {f"{in_words(asynchronous['FunctionName'])}.Arn"}


def test_rules_may_use_the_key_of_the_queues(service: Template) -> None:
    """Without a condition on the source: AWS does not support one for topics, and may not here."""
    [key] = service.all("AWS::KMS::Key").values()
    [usage] = [
        each
        for each in key["KeyPolicy"]["Statement"]
        if each["Principal"].get("Service") == "events.amazonaws.com"
    ]

    assert set(usage["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "Condition" not in usage
