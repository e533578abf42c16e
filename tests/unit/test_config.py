import pytest

from evenkeel.config import Misconfigured, Settings

NEEDED = {
    "payments_table": "PAYMENTS_TABLE",
    "ledger_table": "LEDGER_TABLE",
    "accounts_table": "ACCOUNTS_TABLE",
    "clients_table": "CLIENTS_TABLE",
    "checkpoints_table": "CHECKPOINTS_TABLE",
    "changes_table": "CHANGES_TABLE",
    "reports_table": "REPORTS_TABLE",
    "reconciliation_function": "RECONCILIATION_FUNCTION",
    "this_function": "AWS_LAMBDA_FUNCTION_NAME",
    "quarantine_queue_url": "QUARANTINE_QUEUE_URL",
}
each_setting = pytest.mark.parametrize(("setting", "variable"), NEEDED.items())


@each_setting
def test_a_setting_is_read_from_its_variable(setting: str, variable: str) -> None:
    settings = Settings({name: f"value of {name}" for name in NEEDED.values()})

    assert getattr(settings, setting) == f"value of {variable}"


@each_setting
@pytest.mark.parametrize("environment", [{}, dict.fromkeys(NEEDED.values(), "")])
def test_a_missing_variable_is_named(
    setting: str, variable: str, environment: dict[str, str]
) -> None:
    with pytest.raises(Misconfigured, match=variable):
        getattr(Settings(environment), setting)


def test_a_function_needs_only_the_variables_that_it_uses() -> None:
    assert Settings({"CLIENTS_TABLE": "clients"}).clients_table == "clients"


def test_without_a_wallet_function_there_is_none() -> None:
    assert Settings({}).wallet_function is None
    assert Settings({"WALLET_FUNCTION": "wallet"}).wallet_function == "wallet"
