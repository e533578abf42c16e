"""What every API function shares: keys and scopes, bodies, routing, and errors as problems."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints
from urllib.parse import unquote
from urllib.request import parse_http_list

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints import body
from evenkeel.entrypoints.caller import Caller
from evenkeel.entrypoints.deadlines import deadline_of
from evenkeel.entrypoints.meter import Meter
from evenkeel.entrypoints.problems import PROBLEM_JSON, Problem, internal_problem, problem_of
from evenkeel.entrypoints.schema import documented
from evenkeel.errors import (
    EvenkeelError,
    FieldError,
    IdempotencyKeyMissing,
    MalformedRequest,
    ObjectNotFound,
    ValidationFailed,
)
from evenkeel.screening.quota import Lane

Handler = TypeVar("Handler", bound=Callable[..., Any])
Body = TypeVar("Body", bound=BaseModel)
Event = Mapping[str, Any]
Statuses = Sequence[int]

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

BODY_REFUSES = (400, 413, 422)
RESPOND_ASYNC = "respond-async"
JSON = {"content-type": "application/json"}

logger = Logger()


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of its callers before it looks at anything.

    Attributes:
        scope: None for a route that is open to everybody.
        is_keyed: Whether it needs an idempotency key.
        takes_body: Whether a request without a body is malformed.
        may_omit_body: Unless that is the same as an empty object.
        is_screened: Whether the route takes the request's token, together with its screening.
    """

    scope: Scope | None = None
    is_keyed: bool = False
    takes_body: bool = False
    may_omit_body: bool = False
    is_screened: bool = False

    @property
    def refuses(self) -> Statuses:
        """The statuses of the problems that every such route may answer with."""
        return () if self.scope is None else (401, 403, 429, 500, 503)


class Api:
    """The routes of one function.

    A request passes, in this order: its key, its client's limit, its scope, its body's size
    and form, its idempotency key, its fields; then the route itself.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self.resolver = APIGatewayRestResolver(enable_validation=True)
        self.resolver.exception_handler(RequestValidationError)(_invalid)
        self.resolver.not_found(_not_found)
        self.accesses: dict[tuple[str, str], Access] = {}
        self._meter: Meter | None = None  # Of the request that is being answered.

    def get(
        self,
        path: str,
        access: Access,
        *,
        answers: Statuses = (HTTPStatus.OK,),
        refuses: Statuses = (),
    ) -> Callable[[Handler], Handler]:
        """Register a route that reads; *refuses* are the statuses of its problems."""
        return self._route("GET", path, access, refuses, answers)

    def post(
        self,
        path: str,
        access: Access,
        *,
        answers: Statuses = (HTTPStatus.OK,),
        refuses: Statuses = (),
    ) -> Callable[[Handler], Handler]:
        """Register a route that writes; *refuses* are the statuses of its own problems."""
        return self._route("POST", path, access, (*BODY_REFUSES, *refuses), answers)

    def delete(
        self,
        path: str,
        access: Access,
        *,
        answers: Statuses = (HTTPStatus.OK,),
        refuses: Statuses = (),
    ) -> Callable[[Handler], Handler]:
        """Register a route that deletes, and takes no body."""
        return self._route("DELETE", path, access, refuses, answers)

    @property
    def caller(self) -> Caller:
        """The one whose request is being answered."""
        caller: Caller = self.resolver.context["caller"]
        return caller

    def answer(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Answer an event of the REST API. Whatever happens, it is an answer of the contract."""
        began_at = time.perf_counter()
        request_id: str = event["requestContext"]["requestId"]
        logger.clear_state()
        logger.append_keys(request_id=request_id)
        self._meter = None
        try:
            answer = self._resolved(event, context, request_id)
        except EvenkeelError as error:
            logger.append_keys(error=error.code)
            answer = _as_answer(problem_of(error, request_id))
        except Exception:
            logger.exception("failed")
            answer = _as_answer(internal_problem(request_id))
        headers = answer["multiValueHeaders"]
        headers["X-Request-Id"] = [request_id]
        if self._meter is not None:
            headers |= {name: [value] for name, value in self._meter.headers.items()}
        logger.info(
            "answered",
            route=f"{event['httpMethod']} {event['resource']}",
            status=answer["statusCode"],
            duration_ms=round((time.perf_counter() - began_at) * 1000, 1),
        )
        return answer

    def _route(  # What a route is made of; nobody else calls it.
        self, method: str, path: str, access: Access, refuses: Statuses, answers: Statuses
    ) -> Callable[[Handler], Handler]:
        self.accesses[method, path] = access

        def register(handler: Handler) -> Handler:
            [model] = get_args(get_type_hints(handler)["return"])
            route = self.resolver.route(
                path.replace("{", "<").replace("}", ">"),
                method,
                tags=[self._tag],
                summary=(handler.__doc__ or "").partition("\n")[0],
                operation_id=to_camel(handler.__name__),
                include_in_schema=model is not str,
                security=[{"ApiKey": [access.scope.value]}] if access.scope else [],
                responses=documented(model, answers, (*access.refuses, *refuses)),
            )
            registered: Handler = route(handler)
            return registered

        return register

    def _resolved(self, event: Event, context: LambdaContext, request_id: str) -> dict[str, Any]:
        route = (event["httpMethod"], event["resource"])
        access = self.accesses.get(route)
        if access is None:
            raise ObjectNotFound
        if access.scope is None:
            return self.resolver.resolve(event, context)
        headers = _headers(event)
        principal = bootstrap.doorkeeper().admit(headers.get("x-api-key"))
        logger.append_keys(client_id=principal.client_id)
        meter = self._meter = Meter(principal.client_id, _lane(event))
        try:
            if not access.is_screened:
                meter.take()
            principal.require(access.scope)
            text = _body(event, access)
            caller = Caller(
                principal,
                request_id,
                " ".join(route),
                fingerprint=body.fingerprint(body.read_json(text)) if text else None,
                idempotency_key=_idempotency_key(headers) if access.is_keyed else None,
                deadline=deadline_of(context),
                meter=meter,
                may_wait=_prefers(headers, RESPOND_ASYNC),
            )
            self.resolver.append_context(caller=caller)
            return self.resolver.resolve(_readable(event, headers, text), context)
        except EvenkeelError:
            # What is refused before it could be screened is counted all the same.
            meter.take()
            raise


