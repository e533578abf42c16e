"""Where requests leave the clients: each call is counted there, and one of them may fail."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.faults import Killed
from tests.integration.path.calls import Call, body_of, place_of
from tests.integration.path.faults import CONTENTION, Fault, Plan, throttled

Send = Callable[[AWSPreparedRequest], AWSResponse]


def nobody() -> None:
    """Stand for a rival that does not come."""


class Tap:
    """One for all clients, for calls within calls too.

    Attributes:
        names: What the tables are called here.
        calls: All since it was armed.
        brought_nothing: The queries among them that have found nothing.
        strike_count: How often the planned fault has happened.
        rival: What overtakes a call.
    """

    def __init__(self) -> None:
        self.names: Mapping[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._under_way: list[tuple[Call | None, Fault | None]] = []
        self._plan: Plan | None = None
        self._is_muted = True
        self.calls: list[Call] = []
        self.brought_nothing: set[Call] = set()
        self.strike_count = 0
        self.rival: Callable[[], None] = nobody
        self._late: list[Callable[[], object]] = []

    def attach(self, client: Any, send: Send | None = None) -> None:
        """Listen to a client; *send* answers its requests instead of the network."""
        service = client.meta.service_model.service_id.hyphenize()
        before = partial(self._before, client=client, send=send)
        client.meta.events.register_first(f"before-send.{service}", before)
        client.meta.events.register(f"response-received.{service}", self._after)

    def arm(self, plan: Plan | None) -> None:
        """Count from here on, and have the planned fault happen; None is a clean run."""
        self._counts.clear()
        self.calls.clear()
        self.brought_nothing.clear()
        self._late.clear()
        self.strike_count = 0
        self._plan, self._is_muted = plan, False

    def disarm(self) -> None:
        self._plan, self._is_muted = None, True

    @contextmanager
    def muted(self) -> Iterator[None]:
        before, self._is_muted = self._is_muted, True
        yield
        self._is_muted = before

    def deliver_late(self) -> None:
        """Let what was given up arrive now; nobody waits for its answer."""
        while self._late:
            _ignoring_refusals(self._late.pop(0))

    def _before(
        self,
        *,
        client: Any,
        send: Send | None,
        event_name: str,
        request: AWSPreparedRequest,
        **_: object,
    ) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        call = None if self._is_muted else self._counted(operation, request)
        fault = self._fault_at(call)
        self._under_way.append((call, fault))
        again = partial(_send_again, client, operation, request)
        match fault:
            case Fault.KILLED_BEFORE:
                self._under_way.pop()
                raise Killed
            case Fault.REQUEST_LOST:
                raise ReadTimeoutError(endpoint_url="")
            case Fault.LATE:
                self._late.append(again)
                raise ReadTimeoutError(endpoint_url="")
            case Fault.THROTTLED:
                return throttled(operation)
            case Fault.CONTENDED if call:
                return CONTENTION[call.kind]()
            case Fault.REPEATED:
                with self.muted():
                    _ignoring_refusals(again)
            case Fault.OVERTAKEN:
                with self.muted():
                    self.rival()
        return send(request) if send else None

    def _after(self, *, exception: Exception | None, parsed_response: Any, **_: object) -> None:
        call, fault = self._under_way.pop()
        if exception is not None:
            return
        if call is not None and call.operation == "Query" and not parsed_response.get("Count"):
            self.brought_nothing.add(call)
        if fault is Fault.ANSWER_LOST:
            raise ReadTimeoutError(endpoint_url="")
        if fault is Fault.KILLED_AFTER:
            raise Killed

    def _counted(self, operation: str, request: AWSPreparedRequest) -> Call:
        place = place_of(request, self.names)
        kind = Call(operation, place).kind
        self._counts[kind] += 1
        call = Call(operation, place, self._counts[kind])
        self.calls.append(call)
        return call

    def _fault_at(self, call: Call | None) -> Fault | None:
        if call is None or self._plan is None or not self._plan.strikes(call):
            return None
        self.strike_count += 1
        return self._plan.fault


def _send_again(client: Any, operation: str, request: AWSPreparedRequest) -> object:
    if operation == "Invoke":
        return client.invoke(FunctionName=place_of(request, {}), Payload=request.body)
    return getattr(client, xform_name(operation))(**body_of(request))


def _ignoring_refusals(ask: Callable[[], object]) -> None:
    try:
        ask()
    except ClientError:
        return
