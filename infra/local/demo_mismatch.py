"""The chapter in which somebody writes into our tables, and it is found, told and put right.

One payment is set to COMPLETED whose debit never happened, and another one that was debited
to FAILED. Nothing of ours has written that: it is done behind the API's back.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from infra.local import aws
from infra.local.demo_shop import CURRENCY, Shop, Wallet, claim, expect, money, tell, until
from infra.local.http import Caller
from infra.local.inbox import Inbox, subscribed
from infra.local.problems import LocalProblem
from infra.local.reconcile import reconcile
from infra.local.stackfile import Stack

PAID, UNPAID = 1900, 2300
NOTED_S_MAX = 30.0
TOLD_S_MAX = 30.0

Found = dict[str, Any]


class Mismatches:
    def __init__(self, stack: Stack, shop: Shop) -> None:
        self._stack = stack
        self._shop = shop
        self._ops = Caller(stack["apiUrl"], stack["keys"]["ops"])

    def tell(self, wallet: Wallet) -> None:
        before = self._shop.balance(wallet)
        with subscribed(self._stack) as inbox:
            planted = self._plant(wallet)
            found = self._find(planted)
            self._hear(inbox, "MismatchFound", found)
            for mismatch in found:
                self._repair(mismatch)
            self._claim_balance(wallet, before - UNPAID)
            self._find_nothing(planted)
            self._hear(inbox, "MismatchResolved", found)

    def _plant(self, wallet: Wallet) -> dict[str, str]:
        """Return by payment what it is to be found to be."""
        paid = self._shop.pay(wallet, PAID, key="planted")
        expect(paid, HTTPStatus.CREATED)
        unpaid = self._unpaid(wallet)
        self._write(paid.body, "FAILED", captured=0)
        self._write(unpaid, "COMPLETED", captured=UNPAID)
        for said, payment, amount in (
            ("is FAILED, and was debited all the same:", paid.body, PAID),
            ("is COMPLETED, and was never debited:", unpaid, UNPAID),
        ):
            tell("planted", f"{payment['id']} {said} {money(amount)}")
        return {
            paid.body["id"]: "FAILED_BUT_DEBITED",
            unpaid["id"]: "COMPLETED_LEDGER_MISSING",
        }

    def _unpaid(self, wallet: Wallet) -> dict[str, Any]:
        body = {
            "userId": wallet.user_id,
            "merchantId": "corner-cafe",
            "amount": UNPAID,
            "currency": CURRENCY,
            "walletId": wallet.id,
        }
        answer = self._shop.merchant.post("/api/payments", body, key=f"unpaid-{self._shop.day}")
        expect(answer, HTTPStatus.CREATED)
        return dict(answer.body)

    def _write(self, payment: dict[str, Any], status: str, *, captured: int) -> None:
        """Write into the payment's record what is not so."""
        aws.client("dynamodb", self._stack["awsEndpointUrl"]).update_item(
            TableName=self._stack["tables"]["payments"],
            Key={"id": {"S": f"{payment['clientId']}/{payment['id']}"}},
            UpdateExpression="SET #status = :status, captured_minor = :captured",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":status": {"S": status},
                ":captured": {"N": str(captured)},
            },
        )

    def _find(self, planted: dict[str, str]) -> list[Found]:
        """Have the scheduled run look, until what was written has been noted."""
        found: list[Found] = []

        def look() -> bool:
            run = reconcile(self._stack, "recent")
            found[:] = self._mismatches(run["id"], planted)
            return len(found) == len(planted)

        took_s = until(look, "a scheduled run finds both", within_s=NOTED_S_MAX)
        for mismatch in found:
            if mismatch["type"] != planted[mismatch["paymentId"]]:
                message = f"The story broke off: {mismatch} is not what was planted"
                raise LocalProblem(message)
            said = f"{mismatch['severity']} {mismatch['type']}: {mismatch['paymentId']}"
            tell("found", f"{said}, by what the schedule asks for every five minutes")
        tell("found", f"both of them, {took_s:.1f} s after they were planted")
        return found

    def _mismatches(self, run_id: str, planted: dict[str, str]) -> list[Found]:
        answer = self._ops.get(f"/api/payments/reconcile/reports/{run_id}/mismatches")
        expect(answer, HTTPStatus.OK)
        return [each for each in answer.body["items"] if each["paymentId"] in planted]

    def _hear(self, inbox: Inbox, type_: str, found: list[Found]) -> None:
        ids = {mismatch["id"] for mismatch in found}

        def heard() -> list[dict[str, Any]]:
            return [alert for alert in inbox.of_type(type_) if alert["objectId"] in ids]

        until(lambda: len(heard()) == len(ids), f"people hear of {type_}", within_s=TOLD_S_MAX)
        for alert in heard():
            tell("alerted", f"{alert['severity']} {alert['title']}")

    def _repair(self, mismatch: Found) -> None:
        path = f"/api/payments/reconcile/mismatches/{mismatch['id']}/repair"
        dry = self._ops.post(path, {})
        expect(dry, HTTPStatus.OK)
        claim(not dry.body["applied"], "nothing was posted yet", dry)
        for step in dry.body["plan"]["steps"]:
            unless = ", if that is declined" if step["condition"] else ""
            said = f"{money(step['amount'])} from {step['from']} to {step['to']}"
            tell("dry run", f"would {step['action']} {said}{unless}", dry)

        done = self._ops.post(path, {"apply": True, "reason": "planted by the demo"})
        expect(done, HTTPStatus.OK)
        claim(done.body["mismatch"]["status"] == "REPAIRED", "it is repaired", done)
        posted = ", ".join(done.body["mismatch"]["repair"]["transferIds"])
        tell("repaired", f"{mismatch['type']} by {posted}", done)

    def _claim_balance(self, wallet: Wallet, balance: int) -> None:
        answer = self._ops.get(f"/api/wallets/{wallet.id}")
        claim(answer.body["balance"] == balance, f"the wallet has {money(balance)}", answer)
        tell("balance", f"{money(PAID)} came back, {money(UNPAID)} were debited: {money(balance)}")

    def _find_nothing(self, planted: dict[str, str]) -> None:
        answer = self._ops.get("/api/payments/reconcile/run")
        expect(answer, HTTPStatus.OK)
        left = [each for each in answer.body["mismatches"] if each["paymentId"] in planted]
        claim(left == [], "nothing is found any more", answer)
        summary = answer.body["summary"]
        said = f"{summary['matched']} of {summary['payments']} payments match"
        tell("clean", f"{said}, {summary['mismatched']} mismatches in 24 hours", answer)
