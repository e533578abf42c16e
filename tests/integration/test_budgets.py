"""What a payment may cost: calls in sequence, and units of capacity."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.adapters.lambda_.wallet_gateway import LambdaWalletGateway
from evenkeel.screening.policy import Policy
from evenkeel.screening.rules import DuplicateAmount, Mode, Rules, Velocity
from functions.payments_api.handler import handler as payments_api
from functions.wallet_commands.handler import handler as wallet_commands
from tests.context import Context
from tests.cost import BUDGET_USD, PATH, Assumed, Metered, text, total_usd
from tests.emulator import Emulator
from tests.events import event
from tests.fakes.lambda_client import InProcessLambda
from tests.integration.environment import forget
from tests.metering import KB, Meter, indexes_by_table, size_of

CALL_COUNT_MAX = 5
WRITE_UNITS_MAX = 12
# In two requests it is claimed in a write of its own, which moves its entry in `by_due`.
TWO_STEP_WRITE_UNITS_MAX = 14
# A payment's item grows with each of its refunds, and every change of it writes it whole.
TENTH_REFUND_WRITE_UNITS_MAX = 22

Answered = dict[str, Any]


class MeteredLambda(InProcessLambda):
    """The wallet service in this process, over the same client, so that one meter sees both."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(wallet_commands)
        self._meter = meter

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803
        self._meter.operations.append("Invoke")
        return super().invoke(FunctionName=FunctionName, Payload=Payload)


