"""SQS queues of ours: for work that waits, and for what could not be handled."""

from aws_cdk import Acknowledgment, CfnOutput, Duration, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alerts import AlertTopic
from infra.constructs.function import Function

BATCH_COUNT_MAX = 10
ATTEMPT_COUNT_MAX = 5

PERIOD = Duration.minutes(1)
MAXIMUM = cloudwatch.Stats.MAXIMUM

# A batch that was cut off must not come again while the first one may still be at work.
TIMEOUTS_UNTIL_VISIBLE = 6


class Queue(sqs.Queue):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        retention: Duration,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            retention_period=retention,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
        )
        self._key = key
        CfnOutput(scope, f"Queue{id_}", value=self.queue_url)

    def accept_from(self, sender: Function) -> None:
        self._serve(sender, "sqs:SendMessage")

    def accept_from_rules(self) -> None:
        """Let EventBridge use the key; the policy of the queue itself is made by the rule."""
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                # Without a condition on the source: AWS does not support one where EventBridge
                # sends to an encrypted topic, and does not say that it does for a queue. Which
                # rule may send is in the policy of the queue.
                resources=["*"],
            )
        )

    def alarm(self, id_: str, description: str, metric: cloudwatch.Metric, *, above: float) -> None:
        """Have people told when the metric is above that in any minute."""
        alarm = cloudwatch.Alarm(
            self,
            id_,
            alarm_description=description,
            metric=metric,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold=above,
            evaluation_periods=1,
            # A queue that nobody has used for six hours reports nothing: it is empty. A rule that
            # has failed at nothing reports nothing.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        AlertTopic.of(self).hear_of(alarm)

    def _serve(self, function: Function, *actions: str) -> None:
        function.allow(actions, [self.queue_arn])
        function.allow(["kms:Decrypt", "kms:GenerateDataKey"], [self._key.key_arn])


class DeadLetterQueue(Queue):
    """It keeps as long as SQS allows, and whatever is in it is an alarm."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey) -> None:
        super().__init__(scope, id_, key=key, retention=Duration.days(14))
        self._alarm()
        Validations.of(self).acknowledge(
            *(
                Acknowledgment(
                    id=rule, reason="It is itself where messages end: people read it, nothing else"
                )
                for rule in ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy")
            )
        )

    def _alarm(self) -> None:
        self.alarm(
            "NotEmpty",
            f"{self.node.id} holds what nobody could handle: somebody must look",
            self.metric_approximate_number_of_messages_visible(period=PERIOD, statistic=MAXIMUM),
            above=0,
        )


class WorkQueue(Queue):
    """Messages for one function, and beside it a queue for those that failed too often.

    What waits longer than *standstill*, delays and attempts included, waits for a worker
    that does not come.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        retention: Duration,
        standstill: Duration,
        worker: Function,
    ) -> None:
        self.dead = DeadLetterQueue(scope, f"{id_}Dead", key=key)
        super().__init__(
            scope,
            id_,
            key=key,
            retention=retention,
            visibility_timeout=Duration.seconds(TIMEOUTS_UNTIL_VISIBLE * worker.timeout_s),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead, max_receive_count=ATTEMPT_COUNT_MAX
            ),
        )
        self.alarm(
            "Standstill",
            f"{self.node.id} is not worked off",
            self.metric_approximate_age_of_oldest_message(period=PERIOD, statistic=MAXIMUM),
            above=standstill.to_seconds(),
        )

    def feed(
        self, worker: Function, *, concurrency_max: int, batch_count: int = BATCH_COUNT_MAX
    ) -> None:
        """Have the worker called with batches, of which it says what has to come again."""
        self._serve(worker, "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=worker.name,
            event_source_arn=self.queue_arn,
            batch_size=batch_count,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=concurrency_max
            ),
        )
        # Lambda tries the permissions when the mapping is made.
        mapping.node.add_dependency(worker.role)
        Validations.of(mapping).acknowledge(
            Acknowledgment(
                id="Serverless-LambdaEventSourceMappingDestination",
                reason="SQS moves what failed too often by the redrive policy of the queue",
            )
        )
