"""The token is a signed request, as AWS asks for it, and no older than its connection."""

import hashlib
import hmac
from functools import reduce
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session, get_session

from evenkeel.adapters.valkey.iam_token import IamToken

SECRET = "wJalrXUtnFEMI"
NOTHING = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def session() -> Session:
    session = get_session()
    session.set_credentials("AKIDEXAMPLE", SECRET, "a-session-token")
    session.set_config_variable("region", "eu-central-1")
    return session


def said(token: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(f"//{token}").query).items()}


def signature(host: str, query: dict[str, str]) -> str:
    """Sign a request as the documentation of Signature Version 4 describes it."""
    unsigned = sorted((key, value) for key, value in query.items() if key != "X-Amz-Signature")
    canonical = urlencode(unsigned, quote_via=quote, safe="-_.~")
    request = f"GET\n/\n{canonical}\nhost:{host}\n\nhost\n{NOTHING}"
    scope = query["X-Amz-Credential"].split("/")[1:]
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{'/'.join(scope)}\n{digest}"
    key = reduce(_hmac, scope, f"AWS4{SECRET}".encode())
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def test_a_token_says_who_connects_to_what_and_for_how_long(session: Session) -> None:
    user, token = IamToken(session, "windows-1", "functions-1").get_credentials()
    query = said(token)

    assert user == "functions-1"
    assert token.startswith("windows-1/?")
    assert query["Action"] == "connect"
    assert query["User"] == "functions-1"
    assert query["ResourceType"] == "ServerlessCache"
    assert query["X-Amz-Expires"] == "900"
    assert query["X-Amz-Security-Token"] == "a-session-token"
    assert query["X-Amz-SignedHeaders"] == "host"
    assert query["X-Amz-Credential"].startswith("AKIDEXAMPLE/")
    assert query["X-Amz-Credential"].endswith("/eu-central-1/elasticache/aws4_request")


def test_its_signature_is_that_of_the_documentation(session: Session) -> None:
    _, token = IamToken(session, "windows-1", "functions-1").get_credentials()

    assert said(token)["X-Amz-Signature"] == signature("windows-1", said(token))
    assert said(token)["X-Amz-Signature"] != signature("windows-2", said(token))


def test_the_cache_is_named_in_lower_case(session: Session) -> None:
    _, token = IamToken(session, "Windows-1", "functions-1").get_credentials()

    assert token.startswith("windows-1/?")
    assert said(token)["X-Amz-Signature"] == signature("windows-1", said(token))


def test_each_connection_gets_the_credentials_of_its_time(session: Session) -> None:
    token = IamToken(session, "windows-1", "functions-1")
    _, first = token.get_credentials()
    session.set_credentials("AKIDROTATED", "another", "another-token")

    _, second = token.get_credentials()

    assert "AKIDROTATED" in second
    assert first != second


def test_without_credentials_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    session = get_session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)

    with pytest.raises(NoCredentialsError):
        IamToken(session, "windows-1", "functions-1").get_credentials()
