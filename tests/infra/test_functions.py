"""Every function: what it runs on, what it is told, and what holds it in check."""

from pathlib import Path

import pytest

from evenkeel.adapters.clients import INVOKE_READ_S_MAX
from evenkeel.config import Settings
from evenkeel.payments.ports import DUE_SHARD_COUNT
from infra.concurrency import CONCURRENCY
from infra.local.emulator.doors import WAIT_S_MAX
from infra.local.ministack import EXECUTION_COUNT_MAX
from tests.infra.conftest import OTHER_CIRCUIT
from tests.infra.template import Properties, Template, in_words, plain

EXPECTED_LIMITS = {
    "PaymentsApi": (26, 1024),
    "PaymentsReads": (10, 1024),
    "WalletsApi": (20, 1024),
    "WalletsReads": (20, 1024),
    "OpsApi": (10, 1024),
    "WalletCommands": (5, 1024),
    "AccessCommands": (10, 512),
    "LedgerStream": (30, 512),
    "PaymentStream": (30, 512),
    "AccountStream": (30, 512),
    "CircuitStream": (30, 512),
    "ReportStream": (30, 512),
    "PaymentWorker": (50, 1024),
    "Sweeper": (58, 1024),
    "Reconciliation": (900, 1024),
    "ReconciliationManual": (900, 1024),
    "ReconciliationApi": (28, 1024),
    "AnomaliesApi": (10, 1024),
    "AnomalyScorer": (30, 512),
    "WebhooksApi": (20, 1024),
    "Webhooks": (30, 512),
    "WebhookSender": (45, 512),
}

CACHE = {"cache_endpoint", "cache_name", "cache_user"}

RECONCILER = {
    "payments_table",
    "ledger_table",
    "accounts_table",
    "changes_table",
    "reports_table",
    "checkpoints_table",
    "breakers_table",
    "wallet_function",
    "alerts_topic",
}

# The settings that each one reads, by their names in `Settings`.
EXPECTED_SETTINGS = {
    "PaymentsApi": {
        *CACHE,
        "payments_table",
        "clients_table",
        "breakers_table",
        "wallet_function",
        "payment_queue_url",
    },
    "PaymentsReads": {*CACHE, "payments_table", "clients_table"},
    "WalletsApi": {*CACHE, "ledger_table", "accounts_table", "clients_table"},
    "WalletsReads": {*CACHE, "ledger_table", "accounts_table", "clients_table"},
    "OpsApi": {
        *CACHE,
        "payments_table",
        "ledger_table",
        "accounts_table",
        "clients_table",
        "breakers_table",
        "changes_table",
        "webhooks_table",
        "deliveries_table",
        "reports_table",
        "wallet_function",
    },
    "WalletCommands": {"ledger_table", "accounts_table"},
    "AccessCommands": {"clients_table"},
    "LedgerStream": {
        "checkpoints_table",
        "accounts_table",
        "changes_table",
        "quarantine_queue_url",
        "event_bus",
        "alerts_topic",
    },
    "PaymentStream": {"changes_table", "quarantine_queue_url", "event_bus"},
    "AccountStream": {"changes_table", "quarantine_queue_url"},
    "CircuitStream": {"quarantine_queue_url", "event_bus"},
    "ReportStream": {"quarantine_queue_url", "event_bus"},
    "PaymentWorker": {
        "payments_table",
        "breakers_table",
        "wallet_function",
        "payment_queue_url",
    },
    "Sweeper": {
        "payments_table",
        "ledger_table",
        "breakers_table",
        "wallet_function",
        "reports_table",
        "checkpoints_table",
        "alerts_topic",
    },
    "Reconciliation": RECONCILER,
    "ReconciliationManual": RECONCILER,
    "ReconciliationApi": {
        *CACHE,
        "reports_table",
        "clients_table",
        "reconciliation_function",
        "payments_table",
        "ledger_table",
        "accounts_table",
        "breakers_table",
        "wallet_function",
    },
    "AnomalyScorer": {
        *CACHE,
        "payments_table",
        "learned_table",
        "clients_table",
        "checkpoints_table",
        "alerts_topic",
    },
    "AnomaliesApi": {*CACHE, "payments_table", "clients_table"},
    "WebhooksApi": {
        *CACHE,
        "webhooks_table",
        "deliveries_table",
        "clients_table",
        "webhook_delivery_queue_url",
        "webhook_reach",
    },
    "Webhooks": {"webhooks_table", "deliveries_table", "webhook_delivery_queue_url"},
    "WebhookSender": {
        "webhooks_table",
        "deliveries_table",
        "webhook_delivery_queue_url",
        "webhook_reach",
        "alerts_topic",
    },
}

# Of code that another function is named after.
FOLDERS = {
    "PaymentsReads": "payments_api",
    "WalletsReads": "wallets_api",
    "ReconciliationManual": "reconciliation",
}

# Those that have money moved, by one way or the other.
PAYERS = {
    "PaymentsApi",
    "PaymentWorker",
    "Sweeper",
    "Reconciliation",
    "ReconciliationManual",
    "ReconciliationApi",
}


@pytest.fixture
def functions(service: Template) -> dict[str, Properties]:
    return service.functions()


def test_every_function_has_its_time_and_its_memory(functions: dict[str, Properties]) -> None:
    limits = {name: (each["Timeout"], each["MemorySize"]) for name, each in functions.items()}

    assert limits == EXPECTED_LIMITS


