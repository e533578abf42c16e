"""The way of an event from the bus to a receiver, and who on it faces the internet."""

import pytest

from evenkeel import bootstrap
from evenkeel.adapters.http.postman import TOTAL_S_MAX
from evenkeel.webhooks.addresses import Reach
from evenkeel.webhooks.delivery import LEASE_FOR
from tests.infra.template import Properties, Template, in_words


@pytest.fixture
def rule(service: Template) -> Properties:
    return service.all("AWS::Events::Rule")["WebhookEventsRule"]


def test_clients_events_go_to_the_queue_of_the_fan_out_and_those_of_our_own_health_to_nobody(
    rule: Properties,
) -> None:
    [target] = rule["Targets"]

    assert in_words(rule["EventBusName"]) == "Bus"
    assert rule["EventPattern"] == {"source": ["payments", "ledger"]}
    assert in_words(target["Arn"]) == "WebhookEvents.Arn"


def test_an_event_that_the_queue_does_not_take_for_a_day_is_kept(rule: Properties) -> None:
    [target] = rule["Targets"]

    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 24 * 3600
    assert in_words(target["DeadLetterConfig"]["Arn"]) == "WebhookEventsDead.Arn"


def test_only_this_rule_may_send_to_the_queue_or_beside_it(service: Template) -> None:
    sources = {
        in_words(each["Resource"]): in_words(each["Condition"]["ArnEquals"]["aws:SourceArn"])
        for policy in service.all("AWS::SQS::QueuePolicy").values()
        for each in policy["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow" and in_words(each["Resource"]).startswith("Webhook")
    }

    assert sources == dict.fromkeys(
        ("WebhookEvents.Arn", "WebhookEventsDead.Arn"), "WebhookEventsRule.Arn"
    )


@pytest.mark.parametrize(
    ("worker", "queue", "batch_count"),
    [("Webhooks", "WebhookEvents", 10), ("WebhookSender", "WebhookDeliveries", 1)],
)
def test_each_queue_feeds_its_worker_and_never_more_than_are_reserved(
    worker: str, queue: str, batch_count: int, service: Template
) -> None:
    mapping = service.mapping(worker)
    reserved = service.body["Mappings"]["Concurrency"][worker]["aws"]

    assert in_words(mapping["EventSourceArn"]) == f"{queue}.Arn"
    assert mapping["BatchSize"] == batch_count
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] < reserved
    visible_after_s = service.all("AWS::SQS::Queue")[queue]["VisibilityTimeout"]
    assert visible_after_s == 6 * service.functions()[worker]["Timeout"]


def test_nobody_else_tries_while_a_sender_may_be_alive(service: Template) -> None:
    timeout_s = service.functions()["WebhookSender"]["Timeout"]

    assert TOTAL_S_MAX < timeout_s < LEASE_FOR.total_seconds()


def test_an_attempt_has_its_time_though_every_call_around_it_is_as_slow_as_it_may_be(
    service: Template,
) -> None:
    call_s, retries_s = bootstrap.call_s_max(), bootstrap.store_retry().total_s_max
    single_s = 2 * call_s  # The trial of an endpoint that is limited, and the claim.
    repeated_s = 3 * (retries_s + call_s)  # The delivery, the endpoint, the next message.
    read_first_s = 3 * (retries_s + 2 * call_s)  # The outcome, the endpoint's health, its end.
    alert_s = bootstrap.bus_retry().total_s_max + call_s
    all_s = single_s + repeated_s + TOTAL_S_MAX + read_first_s + alert_s

    assert all_s < service.functions()["WebhookSender"]["Timeout"]


@pytest.mark.parametrize("name", ["WebhooksApi", "WebhookSender"])
def test_loopback_is_within_reach_on_the_local_stack_only(name: str, service: Template) -> None:
    told = service.functions()[name]["Environment"]["Variables"]["WEBHOOK_REACH"]

    assert told == {"Fn::If": ["OnAws", Reach.PUBLIC.value, Reach.LOCAL.value]}


def test_in_a_vpc_the_sender_alone_is_outside_for_there_is_no_way_out(
    other_service: Template,
) -> None:
    outside = {name for name, each in other_service.functions().items() if "VpcConfig" not in each}

    assert outside == {"WebhookSender"}
