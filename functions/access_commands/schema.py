"""The JSON of the operators' commands about clients, keys and policies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, RootModel

from evenkeel.access.model import Scope
from evenkeel.entrypoints.schema import Reply, Request, Time
from evenkeel.screening.policy import Policy
from evenkeel.screening.policy_document import policy_document, read_policy

ClientId = Annotated[str, Field(pattern="^cli_[a-z0-9_]{1,32}$")]
KeyId = Annotated[str, Field(pattern="^key_[a-z2-7]{26}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
GivenPolicy = Annotated[Policy, PlainValidator(read_policy)]


class Command(Request):
    # Scopes come as text, and only here is text taken for one.
    model_config = ConfigDict(strict=False)


class CreateClient(Command):
    action: Literal["create-client"]
    name: Name
    client_id: ClientId | None = None


class IssueKey(Command):
    action: Literal["issue-key"]
    client_id: ClientId
    name: Name
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]


class RevokeKey(Command):
    action: Literal["revoke-key"]
    key_id: KeyId


class LayDownPolicy(Command):
    """Put a policy in the place of the client's earlier one; what it leaves out is the default."""

    action: Literal["lay-down-policy"]
    client_id: ClientId
    policy: GivenPolicy


class ShowPolicy(Command):
    action: Literal["show-policy"]
    client_id: ClientId


AnyCommand = CreateClient | IssueKey | RevokeKey | LayDownPolicy | ShowPolicy


class AccessCommand(RootModel[AnyCommand]):
    root: Annotated[AnyCommand, Field(discriminator="action")]


class ClientCreated(Reply):
    client_id: str
    name: str


class KeyIssued(Reply):
    key_id: str
    key: Annotated[str, Field(description="Shown this once.")]


class KeyRevoked(Reply):
    key_id: str
    revoked_at: Time


class PolicyShown(Reply):
    """What holds for a client, everywhere within a minute."""

    client_id: str
    policy: dict[str, Any]

    @classmethod
    def of(cls, client_id: str, policy: Policy) -> PolicyShown:
        return cls(client_id=client_id, policy=policy_document(policy))
