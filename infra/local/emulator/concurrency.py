"""Reserved concurrency of a template's functions, which MiniStack's CloudFormation leaves out."""

import importlib
from collections.abc import Callable
from typing import Any

RESERVED = "ReservedConcurrentExecutions"


def reserve_as_the_template_says() -> None:
    """Without it every function may have as many processes as there are callers."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    lambda_svc: Any = importlib.import_module("ministack.services.lambda_svc")
    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create: Callable[..., Any] = handlers["create"]
    update: Callable[..., Any] = handlers["update"]

    def reserve(name: str, properties: dict[str, Any]) -> None:
        reserved = properties.get(RESERVED)
        lambda_svc._functions[name]["concurrency"] = None if reserved is None else int(reserved)

    def create_and_reserve(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, properties, stack_name)
        reserve(name, properties)
        return name, attributes

    def update_and_reserve(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any
    ) -> Any:
        answer = update(physical_id, old, new, *rest)
        if old.get(RESERVED) != new.get(RESERVED):
            reserve(answer[0], new)
        return answer

    handlers["create"] = create_and_reserve
    handlers["update"] = update_and_reserve
