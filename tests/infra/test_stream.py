"""How streams are read: in order, whole batches, nothing dropped in silence."""

import pytest

from tests.infra.template import Properties, Template, in_words

# Reader, table, and what the queues beside it are named after.
READERS = [
    ("LedgerStream", "Ledger", "Ledger"),
    ("PaymentStream", "Payments", "Payment"),
    ("AccountStream", "Accounts", "Account"),
    ("CircuitStream", "Breakers", "Circuit"),
    ("ReportStream", "Reports", "Report"),
]


@pytest.fixture(params=[reader for reader, _, _ in READERS])
def mapping(service: Template, request: pytest.FixtureRequest) -> Properties:
    return service.mapping(request.param)


def test_a_failed_batch_comes_again_whole(mapping: Properties) -> None:
    """The fold keeps a checkpoint by batch, and events are told in order."""
    assert mapping["BisectBatchOnFunctionError"] is False
    assert "FunctionResponseTypes" not in mapping
    assert mapping["ParallelizationFactor"] == 1


def test_a_failed_batch_comes_again_until_the_stream_would_lose_it(mapping: Properties) -> None:
    assert mapping["MaximumRetryAttempts"] == -1
    assert mapping["MaximumRecordAgeInSeconds"] == 20 * 3600 < 24 * 3600


@pytest.mark.parametrize(("reader", "table", "name"), READERS)
def test_each_reads_its_table_from_the_first_record_and_names_what_is_too_old(
    service: Template, reader: str, table: str, name: str
) -> None:
    mapping = service.mapping(reader)
    expired = mapping["DestinationConfig"]["OnFailure"]["Destination"]

    assert in_words(mapping["EventSourceArn"]) == f"{table}.StreamArn"
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (48, 1)
    assert in_words(expired) == f"{name}StreamExpired.Arn"


@pytest.mark.parametrize("reader", [reader for reader, _, _ in READERS])
def test_it_waits_for_the_permissions_that_lambda_tries_at_once(
    service: Template, reader: str
) -> None:
    waiting = service.what_waits_for(f"{reader}RoleDefaultPolicy")

    assert "AWS::Lambda::EventSourceMapping" in waiting


@pytest.mark.parametrize("reader", [reader for reader, _, _ in READERS])
def test_a_reader_that_does_not_get_on_is_an_alarm_long_before_records_are_lost(
    service: Template, reader: str
) -> None:
    [alarm] = [
        each
        for each in service.all("AWS::CloudWatch::Alarm").values()
        if each["MetricName"] == "IteratorAge"
        and in_words(each["Dimensions"][0]["Value"]) == f"{reader}Function"
    ]

    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Threshold"] == 5 * 60 * 1000
    assert alarm["EvaluationPeriods"] * alarm["Period"] == 180


def test_every_stream_that_is_read_is_read_by_one_function(service: Template) -> None:
    """Two readers of one shard would tell the same twice, and not in order."""
    streams = [
        in_words(each["EventSourceArn"])
        for each in service.all("AWS::Lambda::EventSourceMapping").values()
        if in_words(each["EventSourceArn"]).endswith("StreamArn")
    ]

    assert sorted(streams) == sorted(f"{table}.StreamArn" for _, table, _ in READERS)
