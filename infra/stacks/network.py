"""The private network of `network=vpc`: no way out, only to the services that we call."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

HTTPS = ec2.Port.tcp(443)


class NetworkStack(Stack):
    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Functions", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                )
            ],
        )
        self.vpc.add_gateway_endpoint("DynamoDB", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        for name, service in {
            "Lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
            "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
        }.items():
            self.vpc.add_interface_endpoint(name, service=service)
        self.functions = ec2.SecurityGroup(
            self,
            "FunctionsGroup",
            vpc=self.vpc,
            description="The functions: they call services and nobody calls them",
            allow_all_outbound=False,
        )
        self.functions.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "AWS services, by endpoints")