@pytest.fixture(autouse=True)
def fresh_environment() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def meter(
    environment: Mapping[str, str], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Meter:
    meter = Meter(bootstrap.dynamodb(), emulator.client("dynamodb"), indexes_by_table(environment))
    gateway = LambdaWalletGateway(MeteredLambda(meter), "wallet_commands")  # type: ignore[arg-type]
    monkeypatch.setattr(bootstrap, "wallet_gateway", lambda: gateway)
    return meter


# One user who pays the same again and again; what is flagged costs a unit more, in its index.
UNSUSPICIOUS = Policy(
    rules=Rules(Velocity(mode=Mode.OFF), duplicate_amount=DuplicateAmount(mode=Mode.OFF))
)


@pytest.fixture
def key(client_id: str) -> str:
    bootstrap.keyring().create_client("Tested", client_id)
    bootstrap.policy_store().lay_down(client_id, UNSUSPICIOUS)
    return bootstrap.keyring().issue(client_id, "all", Scope)[1]


def create(key: str, idempotency_key: str = "breakfast", **fields: object) -> Answered:
    body = {
        "userId": "alice",
        "merchantId": "corner-cafe",
        "amount": 1250,
        "currency": "EUR",
        "description": "A flat white and a croissant",
        "metadata": {"order": "A-2026-000017", "table": "12"},
        **fields,
    }
    headers = {"X-API-Key": key, "Idempotency-Key": idempotency_key}
    return payments_api(event("POST", "/api/payments", None, body, headers), Context())


@pytest.fixture
def warm(key: str, meter: Meter, client_id: str) -> str:
    """A wallet, and an execution environment that knows the key and the circuit already."""
    wallet, _ = bootstrap.wallets().open(client_id, "alice", "EUR", opening_minor=10_000)
    create(key, "warm-up", walletId=wallet.id, process=True)
    meter.start()
    return wallet.id


def test_a_payment_takes_five_calls_in_sequence(meter: Meter, key: str, warm: str) -> None:
    answer = create(key, walletId=warm, process=True)

    assert answer["statusCode"] == 201
    assert len(meter.operations) <= CALL_COUNT_MAX, meter.operations


def test_a_payment_takes_no_more_write_units_than_planned(
    meter: Meter, key: str, warm: str
) -> None:
    create(key, walletId=warm, process=True)

    assert 0 < meter.sized_write_units <= WRITE_UNITS_MAX
    assert 0 < meter.engine_write_units <= WRITE_UNITS_MAX


def test_a_payment_created_first_and_processed_later_is_dearer_by_two_at_most(
    meter: Meter, key: str, warm: str
) -> None:
    created = json.loads(create(key)["body"])
    headers = {"X-API-Key": key}
    resource = "/api/payments/{id}/process"
    processing = event("POST", resource, {"id": created["id"]}, {"walletId": warm}, headers)
    answer = payments_api(processing, Context())

    assert answer["statusCode"] == 200
    assert meter.sized_write_units <= TWO_STEP_WRITE_UNITS_MAX


@pytest.fixture
def metered(meter: Meter, key: str, warm: str) -> Metered:
    create(key, walletId=warm, process=True)
    return read_off(meter)


@pytest.fixture
def others(meter: Meter, key: str, warm: str) -> Mapping[str, Metered]:
    """What can be asked for besides, each metered by itself."""
    found: dict[str, Metered] = {}

    def hold(name: str) -> str:
        meter.start()
        return _id(create(key, name, walletId=warm, process=True, capture="manual"))

    captured = hold("captured")
    found["hold"] = read_off(meter)
    voided = hold("voided")
    for action, payment_id in {"capture": captured, "void": voided, "refund": captured}.items():
        meter.start()
        ask(key, payment_id, action, None)
        found[action] = read_off(meter)
    return found


def read_off(meter: Meter) -> Metered:
    return Metered(
        write_units=meter.sized_write_units,
        read_units=meter.sized_read_units,
        invocations=1 + meter.operations.count("Invoke"),
    )


def test_a_million_payments_cost_no_more_than_planned(metered: Metered) -> None:
    assert total_usd(metered) <= BUDGET_USD


def test_the_cost_sheet_says_what_was_metered(
    metered: Metered, others: Mapping[str, Metered]
) -> None:
    assert PATH.read_text() == text(metered, others)


def test_a_payment_logs_no_more_than_the_cost_sheet_assumes(
    meter: Meter, key: str, warm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    create(key, walletId=warm, process=True)

    logged = capsys.readouterr().out
    # Each function's own lines, the three of Lambda around them, and the gateway's.
    around_bytes = 2 * 300 + 500
    assert 0 < len(logged.encode()) + around_bytes <= Assumed().logs_kb * 1000


def test_a_replay_is_one_read_and_no_write(meter: Meter, key: str, warm: str) -> None:
    create(key, walletId=warm, process=True)
    meter.start()

    replayed = create(key, walletId=warm, process=True)

    assert replayed["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert meter.operations == ["GetItem"]
    assert meter.engine_write_units == 0


def test_a_replay_that_nobody_remembers_is_refused_by_one_conditional_write(
    meter: Meter, key: str, warm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(key, walletId=warm, process=True)
    bootstrap.payment_desk.cache_clear()  # As in an environment that has not seen it before.
    meter.start()

    create(key, walletId=warm, process=True)

    assert meter.operations == ["PutItem"]


def test_what_is_kept_of_a_payment_fits_into_one_unit_each(
    emulator: Emulator, environment: Mapping[str, str], meter: Meter, key: str, warm: str
) -> None:
    payment = json.loads(create(key, walletId=warm, process=True)["body"])
    kept = {
        "PAYMENTS_TABLE": payment["id"],
        "LEDGER_TABLE": payment["transferId"],
        "ACCOUNTS_TABLE": warm,
    }

    sizes = {
        variable: size_of(
            emulator.client("dynamodb").get_item(
                TableName=environment[variable],
                Key={"id": {"S": f"{payment['clientId']}/{id_}"}},
            )["Item"]
        )
        for variable, id_ in kept.items()
    }

    assert max(sizes.values()) <= KB, sizes


# What can follow on a payment: an action, and its body.
ENDS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "capture": ("capture", None),
    "capture a part": ("capture", {"amount": 1000}),
    "void": ("void", None),
}
REFUNDS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "refund": ("refund", None),
    "refund a part": ("refund", {"amount": 500, "reason": "The croissant was cold"}),
}


@pytest.fixture
def held(meter: Meter, key: str, warm: str) -> str:
    payment_id = _id(create(key, "held", walletId=warm, process=True, capture="manual"))
    meter.start()
    return payment_id


@pytest.fixture
def paid(meter: Meter, key: str, warm: str) -> str:
    payment_id = _id(create(key, "paid", walletId=warm, process=True))
    meter.start()
    return payment_id


def _id(answer: Answered) -> str:
    assert answer["statusCode"] == 201
    payment_id: str = json.loads(answer["body"])["id"]
    return payment_id


def ask(
    key: str,
    payment_id: str,
    action: str,
    body: dict[str, Any] | None,
    idempotency_key: str = "back-A-2026-000017",
) -> Answered:
    headers = {"X-API-Key": key, "Idempotency-Key": idempotency_key}
    resource = f"/api/payments/{{id}}/{action}"
    return payments_api(event("POST", resource, {"id": payment_id}, body, headers), Context())


def hold_to_the_budget(meter: Meter, answer: Answered) -> None:
    assert answer["statusCode"] == 200
    assert len(meter.operations) <= CALL_COUNT_MAX, meter.operations
    assert 0 < meter.sized_write_units <= WRITE_UNITS_MAX
    assert 0 < meter.engine_write_units <= WRITE_UNITS_MAX


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_hold_takes_no_more_than_a_payment(
    meter: Meter, key: str, held: str, name: str
) -> None:
    hold_to_the_budget(meter, ask(key, held, *ENDS[name]))


@pytest.mark.parametrize("name", REFUNDS)
def test_a_refund_takes_no_more_than_a_payment(
    meter: Meter, key: str, paid: str, name: str
) -> None:
    hold_to_the_budget(meter, ask(key, paid, *REFUNDS[name]))


def test_a_payment_that_nobody_has_processed_is_cheap_to_void(
    meter: Meter, key: str, warm: str
) -> None:
    payment_id = _id(create(key, "forgotten"))
    meter.start()
    answer = ask(key, payment_id, "void", None)

    assert answer["statusCode"] == 200
    assert meter.operations == ["UpdateItem", "UpdateItem"]


@pytest.mark.parametrize("name", ENDS)
def test_an_end_asked_for_again_is_one_refused_write(
    meter: Meter, key: str, held: str, name: str
) -> None:
    ask(key, held, *ENDS[name])
    meter.start()
    replayed = ask(key, held, *ENDS[name])

    assert replayed["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert meter.operations == ["UpdateItem"]
    assert meter.sized_write_units == 0
    assert 0 < meter.refused_write_units <= 2


@pytest.mark.parametrize("name", REFUNDS)
def test_a_refund_asked_for_again_is_one_refused_write(
    meter: Meter, key: str, paid: str, name: str
) -> None:
    ask(key, paid, *REFUNDS[name])
    meter.start()
    replayed = ask(key, paid, *REFUNDS[name])

    assert replayed["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert meter.operations == ["UpdateItem"]
    assert meter.sized_write_units == 0
    assert 0 < meter.refused_write_units <= 2


def test_a_payment_that_was_refunded_often_is_not_dear_to_refund_once_more(
    meter: Meter, key: str, paid: str
) -> None:
    for number in range(9):
        ask(key, paid, "refund", {"amount": 10}, f"back-{number}")
    meter.start()
    answer = ask(key, paid, "refund", {"amount": 10}, "back-9")

    assert answer["statusCode"] == 200
    assert len(meter.operations) <= CALL_COUNT_MAX, meter.operations
    assert meter.sized_write_units <= TENTH_REFUND_WRITE_UNITS_MAX
