"""The JSON of the operators' commands about clients and keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel

from evenkeel.access.model import Scope
from evenkeel.entrypoints.schema import Reply, Request, Time

ClientId = Annotated[str, Field(pattern="^cli_[a-z0-9_]{1,32}$")]
KeyId = Annotated[str, Field(pattern="^key_[a-z2-7]{26}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]


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


class AccessCommand(RootModel[CreateClient | IssueKey | RevokeKey]):
    root: Annotated[CreateClient | IssueKey | RevokeKey, Field(discriminator="action")]


class ClientCreated(Reply):
    client_id: str
    name: str


class KeyIssued(Reply):
    key_id: str
    key: Annotated[str, Field(description="Shown this once.")]


class KeyRevoked(Reply):
    key_id: str
    revoked_at: Time
