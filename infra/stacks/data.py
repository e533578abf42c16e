"""Everything that holds data, so that it outlives the code that uses it."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.table import NUMBER, STRING, Index, Table

KEYS_ONLY = dynamodb.ProjectionType.KEYS_ONLY
ALL = dynamodb.ProjectionType.ALL


class DataStack(Stack):
    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        key = self._key()
        self.payments = Table(
            self,
            "Payments",
            key=key,
            indexes=[
                Index("by_user", "user_key", "created_key", STRING, KEYS_ONLY),
                # Only payments that somebody still has to look at carry these two attributes.
                Index("by_due", "due_shard", "due_at", STRING, KEYS_ONLY),
                # And only those that are remarkable this one.
                Index("by_flag", "flag_shard", "created_key", STRING, KEYS_ONLY),
            ],
            streamed=True,
        )
        self.ledger = Table(
            self,
            "Ledger",
            key=key,
            # Only numbered entries are indexed, so a side without a number (a merchant, the
            # outside) writes nothing here: one write unit less, and no hot partition.
            indexes=[
                Index("by_debit_wallet", "debit_wallet", "debit_number", NUMBER, ALL),
                Index("by_credit_wallet", "credit_wallet", "credit_number", NUMBER, ALL),
            ],
            streamed=True,
        )
        self.accounts = Table(self, "Accounts", key=key, streamed=True)
        self.clients = Table(self, "Clients", key=key)
        # It forgets, for it holds how far a stream was read, and no money.
        self.checkpoints = Table(self, "Checkpoints", key=key, expires_by="expires_at")
        self.breakers = Table(self, "Breakers", key=key, streamed=True)
        # Which payments, records and accounts were changed, on pages by time. They do not expire:
        # a change takes 100 bytes, and a reconciliation may be asked for any time that is past.
        self.changes = Table(self, "Changes", key=key, sort="page")
        self.reports = Table(
            self,
            "Reports",
            key=key,
            indexes=[Index("by_list", "list_key", "list_sort", STRING, ALL)],
            streamed=True,
        )
        # What users' payments are usually like. Who does not pay is forgotten.
        self.learned = Table(self, "Learned", key=key, expires_by="expires_at")
        self.webhooks = Table(self, "Webhooks", key=key)
        # What was sent to clients, for a while. No money either.
        self.deliveries = Table(
            self,
            "Deliveries",
            key=key,
            indexes=[Index("by_endpoint", "endpoint_key", "created_key", STRING, KEYS_ONLY)],
            expires_by="expires_at",
        )

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="Encrypts the tables of Evenkeel",
            enable_key_rotation=True,
            # Without the key a retained table is noise.
            removal_policy=RemovalPolicy.RETAIN,
        )
        # Who may use a table may use its key, but only through DynamoDB. It is the policy of
        # the key that AWS manages for DynamoDB, and it keeps the roles to table actions.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=[
                    "kms:CreateGrant",
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "StringEquals": {
                        "kms:CallerAccount": self.account,
                        "kms:ViaService": f"dynamodb.{self.region}.{self.url_suffix}",
                    }
                },
            )
        )
        return key
