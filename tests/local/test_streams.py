"""What a stream's reader leans on: order, repetition from the first record, the shape."""

import json
from typing import Any
from uuid import uuid4

from tests.emulator import Emulator
from tests.local.functions import Function, deployed
from tests.local.waiting import soon

# Keeps what it was given in a table, and fails as often as it is told to.
READER = """
import json, os

def handler(event, context):
    numbers = [int(each["dynamodb"]["NewImage"]["n"]["N"]) for each in event["Records"]]
    print("batch", json.dumps(numbers))
    print("record", json.dumps(event["Records"][0]))
    marker = os.path.join(os.environ["TMPDIR"], os.environ["MARKER"])
    if os.environ["FAILS"] == "once" and 3 in numbers and not os.path.exists(marker):
        open(marker, "w").close()
        raise ValueError("the first try fails")
"""


def streamed_table(emulator: Emulator) -> tuple[str, str]:
    client = emulator.client("dynamodb")
    name = f"table-{uuid4().hex[:8]}"
    made = client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, made["TableDescription"]["LatestStreamArn"]


def read(emulator: Emulator, *, count: int, batch: int, fails: str = "never") -> Function:
    """Put this many items, each under the next number, and have a function read them."""
    table, stream = streamed_table(emulator)
    function = deployed(
        emulator, READER, environment={"FAILS": fails, "MARKER": uuid4().hex}, timeout_s=10
    )
    for number in range(count):
        emulator.client("dynamodb").put_item(
            TableName=table, Item={"id": {"S": f"{number % 2}"}, "n": {"N": str(number)}}
        )
    emulator.client("lambda").create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="TRIM_HORIZON",
        BatchSize=batch,
        MaximumRetryAttempts=-1,
        MaximumRecordAgeInSeconds=60,
    )
    return function


def logged(function: Function, kind: str) -> list[Any]:
    lines = [line for line in function.log() if line.startswith(kind)]
    return [json.loads(line.removeprefix(kind)) for line in lines]


def test_records_come_in_batches_in_the_order_of_their_writes(emulator: Emulator) -> None:
    function = read(emulator, count=7, batch=3)

    assert soon(lambda: sum(map(len, logged(function, "batch"))) == 7)
    assert logged(function, "batch") == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_failed_batch_comes_again_from_its_first_record_before_any_later_one(
    emulator: Emulator,
) -> None:
    function = read(emulator, count=7, batch=3, fails="once")

    assert soon(lambda: [6] in logged(function, "batch"))
    assert logged(function, "batch") == [[0, 1, 2], [3, 4, 5], [3, 4, 5], [6]]


def test_a_batch_that_was_throttled_is_not_lost(emulator: Emulator) -> None:
    function = read(emulator, count=1, batch=3)
    function.reserve(0)
    function.reserve(2)

    assert soon(lambda: logged(function, "batch") == [[0]])


def test_a_record_has_the_fields_that_a_reader_needs(emulator: Emulator) -> None:
    function = read(emulator, count=3, batch=3)

    assert soon(lambda: bool(logged(function, "record")))
    record = logged(function, "record")[0]
    change = record["dynamodb"]
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert "/stream/" in record["eventSourceARN"]
    assert record["eventID"]
    assert change["Keys"] == {"id": {"S": "0"}}
    assert change["NewImage"] == {"id": {"S": "0"}, "n": {"N": "0"}}
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert change["SequenceNumber"].isdecimal()
    assert change["ApproximateCreationDateTime"] > 0
