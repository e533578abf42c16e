"""Clients, their keys and policies, for operators: invoked under IAM, never over HTTP."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.schema import Reply
from evenkeel.screening.policy import Policy
from functions.access_commands.schema import (
    AccessCommand,
    AnyCommand,
    ClientCreated,
    CreateClient,
    IssueKey,
    KeyIssued,
    KeyRevoked,
    LayDownPolicy,
    PolicyShown,
    RevokeKey,
    ShowPolicy,
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    command = AccessCommand.model_validate(event).root
    return _done(command).model_dump(by_alias=True, mode="json")


def _done(command: AnyCommand) -> Reply:
    keyring, policies = bootstrap.keyring(), bootstrap.policy_store()
    match command:
        case CreateClient():
            client = keyring.create_client(command.name, command.client_id)
            return ClientCreated(client_id=client.id, name=client.name)
        case IssueKey():
            stored, key = keyring.issue(command.client_id, command.name, command.scopes)
            return KeyIssued(key_id=stored.id, key=key)
        case RevokeKey():
            return KeyRevoked(key_id=command.key_id, revoked_at=keyring.revoke(command.key_id))
        case LayDownPolicy():
            policies.lay_down(command.client_id, command.policy)
            return PolicyShown.of(command.client_id, command.policy)
        case ShowPolicy():
            policy = policies.policy(command.client_id) or Policy()
            return PolicyShown.of(command.client_id, policy)
