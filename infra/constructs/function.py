"""One Lambda function of ours: its code, the shared layers, a role of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, CfnOutput, Duration, IgnoreMode, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.table import Table

RUNTIME = lambda_.Runtime.PYTHON_3_13
WHY_THIS_RUNTIME = "Supported until June 2029; what we ship was tested and compiled for 3.13"
ARCHITECTURE = lambda_.Architecture.ARM_64
NEVER_ASYNCHRONOUS = (
    "Never invoked asynchronously: whoever calls, or what it reads from, gets the error"
)


@dataclass(frozen=True)
class Surroundings:
    """What all functions of a stack share."""

    layers: Sequence[lambda_.ILayerVersion]
    key: kms.IKey
    vpc: ec2.IVpc | None
    security_groups: Sequence[ec2.ISecurityGroup]


class Function(Construct):
    """Named after the folder of its code, unless that is deployed more than once."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        folder: str | None = None,
        surroundings: Surroundings,
        timeout_s: int,
        concurrency: float,
        memory_mb: int = 1024,
        why_no_dlq: str = NEVER_ASYNCHRONOUS,
    ) -> None:
        folder = folder or name
        id_ = pascal_case(name)
        super().__init__(scope, id_)
        self.timeout_s = timeout_s
        # Named and made here, or Lambda makes it on the first call: unencrypted, for ever.
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays.THREE_MONTHS,
            encryption_key=surroundings.key,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
        self._accept_what_has_no_arn(in_vpc=surroundings.vpc is not None)
        self.resource = lambda_.Function(
            self,
            "Function",
            code=_zip(folder),
            handler=f"functions.{folder}.handler.handler",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            layers=list(surroundings.layers),
            role=self.role,
            log_group=log_group,
            environment={"POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_LOG_LEVEL": "INFO"},
            timeout=Duration.seconds(timeout_s),
            memory_size=memory_mb,
            reserved_concurrent_executions=concurrency,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=surroundings.vpc,
            security_groups=list(surroundings.security_groups) or None,
        )
        Validations.of(self.resource).acknowledge(
            Acknowledgment(id="Serverless-LambdaDLQ", reason=why_no_dlq),
            *(
                Acknowledgment(id=rule, reason=WHY_THIS_RUNTIME)
                for rule in ("AwsSolutions-L1", "Serverless-LambdaLatestVersion")
            ),
        )
        CfnOutput(scope, f"Function{id_}", value=self.resource.function_name)

    @property
    def name(self) -> str:
        return self.resource.function_name

    @property
    def arn(self) -> str:
        return self.resource.function_arn

    def tell(self, variable: str, value: str) -> None:
        self.resource.add_environment(variable, value)

    def allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources))
        )

    def use(self, table: Table, *actions: str, queries: Sequence[str] = ()) -> None:
        """Tell the function where the table is, and allow these actions on it and no others."""
        self.tell(table.variable, table.table_name)
        self.allow([f"dynamodb:{action}" for action in actions], [table.table_arn])
        if queries:
            indexes = [f"{table.table_arn}/index/{index}" for index in queries]
            self.allow(["dynamodb:Query"], indexes)

    def _accept_what_has_no_arn(self, *, in_vpc: bool) -> None:
        """The two services below know no resources, so their actions are on `*`."""
        self.allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"])
        if in_vpc:
            self.allow(
                [
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "ec2:UnassignPrivateIpAddresses",
                ],
                ["*"],
            )
        Validations.of(self.role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]",
                reason="X-Ray and the network interfaces of Lambda take no resource in a policy",
            )
        )


def pascal_case(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _zip(folder: str) -> lambda_.Code:
    # The zip keeps the path, so a module has one name here, in tests and in Lambda:
    # functions.<folder>.handler.
    return lambda_.Code.from_asset(
        ".",
        exclude=[
            "/*",
            "!/functions",
            "/functions/*",
            "!/functions/__init__.py",
            f"!/functions/{folder}",
            "__pycache__",
        ],
        ignore_mode=IgnoreMode.GIT,
    )
