"""One function that reads one table's stream, in order and to the last record."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alerts import AlertTopic
from infra.constructs.function import Function
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.table import Table

BATCH_COUNT_MAX = 48
BATCH_WAIT = Duration.seconds(1)

# Streams keep 24 hours. What is older than this goes to the queue while it can still be read.
RECORD_AGE_MAX = Duration.hours(20)
UNLIMITED = -1

# A batch waits a second, and a failed one comes again within a minute. A reader that is so far
# behind does not get on, and somebody has 20 hours to find out why.
BEHIND = Duration.minutes(5)
BEHIND_PERIOD_COUNT = 3


class StreamReader(Construct):
    """A failed batch comes again from its first record, until it is done or too old.

    Neither bisected nor partly accepted: the reader sets aside by itself what it cannot read,
    so a batch fails only as a whole, for want of its tables or the bus.
    """

    def __init__(
        self, scope: Construct, name: str, *, table: Table, reader: Function, key: kms.IKey
    ) -> None:
        super().__init__(scope, f"{name}StreamReader")
        quarantine = DeadLetterQueue(scope, f"{name}Quarantine", key=key)
        quarantine.accept_from(reader)
        reader.tell("QUARANTINE_QUEUE_URL", quarantine.queue_url)
        expired = DeadLetterQueue(scope, f"{name}StreamExpired", key=key)
        expired.accept_from(reader)
        self._read(table, reader, expired)
        self._alarm(reader)

    def _read(self, table: Table, reader: Function, expired: DeadLetterQueue) -> None:
        stream_arn = table.table_stream_arn
        assert stream_arn, "the table has no stream"
        reader.allow(
            [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            [stream_arn],
        )
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=reader.name,
            event_source_arn=stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=BATCH_COUNT_MAX,
            maximum_batching_window_in_seconds=BATCH_WAIT.to_seconds(),
            maximum_record_age_in_seconds=RECORD_AGE_MAX.to_seconds(),
            maximum_retry_attempts=UNLIMITED,
            bisect_batch_on_function_error=False,
            parallelization_factor=1,
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(
                    destination=expired.queue_arn
                )
            ),
        )
        # Lambda tries the permissions when the mapping is made.
        mapping.node.add_dependency(reader.role)

    def _alarm(self, reader: Function) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "Behind",
            alarm_description=f"{reader.node.id} does not get on with its stream",
            metric=reader.resource.metric(
                "IteratorAge", period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold=BEHIND.to_milliseconds(),
            evaluation_periods=BEHIND_PERIOD_COUNT,
            # One that is not called reports nothing, be it that there is nothing to read or that
            # its mapping is switched off. Only people can tell: see the runbook in docs/events.md.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        AlertTopic.of(self).hear_of(alarm)
