"""One DynamoDB table of ours: a string key, and nothing deletes it by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

STRING = dynamodb.AttributeType.STRING
NUMBER = dynamodb.AttributeType.NUMBER


@dataclass(frozen=True)
class Index:
    """A second way to look a record up: all of one `partition`, in the order of `sort`."""

    name: str
    partition: str
    sort: str
    sort_type: dynamodb.AttributeType
    projection: dynamodb.ProjectionType


class Table(dynamodb.TableV2):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        sort: str | None = None,
        indexes: Sequence[Index] = (),
        streamed: bool = False,
        expires_by: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            partition_key=dynamodb.Attribute(name="id", type=STRING),
            sort_key=dynamodb.Attribute(name=sort, type=STRING) if sort else None,
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=RemovalPolicy.RETAIN,
            deletion_protection=True,
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if streamed else None,
            time_to_live_attribute=expires_by,
            global_secondary_indexes=[_properties(each) for each in indexes],
        )
        self._encrypt_with(key)
        self.variable = f"{id_.upper()}_TABLE"
        CfnOutput(scope, f"Table{id_}", value=self.table_name)

    def _encrypt_with(self, key: kms.IKey) -> None:
        """CDK's own `encryption` wants to know the Region; our templates fit every one."""
        table = self.node.default_child
        assert isinstance(table, dynamodb.CfnGlobalTable)
        table.add_property_override("SSESpecification", {"SSEEnabled": True, "SSEType": "KMS"})
        table.add_property_override("Replicas.0.SSESpecification.KMSMasterKeyId", key.key_arn)


def _properties(index: Index) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=index.name,
        partition_key=dynamodb.Attribute(name=index.partition, type=STRING),
        sort_key=dynamodb.Attribute(name=index.sort, type=index.sort_type),
        projection_type=index.projection,
    )
