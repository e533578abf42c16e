"""The cache: where it stands, who may use it, for what, and how much."""

import re
from pathlib import Path
from typing import Any

import pytest
from valkey import Valkey
from valkey.exceptions import NoPermissionError

from evenkeel.adapters.valkey import windows as adapter
from evenkeel.adapters.valkey.clients import OPTIONS, OneAttemptCluster
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import Counts, Entry, Outcome, Spans
from infra.constructs.cache import ACCESS
from tests.fakes.clock import NOON
from tests.infra.template import Template, in_words
from tests.valkey import Server

CACHE = "AWS::ElastiCache::ServerlessCache"

BUCKET = Bucket(per_s=100, burst_count=100)
SPANS = Spans(velocity_s=60, duplicate_s=300)


def test_it_has_an_endpoint_outside_networks_unless_there_is_one(
    service: Template, other_service: Template
) -> None:
    [public] = service.all(CACHE).values()
    [private] = other_service.all(CACHE).values()

    assert public["ConnectionType"] == "public"
    assert "SubnetIds" not in public
    assert private["ConnectionType"] == "vpc"
    assert len(private["SubnetIds"]) == 2
    assert len(private["SecurityGroupIds"]) == 1


def test_only_iam_opens_it(service: Template) -> None:
    [cache] = service.all(CACHE).values()
    [user] = service.all("AWS::ElastiCache::User").values()
    [group] = service.all("AWS::ElastiCache::UserGroup").values()

    assert user["AuthenticationMode"] == {"Type": "iam"}
    assert user["UserId"] == user["UserName"] == cache["ServerlessCacheName"]
    assert user["UserId"] == user["UserId"].lower()
    assert len(user["UserId"]) <= 40
    assert group["UserIds"] == [{"Ref": "CacheUser72FA2B22"}]
    assert cache["UserGroupId"] == {"Ref": "CacheUsersB25699B6"}


def test_only_the_functions_reach_it_in_a_network(network: Template) -> None:
    groups = network.all("AWS::EC2::SecurityGroup")
    [rule] = groups["CacheGroup"]["SecurityGroupIngress"]

    assert in_words(rule["SourceSecurityGroupId"]) == "FunctionsGroup.GroupId"
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 6379, 6380)
    assert "CidrIp" not in rule


def test_it_is_encrypted_with_a_key_of_ours(service: Template) -> None:
    [cache] = service.all(CACHE).values()

    assert in_words(cache["KmsKeyId"]) == "Key.Arn"


def test_its_bill_has_an_end(service: Template) -> None:
    [cache] = service.all(CACHE).values()

    assert cache["CacheUsageLimits"] == {
        "DataStorage": {"Maximum": 1, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": 30_000},
    }


def test_on_one_machine_it_is_whatever_the_deployment_says(service: Template) -> None:
    told = service.functions()["PaymentsApi"]["Environment"]["Variables"]

    assert told["CACHE_ENDPOINT"]["Fn::If"][2] == {"Ref": "LocalCache"}
    assert told["CACHE_NAME"]["Fn::If"][2] == ""
    assert told["CACHE_USER"]["Fn::If"][2] == ""


# One who may do what our functions may on AWS.
FUNCTIONS: dict[str, Any] = {"username": "functions", "password": ""}


def allow_functions(server: Server) -> None:
    server.admin().execute_command(
        "ACL", "SETUSER", "functions", "reset", "nopass", *ACCESS.split()
    )


@pytest.fixture
def client(valkey: Server) -> Any:
    allow_functions(valkey)
    return Valkey("127.0.0.1", valkey.process.port, **FUNCTIONS)


def test_its_user_may_do_all_that_functions_ask(valkey_cluster: Server) -> None:
    """As a cluster, whose client has questions of its own. What is refused raises."""
    allow_functions(valkey_cluster)
    port = valkey_cluster.process.port
    windows = valkey_cluster.windows(
        connect=lambda: OneAttemptCluster("127.0.0.1", port, **FUNCTIONS, **OPTIONS)
    )
    alice = Person("cli_acl", "alice")
    entry = Entry(alice, "pay_1", Money(1, "EUR"))

    windows.note([Outcome(alice, "pay_0", NOON, is_failure=True)])
    windows.take("cli_acl", Lane.READS, BUCKET)
    counts = windows.screen(entry, BUCKET, SPANS).counts

    assert counts == windows.look(alice, SPANS).counts == Counts(1, 1, 1)


def test_it_may_do_nothing_that_functions_do_not_ask() -> None:
    """What a script calls is written in it; the rest is how scripts are sent."""
    called = {
        f"+{name.lower()}"
        for script in Path(adapter.__file__).parent.glob("*.lua")
        for name in re.findall(r"redis\.call\(\s*'(\w+)'", script.read_text())
    }

    allowed = {each for each in ACCESS.split() if each.startswith("+")}
    assert allowed == called | {"+eval", "+evalsha", "+cluster|slots"}


def test_its_user_may_do_nothing_but_what_the_scripts_do(client: Any) -> None:
    for forbidden in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("DEL", "{cli_a}:x")):
        with pytest.raises(NoPermissionError):
            client.execute_command(*forbidden)
    with pytest.raises(NoPermissionError):
        client.execute_command("GET", "somebody-elses")
