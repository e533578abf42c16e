"""Clients for the emulator. Nothing of the user's own AWS configuration is read."""

from typing import Any

import boto3
from botocore.config import Config

from infra.local.ministack import ACCOUNT, REGION

# The emulator takes any secret; a key of twelve digits is the account.
CREDENTIALS = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "local"}


def client(service: str, url: str, *, read_timeout_s: float = 30) -> Any:
    session: Any = boto3.Session()
    return session.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        config=Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=2,
            read_timeout=read_timeout_s,
            s3={"addressing_style": "path"},
        ),
        **CREDENTIALS,
    )


def environment(url: str) -> dict[str, str]:
    """For programs that look for AWS in their environment."""
    return {
        "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        # The CDK's S3 client does not follow the general one.
        "AWS_ENDPOINT_URL_S3": url,
    }
