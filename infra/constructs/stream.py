"""One function that reads one table's stream, in order and to the last record."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.function import Function
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.table import Table

BATCH_COUNT_MAX = 48
BATCH_WAIT = Duration.seconds(1)

# Streams keep 24 hours. What is older than this goes to the queue while it can still be read.
RECORD_AGE_MAX = Duration.hours(20)
UNLIMITED = -1


class StreamReader(Construct):
    """A failed batch comes again from its first record, until it is done or too old.

    Neither bisected nor partly accepted: the reader sets aside by itself what it cannot read,
    so a batch fails only as a whole, for want of its tables.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: Table,
        reader: Function,
        expired: DeadLetterQueue,
    ) -> None:
        super().__init__(scope, id_)
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
        expired.accept_from(reader)
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
