"""Gives MiniStack's pool our environments to lease."""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.emulator.environments import Environment
from infra.local.emulator.packages import Packages
from infra.local.emulator.templates import Launch, Templates

SITE_PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def run_functions_in_environments(folder: Path, endpoint_url: str) -> None:
    """Run Python functions by `runtime.py` and not by MiniStack's own workers.

    Those run in MiniStack's interpreter with its site-packages (a dependency that no layer ships
    stays hidden), put layers before the function on sys.path, hand them the emulator's own
    variables, unpack every layer again for each process and import again for each (fifty cold
    callers are fifty imports), wait 50 ms for the output of a function that prints nothing, and
    end a process whose function raised.
    """
    lambda_runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    lambda_svc: Any = importlib.import_module("ministack.services.lambda_svc")
    original: Callable[[dict[str, Any]], Any] = lambda_runtime._worker_class_for
    packages, templates = Packages(folder), Templates()

    def make(_name: str, config: dict[str, Any], code: bytes) -> Environment:
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers") or []]
        path = search_path(
            packages.unpacked(code), [packages.unpacked(layer) for layer in layers if layer]
        )
        variables = {
            **own_variables(config),
            **lambda_runtime.execution_credentials(config),
            "AWS_ENDPOINT_URL": endpoint_url,
            "LAMBDA_TASK_ROOT": path[0],
        }
        return Environment(config, Launch(config["Handler"], path, variables), templates)

    def worker_class_for(config: dict[str, Any]) -> Any:
        is_python = str(config.get("Runtime", "")).startswith("python")
        return make if is_python else original(config)

    lambda_runtime._worker_class_for = worker_class_for


def search_path(code: Path, layers: list[Path]) -> tuple[str, ...]:
    """Lambda's order: the function, then /opt, where a later layer hides an earlier one."""
    folders = [code]
    for layer in reversed(layers):
        folders += [layer / "python" / SITE_PACKAGES, layer / "python"]
    return tuple(str(folder) for folder in folders if folder.is_dir())


def own_variables(config: dict[str, Any]) -> dict[str, str]:
    """Lambda's variables and the function's; none of whoever started the emulator."""
    region, name = config["FunctionArn"].split(":")[3], config["FunctionName"]
    logging = config.get("LoggingConfig") or {}
    return {
        **(config.get("Environment") or {}).get("Variables", {}),
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(config.get("Version", "$LATEST")),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_REGION": region,
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "TMPDIR": os.environ["TMPDIR"],
        "TZ": ":UTC",
        "_HANDLER": config["Handler"],
    }
