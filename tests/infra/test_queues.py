"""The queues: encrypted, for our own senders, and each message ends where people find it."""

import pytest

from tests.infra.template import Properties, Template, as_list, in_words

FILLED_BY_RULES = ("AnomalyEvents", "AnomalyEventsDead", "WebhookEvents", "WebhookEventsDead")
WORK = {"AnomalyEvents", "PaymentQueue", "WebhookDeliveries", "WebhookEvents"}
DEAD = {
    "AccountQuarantine",
    "AccountStreamExpired",
    "CircuitQuarantine",
    "CircuitStreamExpired",
    "LedgerQuarantine",
    "LedgerStreamExpired",
    "PaymentQuarantine",
    "PaymentQueueDead",
    "PaymentStreamExpired",
    "ReportQuarantine",
    "ReportStreamExpired",
    "RunsFailed",
    "SweepsFailed",
    "WebhookDeliveriesDead",
    "AnomalyEventsDead",
    "WebhookEventsDead",
}

DAY_S = 24 * 3600


@pytest.fixture
def queues(service: Template) -> dict[str, Properties]:
    return service.all("AWS::SQS::Queue")


@pytest.fixture
def payments(queues: dict[str, Properties]) -> Properties:
    return queues["PaymentQueue"]


def test_every_queue_is_encrypted_with_our_key(queues: dict[str, Properties]) -> None:
    assert set(queues) == WORK | DEAD
    for queue in queues.values():
        assert in_words(queue["KmsMasterKeyId"]) == "Key.Arn"


def test_every_queue_refuses_what_is_not_encrypted_on_its_way(service: Template) -> None:
    refusing = {
        in_words(statement["Resource"])
        for policy in service.all("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert refusing == {f"{name}.Arn" for name in WORK | DEAD}


def test_what_nobody_could_handle_is_kept_as_long_as_sqs_allows(
    queues: dict[str, Properties],
) -> None:
    for name in DEAD:
        assert queues[name]["MessageRetentionPeriod"] == 14 * DAY_S


def test_each_queue_is_an_output(service: Template) -> None:
    named = {name for name in service.body["Outputs"] if name.startswith("Queue")}

    assert named == {f"Queue{name}" for name in WORK | DEAD}


def test_payments_wait_two_days_and_are_set_aside_after_five_attempts(
    payments: Properties,
) -> None:
    assert payments["MessageRetentionPeriod"] == 2 * DAY_S
    assert payments["RedrivePolicy"]["maxReceiveCount"] == 5
    assert in_words(payments["RedrivePolicy"]["deadLetterTargetArn"]) == "PaymentQueueDead.Arn"


def test_a_batch_comes_again_only_when_its_worker_is_long_gone(
    payments: Properties, service: Template
) -> None:
    worker = service.functions()["PaymentWorker"]

    assert payments["VisibilityTimeout"] == 6 * worker["Timeout"]


def test_the_worker_gets_batches_and_says_what_has_to_come_again(service: Template) -> None:
    mapping = service.mapping("PaymentWorker")

    assert in_words(mapping["EventSourceArn"]) == "PaymentQueue.Arn"
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_no_batch_is_refused_for_want_of_an_execution(service: Template) -> None:
    mapping = service.mapping("PaymentWorker")
    reserved = service.body["Mappings"]["Concurrency"]["PaymentWorker"]["aws"]

    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert reserved > mapping["ScalingConfig"]["MaximumConcurrency"]


def test_the_worker_waits_for_the_permissions_that_lambda_tries_at_once(service: Template) -> None:
    waiting = service.what_waits_for("PaymentWorkerRoleDefaultPolicy")

    assert "AWS::Lambda::EventSourceMapping" in waiting


def test_only_our_rules_send_to_a_queue_by_the_queues_own_policy(service: Template) -> None:
    allowed = {
        (in_words(statement["Resource"]), in_words(statement["Principal"]["Service"]), action)
        for policy in service.all("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }

    assert allowed == {
        (f"{name}.Arn", "events.amazonaws.com", "sqs:SendMessage")
        for name in ("RunsFailed", "SweepsFailed", *FILLED_BY_RULES)
    }
