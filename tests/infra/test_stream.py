"""How the ledger's stream is read: in order, whole batches, nothing dropped in silence."""

import pytest

from tests.infra.template import Properties, Template, in_words


@pytest.fixture
def mapping(service: Template) -> Properties:
    [found] = service.all("AWS::Lambda::EventSourceMapping").values()
    return found


def test_a_failed_batch_comes_again_whole(mapping: Properties) -> None:
    """The fold keeps a checkpoint by batch: a part of one would look like another."""
    assert mapping["BisectBatchOnFunctionError"] is False
    assert "FunctionResponseTypes" not in mapping
    assert mapping["ParallelizationFactor"] == 1


def test_a_failed_batch_comes_again_until_the_stream_would_lose_it(mapping: Properties) -> None:
    assert mapping["MaximumRetryAttempts"] == -1
    assert mapping["MaximumRecordAgeInSeconds"] == 20 * 3600 < 24 * 3600


def test_what_is_too_old_is_named_in_a_queue(mapping: Properties) -> None:
    expired = mapping["DestinationConfig"]["OnFailure"]["Destination"]

    assert in_words(expired) == "LedgerStreamExpired.Arn"


def test_it_reads_the_ledger_from_its_first_record(mapping: Properties) -> None:
    assert in_words(mapping["EventSourceArn"]) == "Ledger.StreamArn"
    assert in_words(mapping["FunctionName"]) == "LedgerStreamFunction"
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (48, 1)


def test_it_waits_for_the_permissions_that_lambda_tries_at_once(service: Template) -> None:
    [mapping] = [
        each
        for each in service.resources.values()
        if each["Type"] == "AWS::Lambda::EventSourceMapping"
    ]

    assert any(each.startswith("LedgerStreamRoleDefaultPolicy") for each in mapping["DependsOn"])


def test_queues_keep_their_messages_encrypted_for_as_long_as_they_can(service: Template) -> None:
    queues = service.all("AWS::SQS::Queue")

    assert set(queues) == {"LedgerQuarantine", "LedgerStreamExpired"}
    for queue in queues.values():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert in_words(queue["KmsMasterKeyId"]) == "Key.Arn"
    assert {f"Queue{name}" for name in queues} < set(service.body["Outputs"])
