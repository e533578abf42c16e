"""Placeholder until the use case is written."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    print("called")
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
