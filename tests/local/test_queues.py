"""What a queue's worker leans on: what it names comes again alone, and not for ever."""

import json
from typing import Any
from uuid import uuid4

from tests.emulator import Emulator
from tests.local.functions import Function, deployed
from tests.local.queues import Queue, made
from tests.local.waiting import soon

ATTEMPT_COUNT_MAX = 2

# Says that every message fails whose text is "bad".
WORKER = """
import json

def handler(event, context):
    print("batch", json.dumps([each["body"] for each in event["Records"]]))
    for record in event["Records"]:
        print("record", json.dumps(record))
    failed = [each["messageId"] for each in event["Records"] if each["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""

# Says how many of it there are, and stays a while so that another could be seen.
SLOW = """
import os, time
from pathlib import Path

def handler(event, context):
    folder = Path(os.environ["TMPDIR"], os.environ["FOLDER"])
    folder.mkdir(exist_ok=True)
    mine = folder / str(os.getpid())
    mine.touch()
    print("beside", len(list(folder.iterdir())))
    time.sleep(0.2)
    mine.unlink()
    print("batch", [each["body"] for each in event["Records"]])
"""


def work_queue(emulator: Emulator) -> tuple[Queue, Queue]:
    """One whose failed messages come again after a second, and the one where they end."""
    dead = made(emulator)
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": ATTEMPT_COUNT_MAX}
    return made(emulator, VisibilityTimeout="1", RedrivePolicy=json.dumps(redrive)), dead


def feed(queue: Queue, function: Function, *, batch: int = 10, concurrency_max: int = 10) -> None:
    queue.emulator.client("lambda").create_event_source_mapping(
        EventSourceArn=queue.arn,
        FunctionName=function.name,
        BatchSize=batch,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": concurrency_max},
    )


def logged(function: Function, kind: str) -> list[Any]:
    lines = [line for line in function.log() if line.startswith(kind)]
    return [json.loads(line.removeprefix(kind).replace("'", '"')) for line in lines]


def test_what_failed_comes_again_alone_and_then_ends_in_the_other_queue(
    emulator: Emulator,
) -> None:
    queue, dead = work_queue(emulator)
    function = deployed(emulator, WORKER)
    queue.send("good", "bad", "fine")

    feed(queue, function)

    assert soon(lambda: dead.receive() == ["bad"])
    assert logged(function, "batch") == [["good", "bad", "fine"], ["bad"]]
    assert queue.count() == 0


def test_a_batch_whose_worker_raises_comes_again_whole(emulator: Emulator) -> None:
    queue, dead = work_queue(emulator)
    function = deployed(emulator, "def handler(event, context):\n    raise ValueError\n")
    queue.send("good", "fine")

    feed(queue, function)

    assert soon(lambda: sorted(dead.receive()) == ["fine", "good"])


def test_no_more_batches_run_at_once_than_there_are_executions(emulator: Emulator) -> None:
    queue, _ = work_queue(emulator)
    function = deployed(emulator, SLOW, environment={"FOLDER": uuid4().hex})
    function.reserve(2)
    queue.send(*map(str, range(8)))

    feed(queue, function, batch=1)

    assert soon(lambda: len(logged(function, "batch")) == 8)
    assert max(logged(function, "beside")) <= 2
    assert queue.count() == 0


def test_a_message_has_the_fields_that_a_worker_needs(emulator: Emulator) -> None:
    queue, _ = work_queue(emulator)
    function = deployed(emulator, WORKER)
    queue.send("good")

    feed(queue, function)

    assert soon(lambda: bool(logged(function, "record")))
    [record] = logged(function, "record")
    assert record["messageId"]
    assert record["body"] == "good"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queue.arn
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["SentTimestamp"].isdecimal()


def test_a_message_may_be_sent_for_later(emulator: Emulator) -> None:
    queue, _ = work_queue(emulator)
    function = deployed(emulator, WORKER)
    emulator.client("sqs").send_message(QueueUrl=queue.url, MessageBody="later", DelaySeconds=1)

    feed(queue, function)

    assert soon(lambda: bool(logged(function, "record")))
    [record] = logged(function, "record")
    times = record["attributes"]
    waited_ms = int(times["ApproximateFirstReceiveTimestamp"]) - int(times["SentTimestamp"])
    assert waited_ms >= 1000
