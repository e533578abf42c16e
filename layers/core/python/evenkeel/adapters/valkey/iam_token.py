"""The password of an IAM user of ElastiCache: a request that is signed and never sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from valkey.credentials import CredentialProvider

if TYPE_CHECKING:
    from botocore.session import Session

TOKEN_S_MAX = 900


@dataclass(frozen=True)
class IamToken(CredentialProvider):
    """Asked at each connection, so a token is never older than the connection that it opens."""

    session: Session
    cache_name: str
    user: str

    def get_credentials(self) -> tuple[str, str]:
        """Return the user and a token that opens a connection within a quarter of an hour."""
        wanted = {"Action": "connect", "User": self.user, "ResourceType": "ServerlessCache"}
        # ElastiCache calls a cache by its name in lower case, however it was given.
        request = AWSRequest("GET", f"http://{self.cache_name.lower()}/?{urlencode(wanted)}")
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        region = self.session.get_config_variable("region")
        SigV4QueryAuth(credentials, "elasticache", region, expires=TOKEN_S_MAX).add_auth(request)
        return self.user, str(request.url).removeprefix("http://")
