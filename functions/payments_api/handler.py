"""Payments over HTTP: create, process, capture, void, refund, look.

What only looks is deployed a second time, apart (`infra/routes.py`): it has no wallet to ask.
"""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.caller import Caller
from evenkeel.entrypoints.cursors import page_of
from evenkeel.entrypoints.http import RESPOND_ASYNC, Access, Api, reply
from evenkeel.entrypoints.payment_cursors import read_payment, write_payment
from evenkeel.entrypoints.payment_reply import PaymentReply, RefundedReply, RefundReply
from evenkeel.entrypoints.problems import RETRY_AFTER_S
from evenkeel.entrypoints.schema import (
    PAGE_LIMIT_DEFAULT,
    ClientStringInPath,
    Cursor,
    IdempotencyKey,
    Limit,
    Prefer,
    Since,
    Until,
)
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.model import PAYMENT_PREFIX
from evenkeel.payments.ports import PaymentKey, UserQuery
from evenkeel.payments.refunding import REFUND_PREFIX
from evenkeel.payments.states import PaymentStatus
from evenkeel.person import Person
from evenkeel.screening.windows import Entry
from functions.payments_api.schema import (
    CapturePayment,
    CreatePayment,
    EventList,
    EventReply,
    PaymentList,
    ProcessPayment,
    RefundList,
    RefundPayment,
)

api = Api("Payments")

READ = Access(Scope.PAYMENTS_READ)


@api.post(
    "/api/payments",
    Access(Scope.PAYMENTS_WRITE, is_keyed=True, takes_body=True, is_screened=True),
    answers=(201, 202),
    refuses=(402, 409),
)
def create_payment(
    request: CreatePayment, idempotency_key: IdempotencyKey, prefer: Prefer = None
) -> Response[PaymentReply]:
    """Create a payment; with process, have it debited in the same call."""
    caller = api.caller
    order = request.order(
        payment_id=caller.keyed_id(PAYMENT_PREFIX),
        fingerprint=caller.require_fingerprint(),
        client_id=caller.client_id,
    )
    if request.process:
        request.require_wallet()
    person = Person(order.client_id, order.user_id)
    anomaly = caller.meter.screen(Entry(person, order.payment_id, order.amount))
    payments = bootstrap.payment_desk().payments
    if request.process:
        answer = payments.create_and_process(order, _attempt(caller), anomaly)
        return _processed(answer, HTTPStatus.CREATED)
    return _answer(payments.create(order, anomaly), HTTPStatus.CREATED)


@api.post(
    "/api/payments/{id}/process",
    Access(Scope.PAYMENTS_WRITE, takes_body=True),
    answers=(200, 202),
    refuses=(402, 404, 409),
)
def process_payment(
    id: str, request: ProcessPayment, prefer: Prefer = None
) -> Response[PaymentReply]:
    """Have a payment debited; the payment is its own idempotency key."""
    caller = api.caller
    answer = bootstrap.payment_desk().payments.process(
        caller.client_id, id, request.wallet_id, _attempt(caller)
    )
    return _processed(answer, HTTPStatus.OK)


@api.post(
    "/api/payments/{id}/capture",
    Access(Scope.PAYMENTS_WRITE, takes_body=True, may_omit_body=True),
    answers=(200, 202),
    refuses=(402, 404, 409),
)
def capture_payment(id: str, request: CapturePayment) -> Response[PaymentReply]:
    """Take what a payment holds, or a part of it; the rest is released."""
    key, attempt = _asked(id)
    return _settled(bootstrap.payment_desk().holds.capture(key, request.amount, attempt))


@api.post(
    "/api/payments/{id}/void",
    Access(Scope.PAYMENTS_WRITE),
    answers=(200, 202),
    refuses=(404, 409),
)
def void_payment(id: str) -> Response[PaymentReply]:
    """Cancel a payment before its money is taken, and release what it holds."""
    return _settled(bootstrap.payment_desk().holds.void(*_asked(id)))