def reply(
    body: Body,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    replayed: bool = False,
    retry_after_s: int | None = None,
    preference_applied: str | None = None,
) -> Response[Body]:
    """Return an answer with the headers that say what kind of answer it is."""
    headers: dict[str, str | list[str]] = {}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    if preference_applied is not None:
        headers["Preference-Applied"] = preference_applied
    return Response(status, "application/json", body, headers)


def _readable(event: Event, headers: dict[str, str], text: str) -> dict[str, Any]:
    """Return the event as the router is to read it.

    A body is JSON here, whatever the client has called it; and the path is the route's,
    whatever a custom domain has put in front of it.
    """
    as_json = headers | JSON
    return {
        **event,
        "path": _path(event),
        "body": text or None,
        "isBase64Encoded": False,
        "headers": as_json,
        "multiValueHeaders": {name: [value] for name, value in as_json.items()},
    }


def _lane(event: Event) -> Lane:
    return Lane.READS if event["httpMethod"] == "GET" else Lane.WRITES


def _body(event: Event, access: Access) -> str:
    text = body.read_text(event) if event["httpMethod"] == "POST" else ""
    if access.may_omit_body and not text:
        return "{}"
    if access.takes_body and not text:
        raise MalformedRequest("the body is missing")
    if text and not access.takes_body:
        _refuse_fields(body.read_json(text))
        return ""
    return text


def _refuse_fields(value: Any) -> None:
    """Raise ValidationFailed for a body where none belongs, unless it says nothing."""
    if value:
        fields = list(value) if isinstance(value, dict) else ["body"]
        raise ValidationFailed(*(FieldError(name, "not a field of this route") for name in fields))


def _path(event: Event) -> str:
    """Return the path of the route that was granted, with its parameters filled in, decoded.

    A parameter that would lead on to another route names nothing.
    """
    path: str = event["resource"]
    for name, value in (event.get("pathParameters") or {}).items():
        decoded = unquote(value)
        if "/" in decoded:
            raise ObjectNotFound
        path = path.replace(f"{{{name}}}", decoded)
    return path


def _idempotency_key(headers: Mapping[str, str]) -> str:
    key = headers.get("idempotency-key") or ""
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise IdempotencyKeyMissing
    return key


def _headers(event: Event) -> dict[str, str]:
    """Return the headers by their names in lower case; several of one name are one list."""
    single = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    lines = event.get("multiValueHeaders") or {}
    return single | {
        name.lower(): ", ".join(values) for name, values in lines.items() if len(values) > 1
    }


def _prefers(headers: Mapping[str, str], preference: str) -> bool:
    """Tell whether the header Prefer (RFC 7240) names it; what it says beside is ignored."""
    named = (each.partition(";")[0] for each in parse_http_list(headers.get("prefer") or ""))
    return any(_is_set(each, preference) for each in named)


def _is_set(named: str, preference: str) -> bool:
    name, _, value = named.partition("=")
    # An empty value is the same as none.
    return name.strip().lower() == preference and value.strip() in ("", '""')


def _invalid(error: RequestValidationError) -> NoReturn:
    faults = error.errors()
    if any(fault["loc"][0] == "response" for fault in faults):
        raise error  # Our own answer does not fit its model.
    raise ValidationFailed(*(FieldError(_dotted(fault["loc"]), fault["msg"]) for fault in faults))


def _not_found(_: NotFoundError) -> NoReturn:
    """A path whose parameter has a form that the router does not know names nothing."""
    raise ObjectNotFound


def _dotted(location: Sequence[str | int]) -> str:
    """Return the dotted path of a field, without the part of the request that it is in."""
    return ".".join(map(str, location[1:])) or str(location[0])


def _as_answer(problem: Problem) -> dict[str, Any]:
    headers = {"Content-Type": PROBLEM_JSON, **problem.headers}
    return {
        "statusCode": int(problem.status),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": problem.body,
        "isBase64Encoded": False,
    }
