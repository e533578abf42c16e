"""The private network of `network=vpc`: no way out, only to the services that we call."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.target import Target

RANGE = "10.0.0.0/16"
HTTPS = ec2.Port.tcp(443)
VALKEY = ec2.Port.tcp_range(6379, 6380)  # The second one is for readers.

# DynamoDB has a gateway, which costs nothing. Each of these is paid by the hour and zone. Logs
# and traces are not here: Lambda sends them itself, from outside this network.
SERVICES = {
    "Events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    "Lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
    "Sns": ec2.InterfaceVpcEndpointAwsService.SNS,
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
}


class NetworkStack(Stack):
    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(RANGE),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Functions", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                )
            ],
        )
        self.functions = self._group("FunctionsGroup", "The functions: nobody connects to them")
        self.functions.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "Services, by their endpoints")
        self.vpc.add_gateway_endpoint("DynamoDB", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        endpoints = self._group("EndpointsGroup", "The endpoints of the services that we call")
        endpoints.add_ingress_rule(ec2.Peer.ipv4(RANGE), HTTPS, "From this network")
        for name, service in SERVICES.items():
            self.vpc.add_interface_endpoint(
                name, service=service, security_groups=[endpoints], open=False
            )
        self.cache = self._group("CacheGroup", "The cache of windows and limits")
        # By its id: CDK writes a group as a rule apart, which emulators refuse.
        functions = ec2.Peer.security_group_id(self.functions.security_group_id)
        self.cache.add_ingress_rule(functions, VALKEY, "From the functions")
        self.functions.add_egress_rule(ec2.Peer.ipv4(RANGE), VALKEY, "To the cache")
        self._log_flows()

    def _group(self, id_: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, id_, vpc=self.vpc, description=description, allow_all_outbound=False
        )

    def _log_flows(self) -> None:
        flows = logs.LogGroup(self, "Flows", retention=logs.RetentionDays.THREE_MONTHS)
        flow_log = self.vpc.add_flow_log(
            "FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(flows)
        )
        Target(self).only_on_aws(flow_log)
