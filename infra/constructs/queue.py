"""One SQS queue of ours, for what could not be handled: it keeps as long as SQS allows."""

from aws_cdk import Acknowledgment, CfnOutput, Duration, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.function import Function


class DeadLetterQueue(sqs.Queue):
    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey) -> None:
        super().__init__(
            scope,
            id_,
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
        )
        self._key = key
        CfnOutput(scope, f"Queue{id_}", value=self.queue_url)
        Validations.of(self).acknowledge(
            *(
                Acknowledgment(
                    id=rule, reason="It is itself where messages end: people read it, nothing else"
                )
                for rule in ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy")
            )
        )

    def accept_from(self, sender: Function) -> None:
        sender.allow(["sqs:SendMessage"], [self.queue_arn])
        sender.allow(["kms:Decrypt", "kms:GenerateDataKey"], [self._key.key_arn])
