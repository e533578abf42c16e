"""The token is a signed request, as AWS asks for it, and no older than its connection."""

from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.session import Session, get_session

from evenkeel.adapters.valkey.iam_token import IamToken


@pytest.fixture
def session() -> Session:
    session = get_session()
    session.set_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", "a-session-token")
    session.set_config_variable("region", "eu-central-1")
    return session


def test_a_token_says_who_connects_to_what_and_for_how_long(session: Session) -> None:
    user, token = IamToken(session, "windows-1", "functions-1").get_credentials()
    said = parse_qs(urlsplit(f"//{token}").query)

    assert user == "functions-1"
    assert token.startswith("windows-1/?")
    assert said["Action"] == ["connect"]
    assert said["User"] == ["functions-1"]
    assert said["ResourceType"] == ["ServerlessCache"]
    assert said["X-Amz-Expires"] == ["900"]
    assert said["X-Amz-Security-Token"] == ["a-session-token"]
    assert said["X-Amz-SignedHeaders"] == ["host"]
    [credential] = said["X-Amz-Credential"]
    assert credential.startswith("AKIDEXAMPLE/")
    assert credential.endswith("/eu-central-1/elasticache/aws4_request")
    assert len(said["X-Amz-Signature"][0]) == 64


def test_each_connection_gets_the_credentials_of_its_time(session: Session) -> None:
    token = IamToken(session, "windows-1", "functions-1")
    _, first = token.get_credentials()
    session.set_credentials("AKIDROTATED", "another", "another-token")

    _, second = token.get_credentials()

    assert "AKIDROTATED" in second
    assert first != second
