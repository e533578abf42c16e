"""What can happen to one call on its way, or to those who wait for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from botocore.awsrequest import AWSResponse

from tests.faults import answer, cancelled
from tests.integration.path.calls import Call


class Fault(StrEnum):
    ANSWER_LOST = "the answer is lost"
    REQUEST_LOST = "the request is lost"
    LATE = "the request is given up and arrives when all is over"
    THROTTLED = "it is turned away"
    CONTENDED = "another transaction has the item in hand"
    REPEATED = "it arrives twice, and the answer is to the second"
    OVERTAKEN = "it leaves after the lease, and the client was there first"
    KILLED_BEFORE = "the process dies before the call"
    KILLED_AFTER = "the process dies after the call"


DEATHS = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_AFTER})
# Of a read that fails nothing remains, however it failed.
OF_READS = (Fault.ANSWER_LOST, Fault.THROTTLED, Fault.OVERTAKEN, Fault.KILLED_AFTER)
OF_WRITES = tuple(fault for fault in Fault if fault is not Fault.CONTENDED)
# What an outage does call after call; the others are accidents.
LASTING = frozenset(Fault) - {Fault.LATE, Fault.REPEATED, Fault.OVERTAKEN}

CONTENTION = {
    "Invoke wallet_commands": lambda: answer(409, "ResourceConflictException"),
    "PutItem ledger": lambda: answer(400, "TransactionConflictException"),
    "TransactGetItems accounts+ledger": lambda: cancelled("None", "TransactionConflict"),
    "TransactWriteItems accounts+ledger": lambda: cancelled("None", "TransactionConflict"),
}
THROTTLES = {
    "Invoke": lambda: answer(429, "TooManyRequestsException", Reason="CallerRateLimitExceeded"),
    "SendMessage": lambda: answer(403, "RequestThrottled"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A fault at one call; one that lasts meets that call and its like from then on."""

    call: Call
    fault: Fault
    is_lasting: bool = False

    def strikes(self, call: Call) -> bool:
        if call.kind != self.call.kind:
            return False
        return call.nth == self.call.nth or (self.is_lasting and call.nth > self.call.nth)

    def __str__(self) -> str:
        lasting = ", and so it goes on" if self.is_lasting else ""
        return f"{self.call}: {self.fault}{lasting}"


def plans_of(calls: Sequence[Call], *, is_lasting: bool) -> Iterator[Plan]:
    """Yield each fault at each call, as far as they go together."""
    for call in calls:
        contention = [Fault.CONTENDED] if call.kind in CONTENTION else []
        for fault in [*(OF_READS if call.is_read else OF_WRITES), *contention]:
            if not is_lasting or fault in LASTING:
                yield Plan(call, fault, is_lasting)


def throttled(operation: str) -> AWSResponse:
    return THROTTLES.get(operation, lambda: answer(400, "ThrottlingException"))()
