"""Events as API Gateway sends them: REST API, payload format 1.0, AWS_PROXY."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def event(
    method: str,
    resource: str,
    params: Mapping[str, str] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of a request; a *body* that is no text is sent as JSON."""
    path = resource
    for name, value in (params or {}).items():
        path = path.replace(f"{{{name}}}", value)
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    sent = {"Host": "api.example", "Accept": "*/*", **(headers or {})}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": (
            {name: [value] for name, value in query.items()} if query else None
        ),
        "pathParameters": dict(params) if params else None,
        "stageVariables": None,
        "requestContext": {
            "requestId": REQUEST_ID,
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/v1{quote(path)}",
            "stage": "v1",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "curl/8"},
        },
        "body": text,
        "isBase64Encoded": False,
    }