def test_every_function_runs_its_handler_on_python_313_and_arm(
    functions: dict[str, Properties],
) -> None:
    for name, each in functions.items():
        called = each["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        folder = FOLDERS.get(name, called)

        assert called.replace("_", "") == name.lower()
        assert each["Handler"] == f"functions.{folder}.handler.handler"
        assert (each["Runtime"], each["Architectures"]) == ("python3.13", ["arm64"])


def test_every_function_is_traced(functions: dict[str, Properties]) -> None:
    for each in functions.values():
        assert each["TracingConfig"] == {"Mode": "Active"}


def test_every_function_logs_encrypted_and_for_three_months(service: Template) -> None:
    groups = service.all("AWS::Logs::LogGroup")

    for name, function in service.functions().items():
        group = groups[plain(function["LoggingConfig"]["LogGroup"]["Ref"])]
        assert in_words(function["LoggingConfig"]["LogGroup"]) == f"{name}Logs"
        assert group["RetentionInDays"] == 90
        assert in_words(group["KmsKeyId"]) == "Key.Arn"


def test_the_logs_key_serves_the_log_groups_of_this_account_only(service: Template) -> None:
    [key] = service.all("AWS::KMS::Key").values()
    [usage] = [
        each
        for each in key["KeyPolicy"]["Statement"]
        if "logs" in in_words(each["Principal"].get("Service", ""))
    ]
    groups = in_words(usage["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])

    assert in_words(usage["Principal"]["Service"]) == "logs.AWS::Region.amazonaws.com"
    assert groups == "arn:AWS::Partition:logs:AWS::Region:AWS::AccountId:log-group:*"


def test_every_function_has_both_layers(service: Template) -> None:
    for each in service.functions().values():
        assert [plain(layer["Ref"]) for layer in each["Layers"]] == ["Core", "Deps"]


def test_executions_are_reserved_for_the_target_of_the_deployment(service: Template) -> None:
    reserved = service.body["Mappings"]["Concurrency"]

    for name, each in service.functions().items():
        asked = each["ReservedConcurrentExecutions"]
        assert asked == {"Fn::FindInMap": ["Concurrency", name, {"Ref": "Target"}]}
        assert set(reserved[name]) == {"aws", "local"}
    assert service.body["Parameters"]["Target"]["Default"] == "aws"
    assert set(service.body["Parameters"]["Target"]["AllowedValues"]) == {"aws", "local"}


def test_an_account_of_the_usual_size_can_reserve_them_all() -> None:
    """A thousand executions, of which AWS wants a hundred left unreserved."""
    assert sum(each["aws"] for each in CONCURRENCY.values()) <= 900


def test_whoever_deploys_is_told_how_many_they_are() -> None:
    count = sum(each["aws"] for each in CONCURRENCY.values())

    assert f"Room for {count} reserved executions" in Path("docs/deploy.md").read_text()
    assert (
        f"reserve {count} executions" in Path("docs/decisions/0006-infrastructure.md").read_text()
    )


def test_a_laptop_can_run_all_that_its_functions_may_run() -> None:
    """Or the limit of the whole machine would refuse payments because somebody lists."""
    assert sum(each["local"] for each in CONCURRENCY.values()) <= EXECUTION_COUNT_MAX


@pytest.mark.parametrize("place", ["aws", "local"])
@pytest.mark.parametrize("service", ["payments", "wallets"])
def test_what_reads_has_a_smaller_share_than_what_moves_money(service: str, place: str) -> None:
    shares = {kind: CONCURRENCY[f"{service}_{kind}"][place] for kind in ("api", "reads")}

    assert shares["reads"] < shares["api"]


def test_the_wallets_have_room_for_all_that_ask_them_at_once() -> None:
    """Or a rush of payments would turn away the sweeps and the worker that settle them."""
    lane_counts = {"payments_api": 1, "payment_worker": 1, "sweeper": DUE_SHARD_COUNT}
    asking = sum(count * CONCURRENCY[name]["aws"] for name, count in lane_counts.items())

    assert CONCURRENCY["wallet_commands"]["aws"] >= asking


def test_each_function_is_told_what_it_reads_and_nothing_else(
    functions: dict[str, Properties],
) -> None:
    """Infra and runtime both name the variables, though neither imports the other."""
    for name, each in functions.items():
        told = {
            variable.lower()
            for variable in each["Environment"]["Variables"]
            if not variable.startswith("POWERTOOLS_")
        }
        settings = Settings(dict.fromkeys(map(str.upper, told), "x"))

        assert told == EXPECTED_SETTINGS[name]
        for setting in told:
            assert getattr(settings, setting) == "x"


@pytest.mark.parametrize("name", sorted(PAYERS))
def test_inline_payments_are_told_the_wallets_tables_and_no_wallet_function(
    name: str, other_service: Template
) -> None:
    told = set(other_service.functions()[name]["Environment"]["Variables"])

    assert {"LEDGER_TABLE", "ACCOUNTS_TABLE"} < told
    assert "WALLET_FUNCTION" not in told


def test_whoever_has_a_breaker_is_told_of_another_circuit(other_service: Template) -> None:
    """The fleet's breakers must agree, so all of them are told the same."""
    told = {
        name: each["Environment"]["Variables"].get("WALLET_CIRCUIT")
        for name, each in other_service.functions().items()
    }

    assert {name for name, circuit in told.items() if circuit} == set(PAYERS)
    assert {circuit for circuit in told.values() if circuit} == {OTHER_CIRCUIT}


def test_each_function_is_an_output(service: Template, functions: dict[str, Properties]) -> None:
    named = {name for name in service.body["Outputs"] if name.startswith("Function")}

    assert named == {f"Function{name}" for name in functions}


def test_an_answer_of_the_wallets_is_not_missed(functions: dict[str, Properties]) -> None:
    """Where it has to wait in line, too; there is a line on the local stack only."""
    busy_s = WAIT_S_MAX + functions["WalletCommands"]["Timeout"]

    assert busy_s < INVOKE_READ_S_MAX
