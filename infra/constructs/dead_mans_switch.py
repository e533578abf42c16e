"""Alarms for what did not happen: runs of the reconciliation that nobody has completed."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.alerts import AlertTopic

NAMESPACE = "Evenkeel"
METRIC = "RunsCompleted"

# By the scope of the runs: a period, and in how many of them in a row none was completed. Two of
# the runs over changes may fail. The nightly one may take two hours longer than the night before;
# with periods of an hour an alarm may look back for a week, with shorter ones for a day.
SILENCES = {
    "changes": (Duration.minutes(15), 1),
    "everything": (Duration.hours(1), 26),
}


class DeadMansSwitch(Construct):
    """No number is the worst one. So it is an alarm from the deployment to the first run, too."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        for over, (period, period_count) in SILENCES.items():
            alarm = cloudwatch.Alarm(
                self,
                over.title(),
                alarm_description=f"No scheduled reconciliation of {over} was completed",
                metric=cloudwatch.Metric(
                    namespace=NAMESPACE,
                    metric_name=METRIC,
                    dimensions_map={"scope": over},
                    period=period,
                    statistic=cloudwatch.Stats.SUM,
                ),
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                threshold=1,
                evaluation_periods=period_count,
                treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
            )
            AlertTopic.of(self).hear_of(alarm)
