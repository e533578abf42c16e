"""SQS queues for tests of the emulator itself."""

from dataclasses import dataclass
from uuid import uuid4

from tests.emulator import Emulator


@dataclass(frozen=True)
class Queue:
    emulator: Emulator
    url: str
    arn: str

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(each), "MessageBody": body} for each, body in enumerate(bodies)]
        self.emulator.client("sqs").send_message_batch(QueueUrl=self.url, Entries=entries)

    def receive(self) -> list[str]:
        answer = self.emulator.client("sqs").receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [each["Body"] for each in answer.get("Messages", [])]

    def count(self) -> int:
        """All that are in it, those that somebody is working on too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.emulator.client("sqs").get_queue_attributes(
            QueueUrl=self.url, AttributeNames=names
        )
        return sum(int(found["Attributes"][name]) for name in names)


def made(emulator: Emulator, **attributes: str) -> Queue:
    client = emulator.client("sqs")
    url = client.create_queue(QueueName=f"queue-{uuid4().hex[:8]}", Attributes=attributes)[
        "QueueUrl"
    ]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return Queue(emulator, url, found["Attributes"]["QueueArn"])
