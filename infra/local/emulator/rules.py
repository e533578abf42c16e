"""Calls the function of an EventBridge rule as Lambda does: what fails is not forgotten."""

import importlib
import json
from typing import Any


def call_again_for_rules() -> None:
    """Treat a rule's call as the asynchronous one that it is.

    MiniStack makes it once and looks at no answer. On AWS a call that fails is made again, as often
    as the function's configuration says, and what fails to the end goes to its destination.
    """
    eventbridge: Any = importlib.import_module("ministack.services.eventbridge")
    lambda_svc: Any = importlib.import_module("ministack.services.lambda_svc")

    def dispatch(arn: str, payload: str) -> None:
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        # A rule may be older than its function, or outlive it.
        if function and config:
            record = lambda_svc._execution_record_for_config(function, config)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch
