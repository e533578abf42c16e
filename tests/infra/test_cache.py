"""The cache: where it stands, who may use it, for what, and how much."""

from typing import Any

import pytest
from valkey import Valkey
from valkey.exceptions import NoPermissionError

from infra.constructs.cache import ACCESS
from tests.infra.template import Template
from tests.valkey import Server

CACHE = "AWS::ElastiCache::ServerlessCache"


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


@pytest.fixture
def client(valkey: Server) -> Any:
    """One who may do what our functions may on AWS."""
    valkey.admin().execute_command(
        "ACL", "SETUSER", "functions", "reset", "nopass", *ACCESS.split()
    )
    return Valkey("127.0.0.1", valkey.process.port, username="functions", password="")


def test_its_user_may_do_nothing_but_what_the_scripts_do(client: Any) -> None:
    for forbidden in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("DEL", "{cli_a}:x")):
        with pytest.raises(NoPermissionError):
            client.execute_command(*forbidden)
    with pytest.raises(NoPermissionError):
        client.execute_command("GET", "somebody-elses")
