"""Functions run as on Lambda. Each `bare` test shows why MiniStack's own workers do not do."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.local.processes import Child
from tests.emulator import Emulator, started
from tests.local.functions import Function, deployed, zipped

RETURNS = "def handler(event, context):\n    return {}\n"


def returning(expression: str, *imports: str) -> str:
    return "\n".join([*(f"import {name}" for name in imports), RETURNS.format(expression)])


class TestPackages:
    SOURCE = returning("importlib.util.find_spec('botocore') is not None", "importlib.util")

    def test_a_function_sees_no_package_of_the_emulator(self, emulator: Emulator) -> None:
        assert deployed(emulator, self.SOURCE).invoke().result is False

    def test_bare_it_does(self, bare_emulator: Emulator) -> None:
        assert deployed(bare_emulator, self.SOURCE).invoke().result is True


class TestSearchOrder:
    SOURCE = returning("[twin.HERE, lonely.HERE]", "lonely", "twin")
    LAYERS = (
        {"python/twin.py": "HERE = 'first layer'", "python/lonely.py": "HERE = 'first layer'"},
        {"python/lonely.py": "HERE = 'second layer'"},
    )

    def test_the_function_hides_its_layers_and_a_later_layer_an_earlier_one(
        self, emulator: Emulator
    ) -> None:
        function = deployed(emulator, self.SOURCE, layers=self.LAYERS, twin="HERE = 'function'")

        assert function.invoke().result == ["function", "second layer"]

    def test_bare_the_layers_hide_the_function(self, bare_emulator: Emulator) -> None:
        function = deployed(
            bare_emulator, self.SOURCE, layers=self.LAYERS, twin="HERE = 'function'"
        )

        assert function.invoke().result == ["first layer", "second layer"]


class TestVariables:
    SOURCE = returning("dict(os.environ)", "os")

    def test_a_function_sees_lambdas_variables_and_its_own(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE, environment={"TABLE": "payments"})

        seen = function.invoke().result

        assert seen["TABLE"] == "payments"
        assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function.name
        assert seen["AWS_ENDPOINT_URL"] == emulator.url
        assert "MINISTACK_REGION" not in seen

    def test_bare_it_sees_the_emulators(self, bare_emulator: Emulator) -> None:
        assert "MINISTACK_REGION" in deployed(bare_emulator, self.SOURCE).invoke().result


class TestSilence:
    """A function that prints nothing, fifty times."""

    def test_it_answers_at_once(self, emulator: Emulator) -> None:
        assert fastest_of(deployed(emulator, returning("1"))) < 0.04

    def test_bare_its_output_is_waited_for(self, bare_emulator: Emulator) -> None:
        assert fastest_of(deployed(bare_emulator, returning("1"))) > 0.05


def fastest_of(function: Function, call_count: int = 10) -> float:
    function.invoke()
    return min(seconds(function.invoke) for _ in range(call_count))


def seconds(call: Callable[[], Any]) -> float:
    began_at = time.perf_counter()
    call()
    return time.perf_counter() - began_at


class TestExceptions:
    SOURCE = """
import os
def handler(event, context):
    if event == "raise":
        raise ValueError("no good")
    return os.getpid()
"""

    def test_the_process_survives_one(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE)

        before, failed, after = (function.invoke(event) for event in (None, "raise", None))

        assert failed.error == "Unhandled"
        assert failed.result["errorMessage"] == "no good"
        assert before.result == after.result

    def test_bare_it_does_not(self, bare_emulator: Emulator) -> None:
        function = deployed(bare_emulator, self.SOURCE)

        before, _, after = (function.invoke(event) for event in (None, "raise", None))

        assert before.result != after.result

    def test_its_trace_is_in_the_log(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE)

        function.invoke("raise")

        assert any("ValueError: no good" in line for line in function.log())


class TestStart:
    # An import that takes as long as that of a real function.
    SOURCE = """
import os, time
time.sleep(0.5)
IMPORTED_BY = os.getpid()
def handler(event, context):
    time.sleep(0.2)
    return [IMPORTED_BY, os.getpid()]
