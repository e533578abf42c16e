import re
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from evenkeel.access.model import Principal, Scope
from evenkeel.access.service import Doorkeeper
from evenkeel.errors import ObjectNotFound, Unauthorized
from functions.access_commands.handler import handler
from tests.fakes.retry import instant_retry
from tests.unit.functions.site import Site


def command(action: str, **fields: Any) -> Any:
    return handler({"action": action, **fields}, LambdaContext())


def admitted(site: Site, key: str) -> Principal:
    return Doorkeeper(site.keyring.store, instant_retry(), site.clock).admit(key)


def test_a_client_is_made_under_an_id_of_its_own_or_a_given_one(site: Site) -> None:
    made = command("create-client", name="Coffee Ltd")
    given = command("create-client", name="Coffee Ltd", clientId="cli_demo")

    assert re.fullmatch("cli_[a-z2-7]{26}", made.pop("clientId"))
    assert made == {"name": "Coffee Ltd"}
    assert given == {"clientId": "cli_demo", "name": "Coffee Ltd"}


def test_a_client_under_a_given_id_is_made_once(site: Site) -> None:
    first = command("create-client", name="Coffee Ltd", clientId="cli_demo")
    again = command("create-client", name="Tea Ltd", clientId="cli_demo")

    assert again == first


def test_a_key_is_issued_with_its_scopes_and_works(site: Site) -> None:
    scopes = ["payments:read", "wallets:fund"]
    issued = command("issue-key", clientId="cli_a", name="till 1", scopes=scopes)
    principal = admitted(site, issued["key"])

    assert set(issued) == {"keyId", "key"}
    assert (principal.client_id, principal.key_id) == ("cli_a", issued["keyId"])
    assert principal.scopes == {Scope.PAYMENTS_READ, Scope.WALLETS_FUND}


def test_a_revoked_key_works_no_more_and_stays_revoked_since_then(site: Site) -> None:
    issued = command("issue-key", clientId="cli_a", name="till 1", scopes=["payments:read"])
    revoked = command("revoke-key", keyId=issued["keyId"])
    site.later()
    again = command("revoke-key", keyId=issued["keyId"])

    assert revoked == {"keyId": issued["keyId"], "revokedAt": "2026-01-01T12:00:00.000000Z"}
    assert again == revoked
    with pytest.raises(Unauthorized):
        admitted(site, issued["key"])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "delete-client", "clientId": "cli_a"},
        {"action": "create-client"},
        {"action": "create-client", "name": ""},
        {"action": "create-client", "name": "x" * 65},
        {"action": "create-client", "name": "a", "clientId": "a/b"},
        {"action": "create-client", "name": "a", "clientId": "cli_"},
        {"action": "create-client", "name": "a", "clientId": "cli_" + "x" * 33},
        {"action": "create-client", "name": "a", "scopes": []},
        {"action": "issue-key", "clientId": "cli_a", "name": "a"},
        {"action": "issue-key", "clientId": "cli_a", "name": "a", "scopes": []},
        {"action": "issue-key", "clientId": "cli_a", "name": "a", "scopes": ["payments:*"]},
        {"action": "issue-key", "clientId": "cli_a", "name": "a", "scopes": "payments:read"},
        {"action": "revoke-key"},
    ],
)
def test_a_command_that_is_none_changes_nothing(site: Site, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        handler(fields, LambdaContext())


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "issue-key", "clientId": "cli_nobody", "name": "a", "scopes": ["ops:read"]},
        {"action": "revoke-key", "keyId": "key_" + 26 * "a"},
    ],
)
def test_what_does_not_exist_is_said_not_to(site: Site, fields: dict[str, Any]) -> None:
    with pytest.raises(ObjectNotFound):
        handler(fields, LambdaContext())
