"""How the ledger's stream is read: in order, whole batches, nothing dropped in silence."""

import pytest

from tests.infra.template import Properties, Template, in_words


@pytest.fixture
def mapping(service: Template) -> Properties:
    return service.mapping("LedgerStream")


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
    waiting = service.what_waits_for("LedgerStreamRoleDefaultPolicy")

    assert "AWS::Lambda::EventSourceMapping" in waiting