"""

    def test_a_burst_of_callers_imports_once(self, emulator: Emulator) -> None:
        importers, processes = burst(deployed(emulator, self.SOURCE))

        assert len(importers) == 1
        assert len(processes) > 1

    def test_bare_each_of_them_imports(self, bare_emulator: Emulator) -> None:
        importers, _ = burst(deployed(bare_emulator, self.SOURCE))

        assert len(importers) > 1

    def test_an_import_that_fails_is_reported_and_tried_again(self, emulator: Emulator) -> None:
        function = deployed(emulator, f"import missing_here\n{returning('1')}")

        for _ in range(2):
            failed = function.invoke()

            assert failed.error == "Unhandled"
            assert "No module named 'missing_here'" in failed.result["errorMessage"]


def burst(function: Function) -> tuple[set[int], set[int]]:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: function.invoke().result, range(6)))
    return {importer for importer, _ in answers}, {process for _, process in answers}


def test_what_is_printed_is_logged_line_by_line(emulator: Emulator) -> None:
    function = deployed(
        emulator,
        "def handler(event, context):\n    print('one', end='')\n    print(' two\\nthree')\n",
    )

    function.invoke()

    log = function.log()
    assert any("one two" in line for line in log)
    assert any("three" in line for line in log)


def test_the_context_is_lambdas(emulator: Emulator) -> None:
    function = deployed(
        emulator,
        returning(
            "[context.function_name, context.memory_limit_in_mb,"
            " 0 < context.get_remaining_time_in_millis() <= 10_000, len(context.aws_request_id)]"
        ),
    )

    assert function.invoke().result == [function.name, "128", True, 36]


class TestTimeout:
    SOURCE = """
import os, time
def handler(event, context):
    print("began", flush=True)
    time.sleep(event)
    return os.getpid()
"""

    def test_the_function_ends_and_what_it_printed_is_kept(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE, timeout_s=1)

        late = function.invoke(30)

        assert late.result["errorMessage"] == "Task timed out after 1.00 seconds"
        assert late.result["errorType"] == "Sandbox.Timedout"
        assert any("began" in line for line in function.log())

    def test_the_next_call_has_a_new_process(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE, timeout_s=1)

        before, _, after = (function.invoke(seconds) for seconds in (0, 30, 0))

        assert after.error is None
        assert before.result != after.result


class TestKilledProcesses:
    SOURCE = """
import os
def handler(event, context):
    if event:
        with open(event, "a") as tries:
            tries.write("x")
        os._exit(1)
    return [os.getppid(), os.getpid()]
"""

    def test_the_next_call_does_not_notice(self, emulator: Emulator) -> None:
        function = deployed(emulator, self.SOURCE)
        template, environment = function.invoke().result

        for pids in ([environment], [template], [template, environment]):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            now = function.invoke()

            assert now.error is None
            template, environment = now.result

    def test_what_had_begun_is_not_begun_again(self, emulator: Emulator, tmp_path: Path) -> None:
        function = deployed(emulator, self.SOURCE)
        tries = tmp_path / "tries"

        died = function.invoke(str(tries))

        assert died.result["errorMessage"] == "Runtime exited without providing a reason"
        assert tries.read_text() == "x"
        assert function.invoke().error is None


def test_an_update_is_in_the_next_call(emulator: Emulator) -> None:
    function = deployed(emulator, returning("'old'"))
    assert function.invoke().result == "old"

    emulator.client("lambda").update_function_code(
        FunctionName=function.name, ZipFile=zipped({"main.py": returning("'new'")})
    )

    assert function.invoke().result == "new"


def test_no_process_outlives_an_emulator_that_is_killed() -> None:
    with started("killed") as server:
        pid = deployed(server, returning("os.getpid()", "os")).invoke().result
        environment = Child.of(pid)
        assert environment.is_alive()

        os.kill(server.server.child.pid, 9)

        deadline_at = time.monotonic() + 5
        while environment.is_alive() and time.monotonic() < deadline_at:
            time.sleep(0.01)
        assert not environment.is_alive()
