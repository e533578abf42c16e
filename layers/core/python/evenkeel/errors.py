"""Every error that a caller is expected to handle.

* EvenkeelError
  + BadRequest .......... the request cannot be understood; nothing was looked at
    - MalformedRequest
    - IdempotencyKeyMissing
    - PayloadTooLarge
    - ValidationFailed
  + Denied .............. the caller may not ask for this
    - Unauthorized
    - Forbidden
    - RateLimited
  + Rejected ............ a business rule said no; asking again cannot help
    - Declined
  + NotFound ............ the named thing does not exist, for this client
    - ObjectNotFound
  + Conflict ............ someone else got there first
    - IdempotencyKeyReused
    - InvalidState
    - LimitReached
    - RequestInProgress
    - WalletExists
  + Unavailable ......... a dependency failed, and nothing was applied
    - BusBusy
    - CircuitOpen
    - LedgerBusy
    - StoreBusy
    - TransferContended
    - TransferNotApplied
    - VersionConflict
    - WalletContended
    - WalletUnavailable
    - WindowsUnavailable
  + OutcomeUnknown ...... a dependency failed, and it may have acted
    - BusUnconfirmed
    - LedgerUnconfirmed
    - StoreUnconfirmed
    - TransferUnconfirmed

A refusal is named for what happened, without an `Error` suffix. Programmer
errors are not here: those are assertions, and they crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class EvenkeelError(Exception):
    """Base of all expected errors.

    Attributes:
        code: What clients and dashboards match on; never changes.
        retryable: Whether our own retry loop may send the same request, under
            the same idempotency key, again.
        is_outage: Whether it speaks against the dependency that raised it. A refusal
            does not, nor does a race that was lost: the dependency has answered.
        payment_id: The payment that it is about, where there is one.
        retry_after_s: When to ask again, where somebody knows.
    """

    code: ClassVar[str]
    retryable: ClassVar[bool] = False
    is_outage: ClassVar[bool] = False
    payment_id: str | None = None
    retry_after_s: float | None = None


class BadRequest(EvenkeelError):
    pass


class Denied(EvenkeelError):
    pass


class Rejected(EvenkeelError):
    pass


class NotFound(EvenkeelError):
    pass


class Conflict(EvenkeelError):
    pass


class Unavailable(EvenkeelError):
    retryable = True
    is_outage = True


class OutcomeUnknown(EvenkeelError):
    # The key makes the repeat safe; a call without one must be looked up instead.
    retryable = True
    is_outage = True


class MalformedRequest(BadRequest):
    code = "malformed_request"


class IdempotencyKeyMissing(BadRequest):
    code = "idempotency_key_missing"

    def __init__(self) -> None:
        super().__init__("this route needs the header Idempotency-Key, 1 to 255 visible ASCII")


class PayloadTooLarge(BadRequest):
    code = "payload_too_large"

    def __init__(self, size_bytes_max: int) -> None:
        super().__init__(f"the body is larger than {size_bytes_max} bytes")


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str  # A dotted path into the request.
    message: str


class ValidationFailed(BadRequest):
    code = "validation_failed"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("the request does not fit the route; see errors")
        self.errors = errors


class Unauthorized(Denied):
    code = "unauthorized"

    def __init__(self) -> None:
        super().__init__("the header X-API-Key names no key that is in force")


class Forbidden(Denied):
    code = "forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the key lacks the scope {scope}")


class RateLimited(Denied):
    """Too many requests: later there is a token again, and nothing was looked at."""

    code = "rate_limited"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("this client has used up its requests for now")
        self.retry_after_s = retry_after_s


class DeclineReason(StrEnum):
    INSUFFICIENT_FUNDS = "insufficient_funds"
    WALLET_NOT_FOUND = "wallet_not_found"
    WALLET_FROZEN = "wallet_frozen"
    WALLET_CLOSED = "wallet_closed"
    CURRENCY_MISMATCH = "currency_mismatch"
    WALLET_NOT_OWNED = "wallet_not_owned"
    LIMIT_EXCEEDED = "limit_exceeded"


class Declined(Rejected):
    """A final business refusal: the same key meets the same answer for ever.

    Attributes:
        first_request_id: The request that met the refusal first.
        replayed: Whether that was an earlier one than this.
    """

    code = "payment_declined"

    def __init__(
        self,
        reason: DeclineReason,
        message: str,
        *,
        first_request_id: str | None = None,
        replayed: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.first_request_id = first_request_id
        self.replayed = replayed


class ObjectNotFound(NotFound):
    """Says nothing of what was looked for: somebody else's reads like nobody's.

    Under an idempotency key this is final too, and its attributes are those of a decline.
    """

    code = "not_found"

    def __init__(self, *, first_request_id: str | None = None, replayed: bool = False) -> None:
        super().__init__("there is nothing here")
        self.first_request_id = first_request_id
        self.replayed = replayed


class IdempotencyKeyReused(Conflict):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("the idempotency key belongs to a request with another body")


class InvalidState(Conflict):
    """The object is in a state that does not allow this.

    Attributes:
        subject: What kind of object it is: payment, wallet or webhook.
        status: Where it is.
    """

    code = "invalid_state"

    def __init__(self, message: str, *, subject: str, status: StrEnum) -> None:
        super().__init__(message)
        self.subject = subject
        self.status = status


class LimitReached(Conflict):
    """There is as much as there may be; to be answered as a state that does not allow this."""

    code = "limit_reached"


class RequestInProgress(Conflict):
    code = "request_in_progress"

    def __init__(self, payment_id: str) -> None:
        super().__init__("the same request is being worked on")
        self.payment_id = payment_id


class WalletExists(Conflict):
    code = "wallet_exists"

    def __init__(self) -> None:
        super().__init__("the user has a wallet in this currency, opened with other contents")


class BusBusy(Unavailable):
    code = "bus_busy"

    def __init__(self) -> None:
        super().__init__("the bus could not take all of it now")


class CircuitOpen(Unavailable):
    """The dependency was not asked, to spare it and the caller."""

    code = "circuit_open"
    retryable = False  # Not by the loop that stands behind the breaker.
    is_outage = False

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("the circuit is open")
        self.retry_after_s = retry_after_s


class LedgerBusy(Unavailable):
    code = "ledger_busy"

    def __init__(self) -> None:
        super().__init__("the ledger could not take it now")


class StoreBusy(Unavailable):
    code = "store_busy"

    def __init__(self) -> None:
        super().__init__("the store could not take it now")


class TransferContended(Unavailable):
    code = "transfer_contended"
    is_outage = False

    def __init__(self) -> None:
        super().__init__("no money was moved: others were faster, every time")


class TransferNotApplied(Unavailable):
    code = "transfer_not_applied"

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__("no money was moved")
        self.retry_after_s = retry_after_s


class VersionConflict(Unavailable):
    """Another writer was first. What was read is out of date: read again, and decide anew."""

    code = "version_conflict"
    is_outage = False

    def __init__(self) -> None:
        super().__init__("the record has changed since it was read")


class WalletContended(Unavailable):
    code = "wallet_contended"
    is_outage = False

    def __init__(self) -> None:
        super().__init__("another transfer of the wallet is under way")


class WalletUnavailable(Unavailable):
    code = "wallet_unavailable"

    def __init__(self, payment_id: str, retry_after_s: float | None = None) -> None:
        super().__init__("the wallet service cannot do this now; nothing was applied")
        self.payment_id = payment_id
        self.retry_after_s = retry_after_s


class WindowsUnavailable(Unavailable):
    """What is counted of users and clients cannot be seen now."""

    code = "windows_unavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message)


class BusUnconfirmed(OutcomeUnknown):
    code = "bus_unconfirmed"

    def __init__(self) -> None:
        super().__init__("the bus may have taken it")


class LedgerUnconfirmed(OutcomeUnknown):
    code = "ledger_unconfirmed"

    def __init__(self) -> None:
        super().__init__("the ledger may have recorded it")


class StoreUnconfirmed(OutcomeUnknown):
    code = "store_unconfirmed"

    def __init__(self) -> None:
        super().__init__("the store may have recorded it")


class TransferUnconfirmed(OutcomeUnknown):
    code = "transfer_unconfirmed"

    def __init__(self) -> None:
        super().__init__("money may have been moved")
