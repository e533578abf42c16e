"""What hears of attacks, and what shows them: bus -> AnomalyEvents -> anomaly_scorer -> people."""

from collections.abc import Callable

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.alerts import AlertTopic
from infra.constructs.bus import Bus
from infra.constructs.cache import Cache
from infra.constructs.function import Function
from infra.constructs.queue import WorkQueue
from infra.constructs.subscription import subscribe
from infra.stacks.data import DataStack

RULE_NAME = "evenkeel-anomalies"

# What shows an attack.
EVENTS = [
    "PaymentCreated",
    "PaymentFlagged",
    "PaymentAuthorized",
    "PaymentCompleted",
    "PaymentFailed",
]
# An attack of which nobody has heard in a day is history.
RETENTION = Duration.days(1)
STANDSTILL = Duration.minutes(5)
# Fewer than are reserved: a batch that Lambda refuses counts as an attempt of its messages.
SCORER_COUNT_MAX = 10


class Anomalies:
    """Its parts are the stack's own, so that functions and queues are named as all others are."""

    def __init__(
        self,
        scope: Construct,
        *,
        function: Callable[..., Function],
        data: DataStack,
        cache: Cache,
        bus: Bus,
        alerts: AlertTopic,
        key: kms.IKey,
    ) -> None:
        self.api = function("anomalies_api", timeout_s=10)
        self._serve(self.api, data, cache)
        scorer = function("anomaly_scorer", timeout_s=30, memory_mb=512)
        cache.accept_from(scorer)
        scorer.use(data.clients, "GetItem")
        scorer.use(data.checkpoints, "PutItem")
        scorer.use(data.learned, "GetItem", "PutItem")
        scorer.use(data.payments, "UpdateItem")
        alerts.accept_from(scorer)
        queue = WorkQueue(
            scope,
            "AnomalyEvents",
            key=key,
            retention=RETENTION,
            standstill=STANDSTILL,
            worker=scorer,
        )
        queue.feed(scorer, concurrency_max=SCORER_COUNT_MAX)
        pattern = {"source": ["payments"], "detail-type": EVENTS}
        subscribe(scope, queue, bus=bus, rule_name=RULE_NAME, pattern=pattern)

    def _serve(self, api: Function, data: DataStack, cache: Cache) -> None:
        cache.accept_from(api)
        api.use(data.payments, "BatchGetItem", queries=["by_flag"])
        api.use(data.clients, "GetItem")
