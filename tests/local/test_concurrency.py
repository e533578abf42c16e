"""What a template says about concurrency is what a function gets."""

import json
from typing import Any
from uuid import uuid4

from tests.emulator import Emulator
from tests.local.functions import ROLE


def template(reserved: int | None) -> str:
    properties: dict[str, Any] = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": ROLE,
        "Code": {"ZipFile": "def handler(event, context): pass"},
    }
    if reserved is not None:
        properties["ReservedConcurrentExecutions"] = reserved
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    outputs = {"Name": {"Value": {"Ref": "Function"}}}
    return json.dumps({"Resources": {"Function": function}, "Outputs": outputs})


def deployed(emulator: Emulator, *versions: int | None) -> int | None:
    """The reserved concurrency after these versions of a template, one after another."""
    cloudformation = emulator.client("cloudformation")
    stack = f"stack-{uuid4().hex[:8]}"
    for number, reserved in enumerate(versions):
        act = cloudformation.update_stack if number else cloudformation.create_stack
        act(StackName=stack, TemplateBody=template(reserved))
        done = "stack_update_complete" if number else "stack_create_complete"
        cloudformation.get_waiter(done).wait(
            StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    name = outputs[0]["OutputValue"]
    found = emulator.client("lambda").get_function_concurrency(FunctionName=name)
    reserved_now: int | None = found.get("ReservedConcurrentExecutions")
    return reserved_now


def test_it_is_reserved(emulator: Emulator) -> None:
    assert deployed(emulator, 3) == 3


def test_it_changes_with_the_template(emulator: Emulator) -> None:
    assert deployed(emulator, 3, 5) == 5
    assert deployed(emulator, 3, None) is None


def test_bare_it_is_forgotten(bare_emulator: Emulator) -> None:
    assert deployed(bare_emulator, 3) is None
