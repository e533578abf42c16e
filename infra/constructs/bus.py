"""The bus that tells everybody what has happened, and an archive of all that it told."""

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_events as events
from constructs import Construct

from infra.constructs.function import Function

# Longer than anybody takes to notice that a consumer has dropped something.
ARCHIVED_FOR = Duration.days(90)


class Bus(events.EventBus):
    """Encrypted with a key of AWS's: one of ours would be asked, and paid, for every event."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(
            scope, "Bus", event_bus_name="evenkeel", description="What has happened in Evenkeel"
        )
        self.archived = events.Archive(
            scope,
            "Archive",
            source_event_bus=self,
            # All that is published here, and not what a replay brings once more.
            event_pattern=events.EventPattern(account=[self.stack.account]),
            archive_name="evenkeel",
            description="What the bus told, to be told again",
            retention=ARCHIVED_FOR,
        )
        CfnOutput(scope, "BusEvenkeel", value=self.event_bus_name)

    def accept_from(self, sender: Function) -> None:
        sender.tell("EVENT_BUS", self.event_bus_name)
        sender.allow(["events:PutEvents"], [self.event_bus_arn])
