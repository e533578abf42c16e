"""Makes a REST API answer for a function that failed, in its own gateway responses."""

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.emulator.doors import waiting_as_a_client


class Refused(Exception):
    """The integration gave no answer; the gateway has to say so."""

    def __init__(self, response_type: str, message: str) -> None:
        super().__init__(response_type, message)
        self.response_type = response_type
        self.message = message


def answer_for_failed_functions() -> None:
    """Answer by gateway response where MiniStack passes on what failed.

    It sends the text of a function's exception to the client (502), takes an answer without a
    status for a 200, and sends Lambda's own JSON when a function is at its limit. On AWS all three
    are gateway responses. A full door (`doors.py`) is THROTTLED, though AWS would serve it: the
    stage's throttle is what refuses there.
    """
    gateway: Any = importlib.import_module("ministack.services.apigateway_v1")
    invoke: Callable[..., Awaitable[Any]] = gateway._invoke_lambda_proxy_v1

    def proxy_response(result: dict[str, Any]) -> tuple[dict[str, Any], None]:
        body = result.get("body")
        if result.get("throttle"):
            raise _throttled(body)
        if result.get("error") or not isinstance(body, dict) or "statusCode" not in body:
            # 502 unless the template says another status, as on AWS.
            raise Refused("DEFAULT_5XX", "Internal server error")
        return body, None

    async def invoke_or_refuse(*given: Any, **named: Any) -> Any:
        try:
            with waiting_as_a_client():
                return await invoke(*given, **named)
        except Refused as refused:
            return gateway._gw_error(refused.response_type, refused.message)

    gateway._lambda_proxy_response = proxy_response
    gateway._invoke_lambda_proxy_v1 = invoke_or_refuse


def _throttled(body: Any) -> Refused:
    if "Reserved" in str(body.get("Reason")):
        return Refused("API_CONFIGURATION_ERROR", "Internal server error")
    return Refused("THROTTLED", "Too Many Requests")
