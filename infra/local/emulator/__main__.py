"""Runs MiniStack on a socket that is already bound: `python -m infra.local.emulator <fd>`.

With `--bare` it runs as it was published, which tests compare with.
"""

import asyncio
import importlib
import os
import resource
import socket
import sys
from importlib.metadata import version
from pathlib import Path

from infra.local.emulator.concurrency import reserve_as_the_template_says
from infra.local.emulator.doors import let_callers_wait
from infra.local.emulator.functions import run_functions_in_environments
from infra.local.emulator.gateway import answer_for_failed_functions
from infra.local.emulator.replays import replay_to_the_rules_that_were_named
from infra.local.emulator.rules import call_again_for_rules

# Everything here is private to MiniStack: another version may work in another way.
MINISTACK = "1.5.33"


def main() -> None:
    found = version("ministack")
    assert found == MINISTACK, f"these patches are for MiniStack {MINISTACK}, not {found}"
    descriptor = int(sys.argv[1])
    with socket.socket(fileno=os.dup(descriptor)) as listener:
        port = listener.getsockname()[1]
    # Read by MiniStack when it is imported.
    os.environ["GATEWAY_PORT"] = str(port)
    if "--bare" not in sys.argv:
        apply_patches(endpoint_url=f"http://127.0.0.1:{port}")
    raise_limit_of_open_files()
    serve(descriptor)


def apply_patches(*, endpoint_url: str) -> None:
    run_functions_in_environments(Path(os.environ["TMPDIR"]) / "packages", endpoint_url)
    reserve_as_the_template_says()
    let_callers_wait()
    answer_for_failed_functions()
    call_again_for_rules()
    replay_to_the_rules_that_were_named()


def raise_limit_of_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve(descriptor: int) -> None:
    hypercorn = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(hypercorn.serve(importlib.import_module("ministack.app").app, config))


if __name__ == "__main__":
    main()
