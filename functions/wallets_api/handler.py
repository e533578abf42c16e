"""Wallets over HTTP: open, move money, freeze and close, look and verify."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.entry_cursors import read_entry, write_entry
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.entrypoints.schema import (
    PAGE_LIMIT_DEFAULT,
    Cursor,
    IdempotencyKey,
    Limit,
    Moment,
    Since,
    Until,
)
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.wallets import requests
from evenkeel.wallets.model import WalletAction
from evenkeel.wallets.requests import Asked
from evenkeel.wallets.service import StatementQuery
from functions.wallets_api.schema import (
    CheckReply,
    EntryList,
    EntryReply,
    MovedReply,
    MoveMoney,
    OpenWallet,
    TransferMoney,
    TransferredReply,
    WalletReply,
)

api = Api("Wallets")

READ = Access(Scope.WALLETS_READ)
ACT = Access(Scope.WALLETS_WRITE)
FUND = Access(Scope.WALLETS_FUND, is_keyed=True, takes_body=True)
MOVE = Access(Scope.WALLETS_WRITE, is_keyed=True, takes_body=True)
MOVE_REFUSES = (402, 404)
ACT_REFUSES = (404, 409)
AT = "As the last of its entries by then had left it. A freeze or a close makes no entry."


@api.post(
    "/api/wallets/create",
    Access(Scope.WALLETS_WRITE, takes_body=True),
    answers=(200, 201),
    refuses=(409,),
)
def create_wallet(request: OpenWallet) -> Response[WalletReply]:
    """Open a user's wallet in a currency; a balance to begin with needs wallets:fund too."""
    caller = api.caller
    if request.initial_balance:
        caller.principal.require(Scope.WALLETS_FUND)
    wallet, is_new = bootstrap.wallets().open(
        caller.client_id,
        request.user_id,
        request.currency,
        opening_minor=request.initial_balance,
    )
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return reply(WalletReply.of(wallet.snapshot()), status)


@api.post("/api/wallets/credit", FUND, refuses=MOVE_REFUSES)
def credit_wallet(request: MoveMoney, idempotency_key: IdempotencyKey) -> Response[MovedReply]:
    """Put money from outside into a wallet."""
    wish = requests.credit(_asked(), request.wallet_id, request.money())
    moved = bootstrap.wallets().move(wish)
    return reply(MovedReply.of(moved, request.wallet_id), replayed=moved.replayed)


@api.post("/api/wallets/debit", MOVE, refuses=MOVE_REFUSES)
def debit_wallet(request: MoveMoney, idempotency_key: IdempotencyKey) -> Response[MovedReply]:
    """Take money out of a wallet."""
    wish = requests.debit(_asked(), request.wallet_id, request.money())
    moved = bootstrap.wallets().move(wish)
    return reply(MovedReply.of(moved, request.wallet_id), replayed=moved.replayed)


@api.post("/api/wallets/transfer", MOVE, refuses=MOVE_REFUSES)
def transfer_money(
    request: TransferMoney, idempotency_key: IdempotencyKey
) -> Response[TransferredReply]:
    """Move money from one wallet to another."""
    wish = requests.transfer(
        _asked(), request.from_wallet_id, request.to_wallet_id, requests.Amount(request.amount)
    )
    moved = bootstrap.wallets().move(wish)
    return reply(TransferredReply.of(moved, request), replayed=moved.replayed)


@api.post("/api/wallets/{id}/freeze", ACT, refuses=ACT_REFUSES)
def freeze_wallet(id: str) -> Response[WalletReply]:
    """Stop money from leaving a wallet; it can still come in."""
    return _act(id, WalletAction.FREEZE)


@api.post(
    "/api/wallets/{id}/unfreeze",
    ACT,
    refuses=ACT_REFUSES,
)
def unfreeze_wallet(id: str) -> Response[WalletReply]:
    """Let money leave a wallet again."""
    return _act(id, WalletAction.UNFREEZE)


@api.post("/api/wallets/{id}/close", ACT, refuses=ACT_REFUSES)
def close_wallet(id: str) -> Response[WalletReply]:
    """Close an empty wallet for good."""
    return _act(id, WalletAction.CLOSE)


@api.get("/api/wallets/{id}", READ, refuses=(404, 422))
def get_wallet(
    id: str,
    at: Annotated[Moment | None, Query(description=AT)] = None,
) -> Response[WalletReply]:
    """Get a wallet as it is now, or as it was."""
    wallets, client_id = bootstrap.wallets(), api.caller.client_id
    if at is not None:
        return reply(WalletReply.of(wallets.as_of(client_id, id, at)))
    return reply(WalletReply.of(wallets.get(client_id, id).snapshot()))


@api.get("/api/wallets/{id}/transactions", READ, refuses=(404, 422))
def list_wallet_transactions(
    id: str,
    limit: Limit = PAGE_LIMIT_DEFAULT,
    cursor: Cursor = None,
    since: Since = None,
    until: Until = None,
) -> Response[EntryList]:
    """List a wallet's entries, newest first."""
    query = StatementQuery(limit, read_entry(cursor), since, until)
    statement = bootstrap.wallets().statement(api.caller.client_id, id, query)
    return reply(
        EntryList(
            items=[EntryReply.of(transfer, id) for transfer in statement.transfers],
            next_cursor=write_entry(statement.next),
        )
    )


@api.get("/api/wallets/{id}/reconcile", READ, refuses=(404,))
def reconcile_wallet(id: str) -> Response[CheckReply]:
    """Compare a wallet with all of its entries, and verify their chain."""
    return reply(CheckReply.of(bootstrap.wallets().check(api.caller.client_id, id)))


def _asked() -> Asked:
    caller = api.caller
    return Asked(
        client_id=caller.client_id,
        transfer_id=caller.keyed_id(TRANSFER_PREFIX),
        fingerprint=caller.require_fingerprint(),
        request_id=caller.request_id,
    )


def _act(wallet_id: str, action: WalletAction) -> Response[WalletReply]:
    wallet = bootstrap.wallets().act(api.caller.client_id, wallet_id, action)
    return reply(WalletReply.of(wallet.snapshot()))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
