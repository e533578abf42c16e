"""What a failed call means, by typed facts: the error's code, its status, its class."""

from typing import Any, cast

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import GetError, PutError, PynamoDBException, UpdateError

from evenkeel.adapters.dynamodb.item import Item
from evenkeel.adapters.failures import code_of, translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed

ENDPOINT = "https://dynamodb.example"


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "request-1",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "PutItem",
    )


TURNED_AWAY: list[Exception] = [
    refusal("ProvisionedThroughputExceededException"),
    refusal("ThrottlingException"),
    refusal("RequestLimitExceeded"),
    refusal("LimitExceededException"),
    refusal("TransactionConflictException"),
    refusal("TooManyRequestsException", 429),
    refusal("RequestThrottled", 403),
    refusal("KMS.ThrottlingException"),
    refusal("KmsThrottled"),
    exceptions.ConnectTimeoutError(endpoint_url=ENDPOINT),
    exceptions.EndpointConnectionError(endpoint_url=ENDPOINT),
]
LOST: list[Exception] = [
    refusal("InternalServerError", 500),
    refusal("ServiceException", 500),
    refusal("BadGateway", 502),
    refusal("ServiceUnavailable", 503),
    refusal("504", 504),
    refusal("TransactionInProgressException"),
    exceptions.ReadTimeoutError(endpoint_url=ENDPOINT),
    exceptions.ConnectionClosedError(endpoint_url=ENDPOINT),
    exceptions.ConnectionError(error=OSError()),
    exceptions.HTTPClientError(error=OSError()),
    exceptions.ResponseStreamingError(error=OSError()),
]
OURS: list[Exception] = [
    refusal("AccessDeniedException"),
    refusal("ValidationException"),
    refusal("ResourceNotFoundException"),
    refusal("ConditionalCheckFailedException"),
    refusal("TransactionCanceledException"),
    refusal("UnrecognizedClientException"),
    refusal("ExpiredTokenException"),
    exceptions.NoCredentialsError(),
    exceptions.NoRegionError(),
    exceptions.ParamValidationError(report="no"),
]


def name_of(error: Exception) -> str:
    return code_of(error) or type(error).__name__


each_turned_away = pytest.mark.parametrize("error", TURNED_AWAY, ids=name_of)
each_lost = pytest.mark.parametrize("error", LOST, ids=name_of)
each_of_ours = pytest.mark.parametrize("error", OURS, ids=name_of)


class Failing:
    """A client, as pynamodb sees one, whose every call fails with the same error."""

    _request_signer = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    def _make_api_call(self, operation: str, arguments: Any) -> Any:
        raise self._error


class NoteItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)
    text = UnicodeAttribute(null=True)


def get() -> None:
    NoteItem.get("a", consistent_read=True)


def put() -> None:
    NoteItem("a", text="b").save()


def update() -> None:
    NoteItem("a").update(actions=[NoteItem.text.set("b")])


each_wrapper = pytest.mark.parametrize(
    ("call", "wrapper"), [(get, GetError), (put, PutError), (update, UpdateError)]
)


@each_turned_away
def test_a_call_that_was_turned_away_has_not_been_applied(error: Exception) -> None:
    with pytest.raises(StoreBusy) as raised, translated(StoreBusy, StoreUnconfirmed):
        raise error

    assert raised.value.__cause__ is error


@each_lost
def test_a_call_whose_answer_is_lost_may_have_been_applied(error: Exception) -> None:
    with pytest.raises(StoreUnconfirmed) as raised, translated(StoreBusy, StoreUnconfirmed):
        raise error

    assert raised.value.__cause__ is error


@each_of_ours
def test_a_mistake_of_ours_passes_through_and_so_does_a_failed_condition(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, translated(StoreBusy, StoreUnconfirmed):
        raise error

    assert raised.value is error


def test_what_has_nothing_to_do_with_aws_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), translated(StoreBusy, StoreUnconfirmed):
        raise ZeroDivisionError


def test_a_call_that_works_is_left_alone() -> None:
    with translated(StoreBusy, StoreUnconfirmed):
        answer = "posted"

    assert answer == "posted"


@each_wrapper
@each_turned_away
def test_pynamodb_hides_no_call_that_was_turned_away(
    error: Exception, call: Any, wrapper: type[PynamoDBException]
) -> None:
    NoteItem.bind(cast("DynamoDBClient", Failing(error)), "notes")

    with pytest.raises(StoreBusy) as raised, translated(StoreBusy, StoreUnconfirmed):
        call()

    assert isinstance(raised.value.__cause__, wrapper)


@each_wrapper
@each_lost
def test_pynamodb_hides_no_lost_answer(
    error: Exception, call: Any, wrapper: type[PynamoDBException]
) -> None:
    NoteItem.bind(cast("DynamoDBClient", Failing(error)), "notes")

    with pytest.raises(StoreUnconfirmed) as raised, translated(StoreBusy, StoreUnconfirmed):
        call()

    assert isinstance(raised.value.__cause__, wrapper)


@each_wrapper
@each_of_ours
def test_pynamodb_hides_no_mistake_of_ours(
    error: Exception, call: Any, wrapper: type[PynamoDBException]
) -> None:
    NoteItem.bind(cast("DynamoDBClient", Failing(error)), "notes")

    with pytest.raises(wrapper) as raised, translated(StoreBusy, StoreUnconfirmed):
        call()

    assert code_of(raised.value) == code_of(error)


def test_a_code_is_known_bare_and_wrapped() -> None:
    assert code_of(refusal("ThrottlingException")) == "ThrottlingException"
    assert code_of(PutError(cause=refusal("ThrottlingException"))) == "ThrottlingException"
    assert code_of(PutError()) is None
    assert code_of(exceptions.NoCredentialsError()) is None
