"""The local stack: `python -m infra.local <command>`."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence

from infra.local import aws
from infra.local.demo import Day
from infra.local.invoke import invoke
from infra.local.paths import DEFAULT, StackFolder
from infra.local.problems import LocalProblem
from infra.local.reconcile import PASSES, reconcile
from infra.local.reconcile import in_words as told
from infra.local.stack import LocalStack, Ports
from infra.local.stackfile import Stack
from infra.local.sweep import in_words, sweep
from infra.replay import CannotReplay, Wish, replay

REPLAY_POLL_S = 0.1

DESCRIPTION = """\
The same stacks that go to AWS, on an emulator on this machine.

environment variables:
  STACK        name of the stack, for several side by side (default: default)
  PORT         port of the emulator (default: a free one)
  VALKEY_PORT  port of Valkey (default: a free one)

for reconcile: PASS (recent, day or all; default: recent)
for replay: FROM, TO (times with a zone), RULE (name of one rule, or how it begins)
for invoke: FN (a function's folder), EVENT (a file, or the name of one in events/)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = {
        "up": up,
        "down": down,
        "status": status,
        "env": env,
        "sweep": sweep_now,
        "reconcile": reconcile_now,
        "replay": replay_now,
        "invoke": invoke_now,
        "demo": demo,
    }
    parser.add_argument("command", choices=commands)
    given = parser.parse_args(arguments)
    try:
        _check_engine()
        return commands[given.command](LocalStack(os.environ.get("STACK") or DEFAULT))
    except LocalProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _check_engine() -> None:
    engine = os.environ.get("EMULATOR", "ministack")
    if engine != "ministack":
        message = f"EMULATOR={engine!r}: the only engine there is yet is ministack"
        raise LocalProblem(message)


def up(local: LocalStack) -> int:
    began_at = time.monotonic()
    ports = Ports(emulator=_port("PORT"), valkey=_port("VALKEY_PORT"))
    stack = local.up(ports)
    print(f"The stack is up after {time.monotonic() - began_at:.1f} s.\n")
    print(_how_to_use(stack, local.files))
    return 0


def down(local: LocalStack) -> int:
    print("Stopped." if local.down() else "Nothing was running.")
    return 0


def status(local: LocalStack) -> int:
    stack = local.status()
    if stack is None:
        print(f"The stack {local.files.name!r} is not up.")
        return 1
    print(json.dumps(stack, indent=2))
    return 0


def env(local: LocalStack) -> int:
    stack = _running(local)
    print(f"export API='{stack['apiUrl']}' KEY='{stack['keys']['merchant']}'")
    return 0


def sweep_now(local: LocalStack) -> int:
    print(in_words(sweep(_running(local))))
    return 0


def reconcile_now(local: LocalStack) -> int:
    run = reconcile(_running(local), os.environ.get("PASS") or PASSES[0])
    print(told(run))
    return 0


def replay_now(local: LocalStack) -> int:
    client = aws.client("events", _running(local)["awsEndpointUrl"])
    try:
        name = replay(client, Wish.read(os.environ), poll_s=REPLAY_POLL_S)
    except CannotReplay as problem:
        raise LocalProblem(str(problem)) from problem
    print(f"Told again: {name}.")
    return 0


def invoke_now(local: LocalStack) -> int:
    answer = invoke(
        _running(local), folder=os.environ.get("FN", ""), event=os.environ.get("EVENT", "")
    )
    print(answer.log, file=sys.stderr)
    print(json.dumps(answer.body, indent=2))
    return 1 if answer.is_error else 0


def demo(local: LocalStack) -> int:
    stack = _running(local)
    Day(stack).tell()
    print(f"\nAll of it happened, at {stack['apiUrl']}\nThe stack goes on: make down stops it.")
    return 0


def _running(local: LocalStack) -> Stack:
    stack = local.status()
    if stack is None:
        message = f"The stack {local.files.name!r} is not up: make up"
        raise LocalProblem(message)
    return stack


def _port(variable: str) -> int | None:
    given = os.environ.get(variable)
    if not given:
        return None
    if not given.isdecimal() or not 0 < int(given) < 2**16:
        message = f"{variable}={given!r} is no port number"
        raise LocalProblem(message)
    return int(given)


def _how_to_use(stack: Stack, files: StackFolder) -> str:
    return f"""\
API      {stack["apiUrl"]}
Docs     {stack["docsUrl"]}
AWS      {stack["awsEndpointUrl"]}   (account 000000000000, {stack["region"]}, any secret)
Valkey   {stack["valkeyUrl"]}
Details  {files.stack_file}   (names of tables, queues and functions, and the demo keys)

  curl {stack["apiUrl"]}/health
  curl -H 'X-API-Key: {stack["keys"]["merchant"]}' {stack["apiUrl"]}/api/payments/user/usr_1"""


if __name__ == "__main__":
    sys.exit(main())