@api.post(
    "/api/payments/{id}/refund",
    Access(Scope.PAYMENTS_WRITE, is_keyed=True, takes_body=True, may_omit_body=True),
    answers=(200, 202),
    refuses=(402, 404, 409),
)
def refund_payment(
    id: str, request: RefundPayment, idempotency_key: IdempotencyKey
) -> Response[RefundedReply]:
    """Pay back what was captured, or a part of it, to the wallet that paid."""
    order = request.order(
        refund_id=api.caller.keyed_id(REFUND_PREFIX, id),
        fingerprint=api.caller.require_fingerprint(),
    )
    key, attempt = _asked(id)
    answer = bootstrap.payment_desk().refunds.refund(key, order, attempt)
    assert answer.refund is not None
    body = RefundedReply.of_refund(answer.payment, answer.refund)
    if answer.is_open:
        return reply(body, HTTPStatus.ACCEPTED, retry_after_s=RETRY_AFTER_S)
    return reply(body, replayed=answer.replayed)


@api.get("/api/payments/{id}/refunds", READ, refuses=(404, 422))
def list_refunds(
    id: str, limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None
) -> Response[RefundList]:
    """List the refunds of a payment, oldest first."""
    payment = bootstrap.payment_reads().get(api.caller.client_id, id)
    page = page_of(payment.told_refunds, limit, cursor)
    return reply(
        RefundList(items=[RefundReply.of(each) for each in page.items], next_cursor=page.next)
    )


@api.get("/api/payments/user/{userId}", READ, refuses=(422,))
def list_user_payments(
    userId: ClientStringInPath,
    limit: Limit = PAGE_LIMIT_DEFAULT,
    cursor: Cursor = None,
    status: PaymentStatus | None = None,
    since: Since = None,
    until: Until = None,
) -> Response[PaymentList]:
    """List a user's payments, newest first."""
    query = UserQuery(
        api.caller.client_id, userId, limit, since=since, until=until, after=read_payment(cursor)
    )
    page = bootstrap.payment_reads().of_user(query, status)
    return reply(
        PaymentList(
            items=[PaymentReply.of(payment) for payment in page.payments],
            next_cursor=write_payment(page.next),
        )
    )


@api.get("/api/payments/{id}", READ, refuses=(404,))
def get_payment(id: str) -> Response[PaymentReply]:
    """Get a payment as it is now."""
    return reply(PaymentReply.of(bootstrap.payment_reads().get(api.caller.client_id, id)))


@api.get("/api/payments/{id}/events", READ, refuses=(404, 422))
def list_payment_events(
    id: str, limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None
) -> Response[EventList]:
    """List what has happened to a payment, oldest first."""
    payment = bootstrap.payment_reads().get(api.caller.client_id, id)
    page = page_of(payment.history, limit, cursor)
    return reply(
        EventList(items=[EventReply.of(each) for each in page.items], next_cursor=page.next)
    )


def _asked(payment_id: str) -> tuple[PaymentKey, Attempt]:
    caller = api.caller
    return PaymentKey(caller.client_id, payment_id), _attempt(caller)


def _attempt(caller: Caller) -> Attempt:
    return Attempt(caller.request_id, caller.deadline, may_wait=caller.may_wait)


def _processed(answer: Answer, status: HTTPStatus) -> Response[PaymentReply]:
    """Answer with the payment as it is processed, or with 202 while that is open."""
    if answer.payment.is_processed:
        return _answer(answer, status)
    is_queued = answer.payment.status is PaymentStatus.PENDING
    return reply(
        PaymentReply.of(answer.payment),
        HTTPStatus.ACCEPTED,
        retry_after_s=RETRY_AFTER_S,
        preference_applied=RESPOND_ASYNC if is_queued else None,
    )


def _settled(answer: Answer) -> Response[PaymentReply]:
    """Answer with the payment as its hold has ended, or with 202 while that is open."""
    if answer.is_open:
        body = PaymentReply.of(answer.payment)
        return reply(body, HTTPStatus.ACCEPTED, retry_after_s=RETRY_AFTER_S)
    return _answer(answer, HTTPStatus.OK)


def _answer(answer: Answer, status: HTTPStatus) -> Response[PaymentReply]:
    return reply(PaymentReply.of(answer.payment), status, replayed=answer.replayed)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
