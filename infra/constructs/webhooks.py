"""Webhooks: the API of those who own them, and the way from the bus to a receiver.

bus -> WebhookEvents -> webhooks -> WebhookDeliveries -> webhook_sender -> the internet
"""

from collections.abc import Callable

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.alerts import AlertTopic
from infra.constructs.bus import Bus
from infra.constructs.function import Function
from infra.constructs.queue import WorkQueue
from infra.constructs.subscription import subscribe
from infra.constructs.table import Table

# Where clients' events are; those of our own reliability are told to nobody outside.
SOURCES = ["payments", "ledger"]

# Longer than any outage of ours that we mean to survive without losing an event.
RETENTION = Duration.days(7)

# Nothing in the first queue is delayed. In the second one it is for up to 15 minutes, and receivers
# that take their time hold up those behind them.
EVENTS_STANDSTILL = Duration.minutes(15)
DELIVERIES_STANDSTILL = Duration.hours(1)

RULE_NAME = "evenkeel-webhooks"

FAN_OUT_COUNT_MAX = 8
# Fewer than are reserved: a message that Lambda refuses counts as an attempt of it.
SENDER_COUNT_MAX = 16
# A delivery takes up to ten seconds, and none is to wait for another one's receiver.
SENDER_BATCH_COUNT = 1


class Webhooks:
    """Its parts are the stack's own, so that functions and queues are named as all others are."""

    def __init__(
        self,
        scope: Construct,
        *,
        function: Callable[..., Function],
        endpoints: Table,
        deliveries: Table,
        clients: Table,
        bus: Bus,
        alerts: AlertTopic,
        key: kms.IKey,
        reach: str,
    ) -> None:
        self._endpoints = endpoints
        self._deliveries = deliveries
        sender = function("webhook_sender", timeout_s=45, memory_mb=512, faces_internet=True)
        self._queue = WorkQueue(
            scope,
            "WebhookDeliveries",
            key=key,
            retention=RETENTION,
            standstill=DELIVERIES_STANDSTILL,
            worker=sender,
        )
        self._send_with(sender, alerts, reach)
        self._fan_out(scope, function("webhooks", timeout_s=30, memory_mb=512), bus, key)
        self.api = function("webhooks_api", timeout_s=20)
        self._serve(self.api, clients, reach)

    def _serve(self, api: Function, clients: Table, reach: str) -> None:
        api.use(self._endpoints, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        api.use(self._deliveries, "BatchGetItem", "GetItem", "UpdateItem", queries=["by_endpoint"])
        api.use(clients, "GetItem")
        api.tell("WEBHOOK_REACH", reach)
        self._may_queue(api)

    def _fan_out(self, scope: Construct, worker: Function, bus: Bus, key: kms.IKey) -> None:
        worker.use(self._endpoints, "BatchGetItem", "GetItem")
        worker.use(self._deliveries, "PutItem")
        self._may_queue(worker)
        queue = WorkQueue(
            scope,
            "WebhookEvents",
            key=key,
            retention=RETENTION,
            standstill=EVENTS_STANDSTILL,
            worker=worker,
        )
        queue.feed(worker, concurrency_max=FAN_OUT_COUNT_MAX)
        subscribe(scope, queue, bus=bus, rule_name=RULE_NAME, pattern={"source": SOURCES})

    def _send_with(self, sender: Function, alerts: AlertTopic, reach: str) -> None:
        sender.use(self._endpoints, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        sender.use(self._deliveries, "GetItem", "UpdateItem")
        sender.tell("WEBHOOK_REACH", reach)
        alerts.accept_from(sender)
        self._queue.feed(sender, concurrency_max=SENDER_COUNT_MAX, batch_count=SENDER_BATCH_COUNT)
        # What is not due yet, and what has to be tried again, is a new message.
        self._may_queue(sender)

    def _may_queue(self, function: Function) -> None:
        self._queue.accept_from(function)
        function.tell("WEBHOOK_DELIVERY_QUEUE_URL", self._queue.queue_url)
