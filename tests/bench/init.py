"""The CPU of a cold start: from importing the handler to its first answer.

In a new interpreter each time, with nothing on its path but what Lambda has: the
function's folder and the two layers. Our own modules are compiled anew, as on
Lambda, where they come without bytecode.
"""

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

RUN_COUNT = 5

DEPS = Path("build/layers/deps-local/python").resolve()
OURS = {
    "layers/core/python/evenkeel": "evenkeel",
    "functions/payments_api": "functions/payments_api",
}
CODE = """
import sys, time
sys.path[:0] = {paths!r}
began_at = time.process_time()
from functions.payments_api.handler import handler
from evenkeel import bootstrap
for client in (bootstrap.dynamodb(), bootstrap.lambda_()):
    client.meta.events.register("before-send.*.*", lambda **_: NotFound)
class NotFound:
    status_code, headers, content, text, raw = 200, {{}}, b"{{}}", "{{}}", None
bootstrap.payment_desk().payments
event = {{
    "httpMethod": "GET", "resource": "/api/payments/{{id}}", "path": "/api/payments/pay_1",
    "headers": {{"X-API-Key": "ek_unknown"}}, "requestContext": {{"requestId": "r"}},
}}
answer = handler(event, None)
assert answer["statusCode"] == 401, answer
print((time.process_time() - began_at) * 1000, file=sys.stderr)
"""
YARDSTICK = """
import sys, time
sys.path[:0] = {paths!r}
began_at = time.process_time()
import botocore.session, pydantic, pynamodb.models
print((time.process_time() - began_at) * 1000, file=sys.stderr)
"""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PAYMENTS_TABLE": "payments",
    "CLIENTS_TABLE": "clients",
    "BREAKERS_TABLE": "breakers",
    "WALLET_FUNCTION": "wallet_commands",
    "CACHE_ENDPOINT": "127.0.0.1:1",
}


def best_cpu_ms() -> float:
    """Return the least CPU time of five cold starts, in milliseconds."""
    with TemporaryDirectory() as folder:
        for source, target in OURS.items():
            copytree(source, Path(folder) / target, ignore=ignore_patterns("__pycache__"))
        return min(_run(CODE.format(paths=[str(DEPS), folder])) for _ in range(RUN_COUNT))


def yardstick_cpu_ms() -> float:
    """Return the least CPU time of five imports of what is not ours, in milliseconds.

    It says how fast this machine is now: one that is throttled is slow at both.
    """
    return min(_run(YARDSTICK.format(paths=[str(DEPS)])) for _ in range(RUN_COUNT))


def _run(code: str) -> float:
    done = subprocess.run(  # Our own code, in our own interpreter.
        [sys.executable, "-S", "-B", "-c", code],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stderr.splitlines()[-1])
