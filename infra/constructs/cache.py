"""The cache that windows and limits are kept in. All of it may be lost at any time."""

from aws_cdk import Acknowledgment, ArnFormat, CfnParameter, Names, Stack, Validations
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.function import Function
from infra.constructs.target import Target
from infra.stacks.network import NetworkStack

ENGINE = "valkey"
# The first one with an endpoint outside private networks.
MAJOR_VERSION = "9"

NAME_LENGTH_MAX = 40

# What our scripts do to a client's keys, what is asked of a cluster first, and nothing else.
ACCESS = (
    "on resetchannels ~{cli_*}:* -@all +eval +evalsha +get +set +zadd +zrange +zremrangebyscore"
    " +zremrangebyrank +pexpire +time +cluster|slots"
)

# A bill has an end: above these the cache forgets what is oldest, and then refuses.
STORED_GB_MAX = 1
ECPU_PER_S_MAX = 30_000


class Cache(Construct):
    """On AWS a serverless one with IAM users; elsewhere whatever the parameter `LocalCache` says.

    It stands in a private network if there is one, and else has an endpoint that only the
    holder of an IAM identity can use.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        target: Target,
        network: NetworkStack | None,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, id_)
        local = CfnParameter(
            scope,
            "LocalCache",
            default="",
            description="Host and port of a Valkey on one machine; empty on AWS",
        )
        self._target = target
        # ElastiCache takes lower case alone, and a user of IAM's only if it is called by its id.
        self._name = self._user = self._unique_name()
        user = elasticache.CfnUser(
            self,
            "User",
            engine=ENGINE,
            user_id=self._user,
            user_name=self._user,
            access_string=ACCESS,
            authentication_mode={"Type": "iam"},
        )
        group = elasticache.CfnUserGroup(
            self,
            "Users",
            engine=ENGINE,
            user_group_id=self._user,
            user_ids=[user.ref],
        )
        cache = elasticache.CfnServerlessCache(
            self,
            "Serverless",
            engine=ENGINE,
            major_engine_version=MAJOR_VERSION,
            serverless_cache_name=self._name,
            description="Windows of users and limits of clients: nothing that must not be lost",
            user_group_id=group.ref,
            kms_key_id=key.key_arn,
            connection_type="vpc" if network else "public",
            subnet_ids=network.vpc.isolated_subnets if network else None,
            security_group_ids=[network.cache] if network else None,
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(
                    unit="GB", maximum=STORED_GB_MAX
                ),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(
                    maximum=ECPU_PER_S_MAX
                ),
            ),
        )
        Validations.of(cache).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::F3002",
                reason="The CDK knows ConnectionType, the schemas that it brings along do not yet",
            )
        )
        target.only_on_aws(self)
        on_aws = f"{cache.attr_endpoint_address}:{cache.attr_endpoint_port}"
        self._endpoint = target.either(on_aws, local.value_as_string)

    def accept_from(self, function: Function) -> None:
        function.tell("CACHE_ENDPOINT", self._endpoint)
        function.tell("CACHE_NAME", self._target.either(self._name, ""))
        function.tell("CACHE_USER", self._target.either(self._user, ""))
        function.allow(
            ["elasticache:Connect"],
            [self._arn("serverlesscache", self._name), self._arn("user", self._user)],
        )

    def _arn(self, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service="elasticache",
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _unique_name(self) -> str:
        name = Names.unique_resource_name(self, max_length=NAME_LENGTH_MAX, separator="-")
        return name.lower()
