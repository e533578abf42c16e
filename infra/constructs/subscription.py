"""A rule that puts a bus's events into a queue, and tells people when it cannot."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.bus import Bus
from infra.constructs.queue import PERIOD, Queue, WorkQueue

# As long as EventBridge itself tries.
DELIVERY_AGE_MAX = Duration.hours(24)
DELIVERY_RETRY_COUNT_MAX = 185

# An event is not in the queue, and at worst nowhere. A right that is missing looks like this.
LOSSES = ("FailedInvocations", "InvocationsFailedToBeSentToDlq")


def subscribe(
    scope: Construct,
    queue: WorkQueue,
    *,
    bus: Bus,
    rule_name: str,
    pattern: Mapping[str, Sequence[str]],
) -> None:
    """Have the bus's events that fit put into the queue.

    Args:
        scope: Of the rule.
        queue: It takes from no other rule.
        bus: Whose events they are.
        rule_name: Given by us: what CloudFormation makes up begins with the bus, and metrics
            know the name alone.
        pattern: Of EventBridge.
    """
    queue.accept_from_rules()
    rule = events.CfnRule(
        scope,
        f"{queue.node.id}Rule",
        name=rule_name,
        event_bus_name=bus.event_bus_name,
        event_pattern=dict(pattern),
        targets=[
            events.CfnRule.TargetProperty(
                id=queue.node.id,
                arn=queue.queue_arn,
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=DELIVERY_AGE_MAX.to_seconds(),
                    maximum_retry_attempts=DELIVERY_RETRY_COUNT_MAX,
                ),
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                    arn=queue.dead.queue_arn
                ),
            )
        ],
    )
    for each in (queue, queue.dead):
        _accept_from(rule, each)
    for metric in LOSSES:
        queue.alarm(
            metric,
            f"{rule_name} cannot put its events into {queue.node.id}",
            cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name=metric,
                # Of a rule on the default bus it would be the second alone.
                dimensions_map={"EventBusName": bus.event_bus_name, "RuleName": rule_name},
                period=PERIOD,
                statistic=cloudwatch.Stats.SUM,
            ),
            above=0,
        )


def _accept_from(rule: events.CfnRule, queue: Queue) -> None:
    """Let this rule send; the policy of the key is the queue's own business."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Events",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
    )
