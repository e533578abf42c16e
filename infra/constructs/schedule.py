"""Rules that call a function again and again, and a queue for each call that came to nothing."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.function import Function
from infra.constructs.queue import DeadLetterQueue

DELIVERY_RETRY_COUNT_MAX = 1


class Schedule(Construct):
    """A call that is late or fails is not made up for: the next one does its work.

    A call fails in one of two places, and both lead to `failed`: EventBridge cannot hand it to
    Lambda, or Lambda, which takes it and answers at once, cannot get it done.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        function: Function,
        late_after: Duration,
        failed: DeadLetterQueue,
    ) -> None:
        super().__init__(scope, id_)
        self._function = function
        self._late_after = late_after
        self._failed = failed
        failed.accept_from(function)
        failed.accept_from_rules()
        asynchronous = lambda_.CfnEventInvokeConfig(
            self,
            "Asynchronous",
            function_name=function.name,
            qualifier="$LATEST",
            maximum_event_age_in_seconds=late_after.to_seconds(),
            maximum_retry_attempts=0,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(
                    destination=failed.queue_arn
                )
            ),
        )
        # Lambda tries the permissions when the configuration is made.
        asynchronous.node.add_dependency(function.role)

    def call(self, id_: str, when: events.Schedule, event: Mapping[str, str]) -> None:
        """Call the function with this event, by a rule of its own."""
        rule = events.Rule(self, id_, schedule=when)
        rule.add_target(
            targets.LambdaFunction(
                self._function.resource,
                event=events.RuleTargetInput.from_object(dict(event)),
                dead_letter_queue=self._failed,
                max_event_age=self._late_after,
                retry_attempts=DELIVERY_RETRY_COUNT_MAX,
            )
        )
