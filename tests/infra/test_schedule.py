"""What is called by time: it is not made up for, and what came to nothing is in a queue."""

import json

import pytest

from infra.concurrency import CONCURRENCY
from infra.constructs.reconciliation import PASSES
from tests.infra.template import Properties, Template, in_words


def run(pass_: str) -> dict[str, str]:
    return {"command": "schedule", "pass": pass_, "at": "<its time>"}


RULES = {
    "SweepsRule": ("rate(1 minute)", "Sweeper", {"command": "sweep"}),
    "RunsRecent": ("rate(5 minutes)", "Reconciliation", run("recent")),
    "RunsDay": ("rate(1 hour)", "Reconciliation", run("day")),
    "RunsAll": ("cron(10 2 * * ? *)", "Reconciliation", run("all")),
}
LATE_AFTER_S = {"Sweeper": 60, "Reconciliation": 300, "ReconciliationManual": 300}
FAILED = {
    "Sweeper": "SweepsFailed",
    "Reconciliation": "RunsFailed",
    "ReconciliationManual": "RunsFailed",
}
each_rule = pytest.mark.parametrize("name", RULES)
each_function = pytest.mark.parametrize("function", FAILED)


@pytest.fixture
def rules(service: Template) -> dict[str, Properties]:
    found = service.all("AWS::Events::Rule").items()
    return {name: each for name, each in found if "ScheduleExpression" in each}


def target_of(rule: Properties) -> Properties:
    [found] = rule["Targets"]
    return dict(found)


def event_of(target: Properties) -> dict[str, str]:
    """Return what a rule calls with; what comes from its own event is put in words."""
    if "Input" in target:
        return dict(json.loads(target["Input"]))
    transformer = target["InputTransformer"]
    [(name, path)] = transformer["InputPathsMap"].items()
    assert path == "$.time"
    return dict(json.loads(transformer["InputTemplate"].replace(f"<{name}>", '"<its time>"')))


def asynchronous(service: Template, function: str) -> Properties:
    [found] = [
        each
        for each in service.all("AWS::Lambda::EventInvokeConfig").values()
        if in_words(each["FunctionName"]) == f"{function}Function"
    ]
    return found


def test_there_are_no_other_rules(rules: dict[str, Properties]) -> None:
    assert set(rules) == set(RULES)


@each_rule
def test_a_rule_asks_as_an_operator_does(rules: dict[str, Properties], name: str) -> None:
    when, function, event = RULES[name]
    rule, target = rules[name], target_of(rules[name])

    assert (rule["ScheduleExpression"], rule["State"]) == (when, "ENABLED")
    assert in_words(target["Arn"]) == f"{function}Function.Arn"
    assert event_of(target) == event


def test_what_clients_ask_for_takes_nothing_from_the_schedule(service: Template) -> None:
    functions = service.functions()
    asked = functions["ReconciliationApi"]["Environment"]["Variables"]["RECONCILIATION_FUNCTION"]

    assert in_words(asked) == "ReconciliationManualFunction"
    assert CONCURRENCY["reconciliation"]["aws"] >= len(PASSES)
    for name in ("Reconciliation", "ReconciliationManual"):
        assert "ReservedConcurrentExecutions" in functions[name]


def test_a_sweep_is_over_before_the_next_one(service: Template) -> None:
    assert service.functions()["Sweeper"]["Timeout"] < 60


@each_rule
def test_a_call_that_is_late_is_left_to_the_next_one(
    service: Template, rules: dict[str, Properties], name: str
) -> None:
    _, function, _ = RULES[name]
    late_after_s, lambdas = LATE_AFTER_S[function], asynchronous(service, function)

    assert target_of(rules[name])["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": late_after_s,
        "MaximumRetryAttempts": 1,
    }
    assert lambdas["MaximumEventAgeInSeconds"] == late_after_s
    assert lambdas["MaximumRetryAttempts"] == 0


@each_rule
def test_a_call_that_fails_is_in_a_queue_wherever_it_failed(
    service: Template, rules: dict[str, Properties], name: str
) -> None:
    _, function, _ = RULES[name]
    lambdas = asynchronous(service, function)
    at_lambda = lambdas["DestinationConfig"]["OnFailure"]["Destination"]

    assert in_words(target_of(rules[name])["DeadLetterConfig"]["Arn"]) == f"{FAILED[function]}.Arn"
    assert in_words(at_lambda) == f"{FAILED[function]}.Arn"
    assert lambdas["Qualifier"] == "$LATEST"


@each_function
def test_it_waits_for_the_permissions_that_lambda_tries_at_once(
    service: Template, function: str
) -> None:
    waiting = service.what_waits_for(f"{function}RoleDefaultPolicy")

    assert "AWS::Lambda::EventInvokeConfig" in waiting


def test_nothing_else_is_called_without_waiting_for_its_answer(service: Template) -> None:
    """Every other function's reason to have no dead-letter queue is that."""
    called = {
        in_words(each["FunctionName"])
        for each in service.all("AWS::Lambda::Permission").values()
        if each["Principal"] != "apigateway.amazonaws.com"
    }

    assert called == {f"{function}Function.Arn" for function in FAILED} - {
        # Its callers want no answer either, and are not rules.
        "ReconciliationManualFunction.Arn"
    }


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
