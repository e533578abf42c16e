"""The HTTP API: explicit routes, one throttle each, access logs, problems in our own shape."""

import json
from collections.abc import Iterable, Mapping

from aws_cdk import Acknowledgment, CfnOutput, Validations
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.function import Function
from infra.constructs.problems import answer_in_problems
from infra.routes import Route, Throttle

STAGE = "v1"

LOGGING_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"

# All routes together. AWS's own default for an account is 10,000 a second.
STAGE_THROTTLE = Throttle(rate_per_s=2000, burst_count=4000)

LOGGING_LEVEL = apigateway.MethodLoggingLevel.ERROR

# No header, no body and no query in here: they may carry keys and names.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "errorType": "$context.error.responseType",
    "responseLength": "$context.responseLength",
    "responseLatencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationStatus": "$context.integration.status",
    "sourceIp": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "xrayTraceId": "$context.xrayTraceId",
}


class RestApi(apigateway.RestApi):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        routes: Iterable[Route],
        functions: Mapping[str, Function],
    ) -> None:
        routes = list(routes)
        access_log = logs.LogGroup(
            scope, f"{id_}AccessLog", retention=logs.RetentionDays.ONE_YEAR, encryption_key=key
        )
        super().__init__(
            scope,
            id_,
            rest_api_name="evenkeel",
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
                logging_level=LOGGING_LEVEL,
                metrics_enabled=True,
                tracing_enabled=True,
                throttling_rate_limit=STAGE_THROTTLE.rate_per_s,
                throttling_burst_limit=STAGE_THROTTLE.burst_count,
                method_options={
                    f"{route.path}/{route.method}": _method_options(route.throttle)
                    for route in routes
                },
            ),
        )
        answer_in_problems(self)
        integrations = {
            name: apigateway.LambdaIntegration(function.resource, allow_test_invoke=False)
            for name, function in functions.items()
        }
        for route in routes:
            resource = self.root.resource_for_path(route.path)
            resource.add_method(route.method, integrations[route.function])
        self._plan_usage()
        self._acknowledge()
        self.node.try_remove_child("Endpoint")  # CDK's own output, under a name that changes.
        CfnOutput(scope, "ApiId", value=self.rest_api_id)
        CfnOutput(scope, "ApiUrl", value=self.deployment_stage.url_for_path("/"))

    def _plan_usage(self) -> None:
        plan = self.add_usage_plan(
            "UsagePlan",
            throttle=apigateway.ThrottleSettings(
                rate_limit=STAGE_THROTTLE.rate_per_s, burst_limit=STAGE_THROTTLE.burst_count
            ),
        )
        plan.add_api_stage(stage=self.deployment_stage)

    def _acknowledge(self) -> None:
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions-APIG2",
                reason="The functions validate: only they can name each field in a problem",
            ),
            Acknowledgment(
                id="AwsSolutions-APIG4",
                reason="The functions check keys: an authorizer's cache outlives revocation",
            ),
            Acknowledgment(
                id="AwsSolutions-COG4", reason="Clients are programs with keys, not people"
            ),
            Acknowledgment(
                id=f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{LOGGING_POLICY}]",
                reason="API Gateway accepts no role for its logs with less than this policy",
            ),
        )


def _method_options(throttle: Throttle) -> apigateway.MethodDeploymentOptions:
    """All of them: what a method of its own settings leaves out is not taken from the stage."""
    return apigateway.MethodDeploymentOptions(
        logging_level=LOGGING_LEVEL,
        metrics_enabled=True,
        data_trace_enabled=False,
        throttling_rate_limit=throttle.rate_per_s,
        throttling_burst_limit=throttle.burst_count,
    )
