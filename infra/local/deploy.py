"""Deploys the stacks to the emulator with the CDK's own command line."""

import json
import os
import subprocess
from pathlib import Path

from infra.local import aws
from infra.local.ministack import ACCOUNT, REGION, last_lines
from infra.local.paths import ROOT
from infra.local.problems import LocalProblem
from infra.local.tools import CDK

QUALIFIER = "hnb659fds"  # Of the CDK's default bootstrap.
BOOTSTRAP_VERSION = "30"
SERVICE_STACK = "EvenkeelService"

Outputs = dict[str, dict[str, str]]


def bootstrap(url: str) -> None:
    """The two things of `cdk bootstrap` that a deployment here uses, in a tenth of its time."""
    s3, ssm = aws.client("s3", url), aws.client("ssm", url)
    s3.create_bucket(Bucket=f"cdk-{QUALIFIER}-assets-{ACCOUNT}-{REGION}")
    ssm.put_parameter(
        Name=f"/cdk-bootstrap/{QUALIFIER}/version",
        Value=BOOTSTRAP_VERSION,
        Type="String",
        Overwrite=True,
    )


def deploy(assembly: Path, url: str, *, cache: str, outputs: Path, log: Path) -> Outputs:
    """Deploy what was synthesized; *cache* is the host and port of Valkey."""
    command: list[str | Path] = [
        CDK,
        "deploy",
        "--all",
        *("--app", assembly),
        *("--parameters", "Target=local"),
        *("--parameters", f"{SERVICE_STACK}:LocalCache={cache}"),
        *("--outputs-file", outputs),
        *("--require-approval", "never"),
        *("--concurrency", "4"),
        *("--progress", "events"),
        "--no-version-reporting",
        "--ci",
    ]
    with log.open("wb") as written:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=_environment(url, home=outputs.parent),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        message = f"The deployment failed. The end of {log}:\n{last_lines(log)}"
        raise LocalProblem(message)
    found: Outputs = json.loads(outputs.read_text())
    return found


def _environment(url: str, *, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        # Not the user's: ~/.aws and ~/.cdk.json would have their say.
        "HOME": str(home),
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        **aws.environment(url),
    }
