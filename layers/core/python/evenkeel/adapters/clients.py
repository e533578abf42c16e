"""The low-level AWS clients, with our limits instead of botocore's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import get_session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# One attempt, so that an error speaks for one request. After a silent retry,
# "throttled" may be the answer to the second request while the first was applied.
# Our own retries sit in the services, where it is known what may be repeated.
ONE_ATTEMPT: Any = {"mode": "standard", "total_max_attempts": 1}

# A table or a queue. The pool that botocore makes by default, ten connections, is enough for the
# lanes of a sweep.
CALL_CONNECT_S_MAX = 0.3
CALL_READ_S_MAX = 1.0
CALL_S_MAX = CALL_CONNECT_S_MAX + CALL_READ_S_MAX
TABLE_CONFIG = Config(
    connect_timeout=CALL_CONNECT_S_MAX,
    read_timeout=CALL_READ_S_MAX,
    retries=ONE_ATTEMPT,
    tcp_keepalive=True,
    parameter_validation=False,
)

# The invoked function ends within 5 s; whoever waits for it must outlast it, or
# an answer that is on its way becomes an unknown outcome.
INVOKE_CONNECT_S_MAX = 0.3
INVOKE_READ_S_MAX = 6.5
INVOKE_S_MAX = INVOKE_CONNECT_S_MAX + INVOKE_READ_S_MAX
INVOKE_CONFIG = Config(
    connect_timeout=INVOKE_CONNECT_S_MAX,
    read_timeout=INVOKE_READ_S_MAX,
    retries=ONE_ATTEMPT,
    tcp_keepalive=True,
    parameter_validation=False,
)

# The bus and the topic take longer for ten events than a table for one item, and nobody waits.
BUS_READ_S_MAX = 2.0
BUS_S_MAX = CALL_CONNECT_S_MAX + BUS_READ_S_MAX
BUS_CONFIG = Config(
    connect_timeout=CALL_CONNECT_S_MAX,
    read_timeout=BUS_READ_S_MAX,
    retries=ONE_ATTEMPT,
    tcp_keepalive=True,
    parameter_validation=False,
)

# Reads of very much, for nobody who waits. A read may be repeated without anybody knowing.
READER_CONFIG = Config(
    connect_timeout=CALL_CONNECT_S_MAX,
    read_timeout=5.0,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
    parameter_validation=False,
)


def dynamodb_reader() -> DynamoDBClient:
    return cast("DynamoDBClient", get_session().create_client("dynamodb", config=READER_CONFIG))


def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", get_session().create_client("dynamodb", config=TABLE_CONFIG))


def lambda_() -> LambdaClient:
    return cast("LambdaClient", get_session().create_client("lambda", config=INVOKE_CONFIG))


def sqs() -> SQSClient:
    return cast("SQSClient", get_session().create_client("sqs", config=TABLE_CONFIG))


def events() -> EventBridgeClient:
    return cast("EventBridgeClient", get_session().create_client("events", config=BUS_CONFIG))


def sns() -> SNSClient:
    return cast("SNSClient", get_session().create_client("sns", config=BUS_CONFIG))
