"""A whole stack: what it says of itself, whom it answers, and what is left of it."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.assembly import synthesize
from infra.local.http import Answer, Caller
from infra.local.paths import ROOT
from infra.local.processes import kill_marked, marked
from infra.local.stack import LocalStack, Ports
from infra.local.state import State
from tests.local.listeners import addresses_of
from tests.local.waiting import soon
from tests.memory import resident_mib
from tests.stack import Stack

LOOPBACK = "0100007F"

CALLER_COUNT = 50
MEMORY_MIB_MAX = 1500


@pytest.fixture(scope="module")
def own() -> Iterator[LocalStack]:
    """One that a test may ill-treat; whoever uses it says `up` first."""
    local = LocalStack(f"own-{os.getpid()}")
    yield local
    local.down()
    local.files.forget()


def command(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "infra.local", name],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_where_everything_is(stack: Stack) -> None:
    assert set(stack) == {
        *("apiUrl", "consoleUrl", "docsUrl", "awsEndpointUrl", "region", "valkeyUrl", "keys"),
        *("tables", "functions", "topics", "buses", "queues"),
    }
    assert set(stack["keys"]) == {"merchant", "other", "ops"}
    assert {"payments", "ledger", "accounts", "clients"} <= set(stack["tables"])
    assert {"payments_api", "wallets_api", "wallet_commands"} <= set(stack["functions"])


def test_it_answers(stack: Stack) -> None:
    anybody = Caller(stack["apiUrl"], "")

    assert anybody.get("/health").status == 200
    assert anybody.get("/docs").status == 200


def test_its_keys_are_known_and_others_are_not(stack: Stack) -> None:
    for key in stack["keys"].values():
        assert Caller(stack["apiUrl"], key).get("/api/payments/user/somebody").status == 200
    nobody = Caller(stack["apiUrl"], "ek_of_nobody")
    assert nobody.get("/api/payments/user/somebody").status == 401


def test_only_the_operator_may_look_deep(stack: Stack) -> None:
    assert Caller(stack["apiUrl"], stack["keys"]["ops"]).get("/api/ops/health").status == 200
    assert Caller(stack["apiUrl"], stack["keys"]["merchant"]).get("/api/ops/health").status == 403


def test_an_unknown_path_is_a_problem_of_ours(stack: Stack) -> None:
    answer = Caller(stack["apiUrl"], "").get("/api/nothing")

    assert (answer.status, kind_of(answer)) == (404, "application/problem+json")
    assert answer.body["code"] == "not_found"


def test_a_crash_is_cleaned_up_and_begun_again(own: LocalStack) -> None:
    first = own.up(Ports())
    state = State.read(own.files.state_file)
    assert state is not None
    assert addresses_of(own.files.folder) == {LOOPBACK}

    os.kill(state.ministack.child.pid, 9)
    assert own.status() is None
    second = own.up(Ports())

    assert Caller(second["apiUrl"], "").get("/health").status == 200
    assert second["keys"] != first["keys"]
    assert not state.valkey.child.is_alive()


def test_up_again_keeps_what_is_there_and_deploys_nothing(
    own: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # An edit while the tests run would be deployed, and that takes its time.
    assembly = synthesize()
    monkeypatch.setattr("infra.local.stack.synthesize", lambda: assembly)
    first = own.up(Ports())
    merchant = Caller(first["apiUrl"], first["keys"]["merchant"])
    wallet = made_wallet(merchant)
    capsys.readouterr()

    second = own.up(Ports())

    assert second == first
    assert "Deploying" not in capsys.readouterr().out
    assert merchant.get(f"/api/wallets/{wallet.id}").status == 200


def test_down_leaves_no_process_behind(own: LocalStack) -> None:
    own.up(Ports())

    assert own.down()

    assert own.status() is None
    assert kill_marked(own.files.folder) == 0
    assert not own.files.temporary.exists()
    assert not own.down()


def test_fifty_cold_callers_are_survived(own: LocalStack) -> None:
    """Each call is two functions, and none of their processes is there at first."""
    stack = own.up(Ports())
    merchant = Caller(stack["apiUrl"], stack["keys"]["merchant"])
    wallets = [made_wallet(merchant) for _ in range(CALLER_COUNT)]
    for pid in functions_of(own.files.folder):
        os.kill(pid, 9)

    with ThreadPoolExecutor(CALLER_COUNT) as callers:
        answers = list(callers.map(lambda wallet: paid(merchant, wallet), wallets))

    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {201, 429, 503}
    assert statuses[201] > 0
    refused = [answer for answer in answers if answer.status != 201]
    assert all(kind_of(answer) == "application/problem+json" for answer in refused)
    assert all(answer.body["retryable"] for answer in refused)

    # It has recovered by itself, and has not grown out of a laptop.
    assert all(is_paid_soon(merchant, wallet) for wallet in wallets[:10])
    assert resident_mib(marked(own.files.folder)) < MEMORY_MIB_MAX


@dataclass(frozen=True)
class Wallet:
    id: str
    user_id: str


def kind_of(answer: Answer) -> str:
    return answer.headers["Content-Type"].partition(";")[0]


def made_wallet(merchant: Caller) -> Wallet:
    user_id = f"usr_{uuid4().hex}"
    wanted = {"userId": user_id, "currency": "USD", "initialBalance": 1_000}
    made = merchant.post("/api/wallets/create", wanted)
    assert made.status == 201, made
    return Wallet(made.body["id"], user_id)


def paid(merchant: Caller, wallet: Wallet) -> Answer:
    order = {
        "userId": wallet.user_id,
        "merchantId": "shop",
        "amount": 1,
        "currency": "USD",
        "walletId": wallet.id,
        "process": True,
    }
    return merchant.post("/api/payments", order, key=uuid4().hex)


def is_paid_soon(merchant: Caller, wallet: Wallet) -> bool:
    return soon(lambda: paid(merchant, wallet).status == 201)


def functions_of(folder: Path) -> list[int]:
    def runs_a_function(pid: int) -> bool:
        return b"runtime.py" in Path(f"/proc/{pid}/cmdline").read_bytes()

    return [pid for pid in marked(folder) if runs_a_function(pid)]


def test_status_is_an_error_for_what_is_not_up() -> None:
    done = command("status", STACK="never-started")

    assert done.returncode == 1
    assert "'never-started' is not up" in done.stdout


def test_a_bad_name_is_an_error_without_a_traceback() -> None:
    done = command("status", STACK="../elsewhere")

    assert done.returncode == 1
    assert done.stderr.startswith("STACK=")
    assert "Traceback" not in done.stderr


def test_a_bad_port_is_an_error() -> None:
    done = command("up", STACK="never-started", PORT="eighty")

    assert done.returncode == 1
    assert done.stderr.strip() == "PORT='eighty' is no port number"


def test_status_prints_the_stack(stack: Stack, testrun_uid: str) -> None:
    done = command("status", STACK=f"test-{testrun_uid[:8]}")

    assert json.loads(done.stdout) == stack
