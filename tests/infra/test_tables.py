"""The tables: nothing is lost by mistake, and nothing financial ever expires."""

from typing import Any

import pytest

from tests.infra.template import Properties, Template

TABLE = "AWS::DynamoDB::GlobalTable"

EXPECTED_INDEXES = {
    "Payments": {
        "by_user": (("user_key", "S"), ("created_key", "S"), "KEYS_ONLY"),
        "by_due": (("due_shard", "S"), ("due_at", "S"), "KEYS_ONLY"),
        "by_flag": (("flag_shard", "S"), ("created_key", "S"), "KEYS_ONLY"),
    },
    "Ledger": {
        "by_debit_wallet": (("debit_wallet", "S"), ("debit_number", "N"), "ALL"),
        "by_credit_wallet": (("credit_wallet", "S"), ("credit_number", "N"), "ALL"),
    },
    "Accounts": {},
    "Clients": {},
    "Checkpoints": {},
    "Breakers": {},
    "Changes": {},
    "Reports": {"by_list": (("list_key", "S"), ("list_sort", "S"), "ALL")},
    "Learned": {},
    "Webhooks": {},
    "Deliveries": {
        "by_endpoint": (("endpoint_key", "S"), ("created_key", "S"), "KEYS_ONLY"),
    },
}

STREAMED = ("Payments", "Ledger", "Accounts", "Breakers", "Reports")


@pytest.fixture
def tables(data: Template) -> dict[str, Properties]:
    return data.all(TABLE)


def test_each_table_is_looked_up_by_id_and_by_its_indexes(tables: dict[str, Properties]) -> None:
    indexes = {name: indexes_of(table) for name, table in tables.items()}

    assert indexes == EXPECTED_INDEXES
    assert {name for name, table in tables.items() if keys(table, table) != (("id", "S"),)} == {
        "Changes"
    }
    assert keys(tables["Changes"], tables["Changes"]) == (("id", "S"), ("page", "S"))


def test_no_table_goes_with_its_stack_or_by_a_slip(data: Template) -> None:
    for each in data.resources.values():
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("Retain", "Retain")
    for table in data.all(TABLE).values():
        [replica] = table["Replicas"]
        assert replica["DeletionProtectionEnabled"] is True
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_every_table_is_paid_by_request(tables: dict[str, Properties]) -> None:
    assert {table["BillingMode"] for table in tables.values()} == {"PAY_PER_REQUEST"}


def test_every_table_is_encrypted_with_our_key_which_rotates(data: Template) -> None:
    [(key_id, key)] = data.all("AWS::KMS::Key").items()

    assert key["EnableKeyRotation"] is True
    for table in data.all(TABLE).values():
        [replica] = table["Replicas"]
        used = replica["SSESpecification"]["KMSMasterKeyId"]["Fn::GetAtt"]
        assert used[0].startswith(key_id)
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_the_tables_key_serves_this_account_through_dynamodb_only(data: Template) -> None:
    [key] = data.all("AWS::KMS::Key").values()
    [_admin, usage] = key["KeyPolicy"]["Statement"]

    assert set(usage["Condition"]["StringEquals"]) == {"kms:CallerAccount", "kms:ViaService"}
    assert usage["Condition"]["StringEquals"]["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}


def test_money_never_expires(tables: dict[str, Properties]) -> None:
    expiring = {
        name: table["TimeToLiveSpecification"]
        for name, table in tables.items()
        if "TimeToLiveSpecification" in table
    }

    expected = {"AttributeName": "expires_at", "Enabled": True}
    assert expiring == dict.fromkeys(("Checkpoints", "Deliveries", "Learned"), expected)


def test_what_others_hear_of_is_streamed_with_both_images(tables: dict[str, Properties]) -> None:
    streamed = {
        name: table["StreamSpecification"]["StreamViewType"]
        for name, table in tables.items()
        if "StreamSpecification" in table
    }

    assert streamed == dict.fromkeys(STREAMED, "NEW_AND_OLD_IMAGES")


def test_each_table_is_an_output(data: Template, tables: dict[str, Properties]) -> None:
    named = {name for name in data.body["Outputs"] if name.startswith("Table")}

    assert named == {f"Table{name}" for name in tables}


def indexes_of(table: Properties) -> dict[str, tuple[Any, ...]]:
    return {
        each["IndexName"]: (*keys(table, each), each["Projection"]["ProjectionType"])
        for each in table.get("GlobalSecondaryIndexes", [])
    }


def keys(table: Properties, owner: Properties) -> tuple[tuple[str, str], ...]:
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return tuple((key["AttributeName"], types[key["AttributeName"]]) for key in owner["KeySchema"])
