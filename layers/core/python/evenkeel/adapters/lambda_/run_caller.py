"""The reconciliation function, asked to do a run, or the rest of one, while nobody waits for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evenkeel.adapters.failures import translated
from evenkeel.clock import to_rfc3339
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.reconciliation.run import Window

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaRunCaller:
    def __init__(self, client: LambdaClient, function_name: str) -> None:
        self._client = client
        self._function_name = function_name

    def begin(self, run_id: str, client_id: str, window: Window) -> None:
        self._call(
            {
                "command": "run",
                "runId": run_id,
                "clientId": client_id,
                "from": to_rfc3339(window.since),
                "to": to_rfc3339(window.until),
            }
        )

    def resume(self, run_id: str) -> None:
        self._call({"command": "resume", "runId": run_id})

    def _call(self, command: Mapping[str, str]) -> None:
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.invoke(
                FunctionName=self._function_name,
                InvocationType="Event",
                Payload=json.dumps(command).encode(),
            )
