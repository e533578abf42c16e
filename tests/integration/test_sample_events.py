"""The sample events are what the functions take: one for each."""

import json
from pathlib import Path
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from functions.access_commands.handler import handler as access_commands
from functions.ledger_stream.handler import handler as ledger_stream
from functions.ops_api.handler import handler as ops_api
from functions.payments_api.handler import handler as payments_api
from functions.wallet_commands.handler import handler as wallet_commands
from functions.wallets_api.handler import handler as wallets_api
from tests.context import Context
from tests.integration.environment import forget

CONTEXT = Context()


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(Path(f"events/{name}.json").read_text())
    return event


def signed(event: dict[str, Any]) -> dict[str, Any]:
    key = access_commands(sample("issue_key") | {"scopes": list(Scope)}, CONTEXT)["key"]
    return event | {"headers": event["headers"] | {"X-API-Key": key}}


@pytest.fixture(autouse=True)
def demo_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARANTINE_QUEUE_URL", "http://127.0.0.1/none")
    forget()
    bootstrap.keyring().create_client("Demo", "cli_demo")


def test_a_wallet_is_opened_and_a_payment_from_it_created_and_debited() -> None:
    opened = wallets_api(signed(sample("open_wallet")), CONTEXT)
    created = payments_api(signed(sample("create_payment")), CONTEXT)
    debited = wallet_commands(sample("debit_wallet"), CONTEXT)

    assert opened["statusCode"] in (200, 201)
    assert created["statusCode"] == 201
    assert debited["outcome"] == "posted"
    assert json.loads(created["body"])["id"] == sample("debit_wallet")["paymentId"]


def test_a_record_of_the_ledger_is_folded() -> None:
    ledger_stream(sample("ledger_record"), CONTEXT)
    ledger_stream(sample("ledger_record"), CONTEXT)

    transfer_id = sample("debit_wallet")["transferId"]
    assert bootstrap.folding().store.receipt(transfer_id) is not None


def test_health_is_asked_for_without_a_key() -> None:
    assert ops_api(sample("get_health"), CONTEXT)["statusCode"] == 200


def test_every_sample_is_used_here() -> None:
    used = {
        "create_payment",
        "debit_wallet",
        "get_health",
        "issue_key",
        "ledger_record",
        "open_wallet",
    }

    assert {path.stem for path in Path("events").glob("*.json")} == used
