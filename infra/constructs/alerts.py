"""The topic that people listen to, and alarms whose only action is to tell it."""

from aws_cdk import ArnFormat, CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct, IConstruct

from infra.constructs.function import Function

ALARMS = iam.ServicePrincipal("cloudwatch.amazonaws.com")


class AlertTopic(sns.Topic):
    """One for a stack, and first in it: what is made after it finds it there."""

    ID = "Alerts"

    def __init__(self, scope: Construct, *, key: kms.IKey) -> None:
        super().__init__(
            scope, self.ID, topic_name="evenkeel-alerts", master_key=key, enforce_ssl=True
        )
        self._key = key
        self._accept_from_alarms()
        CfnOutput(scope, "TopicAlerts", value=self.topic_arn)

    @classmethod
    def of(cls, construct: IConstruct) -> "AlertTopic":
        found = Stack.of(construct).node.try_find_child(cls.ID)
        assert isinstance(found, cls), "the stack has no topic for alerts yet"
        return found

    def accept_from(self, sender: Function) -> None:
        sender.tell("ALERTS_TOPIC", self.topic_arn)
        sender.allow(["sns:Publish"], [self.topic_arn])
        sender.allow(["kms:Decrypt", "kms:GenerateDataKey"], [self._key.key_arn])

    def hear_of(self, alarm: cloudwatch.Alarm) -> None:
        alarm.add_alarm_action(actions.SnsAction(self))

    def _accept_from_alarms(self) -> None:
        stack = self.stack
        ours = {
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {
                "aws:SourceArn": stack.format_arn(
                    service="cloudwatch",
                    resource="alarm",
                    resource_name="*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            },
        }
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[ALARMS],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions=ours,
            )
        )
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[ALARMS],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions=ours,
            )
        )
