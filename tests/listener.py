"""A consumer as ours are: a queue of its own behind a rule, on a bus of an emulator."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.local.waiting import soon

Detail = dict[str, Any]
EVERYTHING = {"source": [{"prefix": ""}]}


@dataclass
class Listener:
    """Keeps what it hears, in the order in which it comes, repeats and all."""

    rule: str
    sqs: Any
    queue_url: str
    heard: list[Detail] = field(default_factory=list)

    def listen(self) -> list[Detail]:
        """Take in what is there, and return all that was ever heard."""
        while messages := self._receive():
            for message in messages:
                self.heard.append(json.loads(message["Body"])["detail"])
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return self.heard

    def hears(self, is_enough: Callable[[list[Detail]], bool], *, within_s: float = 15.0) -> bool:
        return soon(lambda: is_enough(self.listen()), within_s=within_s)

    def types(self) -> list[str]:
        return [detail["type"] for detail in self.listen()]

    def _receive(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages


@contextmanager
def listening(client: Callable[[str], Any], bus: str) -> Iterator[Listener]:
    """Listen to all that a bus tells from now on."""
    events, sqs = client("events"), client("sqs")
    name = f"listener-{uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    target = {"Id": "queue", "Arn": found["Attributes"]["QueueArn"]}
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(EVERYTHING))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
    yield Listener(name, sqs, url)
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)
