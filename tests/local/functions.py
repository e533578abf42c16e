"""Small Lambda functions and REST APIs for tests of the emulator itself."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4
from zipfile import ZipFile

from infra.local.ministack import ACCOUNT, REGION
from tests.emulator import Emulator

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


@dataclass(frozen=True)
class Invoked:
    result: Any
    error: str | None


@dataclass(frozen=True)
class Function:
    emulator: Emulator
    name: str

    def invoke(self, event: Any = None) -> Invoked:
        answer = self.emulator.client("lambda").invoke(
            FunctionName=self.name, Payload=json.dumps(event).encode()
        )
        return Invoked(json.loads(answer["Payload"].read()), answer.get("FunctionError"))

    def reserve(self, count: int) -> None:
        self.emulator.client("lambda").put_function_concurrency(
            FunctionName=self.name, ReservedConcurrentExecutions=count
        )

    def log(self) -> list[str]:
        """What it printed, and Lambda around it; the group is there after the first call."""
        logs = self.emulator.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip("\n") for event in found]


def deployed(
    emulator: Emulator,
    source: str,
    *,
    layers: tuple[dict[str, str], ...] = (),
    environment: dict[str, str] | None = None,
    timeout_s: int = 10,
    **more_files: str,
) -> Function:
    """A function whose module `main` is this source, and layers of these files."""
    client = emulator.client("lambda")
    name = f"function-{uuid4().hex[:8]}"
    arns = [
        client.publish_layer_version(
            LayerName=f"{name}-{number}", Content={"ZipFile": zipped(files)}
        )["LayerVersionArn"]
        for number, files in enumerate(layers)
    ]
    files = {f"{module}.py": text for module, text in more_files.items()}
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Code={"ZipFile": zipped({"main.py": source, **files})},
        Layers=arns,
        Timeout=timeout_s,
        Environment={"Variables": environment or {}},
    )
    return Function(emulator, name)


def zipped(files: dict[str, str]) -> bytes:
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return written.getvalue()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Api:
    url: str

    def get(self, path: str) -> Answer:
        try:
            with urlopen(Request(f"{self.url}{path}"), timeout=30) as answer:  # noqa: S310
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())


def api_of(
    function: Function, *, responses: dict[str, dict[str, Any]] | None = None, path: str = "thing"
) -> Api:
    """A REST API with one route, `GET /thing`, and these gateway responses."""
    client = function.emulator.client("apigateway")
    api = client.create_rest_api(name=function.name)
    at = {"restApiId": api["id"]}
    resource = client.create_resource(**at, parentId=api["rootResourceId"], pathPart=path)
    method = {**at, "resourceId": resource["id"], "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}"
    client.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    for kind, response in (responses or {}).items():
        client.put_gateway_response(**at, responseType=kind, **response)
    client.create_deployment(**at, stageName="v1")
    return Api(f"{function.emulator.url}/restapis/{api['id']}/v1/_user_request_")
