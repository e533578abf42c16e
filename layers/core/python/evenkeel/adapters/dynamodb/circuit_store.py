"""Circuits on DynamoDB: one item each, and one for every transition.

An item is changed in two ways that do not disturb each other: its state under
its version, and the counts of its trial by adding to them. There is no
transaction: in an outage many vote at once, and votes would make it fail. The
latest transition is part of the state; the next one moves it to an item of its
own first, so that a crash between the two leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from evenkeel.adapters.dynamodb.circuit_item import (
    STATE,
    TRIAL,
    CircuitItem,
    TransitionItem,
    read,
    transition_key,
    written,
)
from evenkeel.adapters.dynamodb.reads import batch_get
from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.clock import to_rfc3339
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.resilience.circuit import Circuit, Transition
from evenkeel.resilience.trial import Ballot, Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBCircuitStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        CircuitItem.bind(client, table_name)
        TransitionItem.bind(client, table_name)
        self._client = client
        self._table_name = table_name

    def get(self, name: str, *, is_latest: bool = False) -> Circuit:
        with reading(StoreBusy):
            found = self._client.get_item(
                TableName=self._table_name, Key={"id": {"S": name}}, ConsistentRead=is_latest
            )
        return _circuit(name, found.get("Item"))

    def save(self, circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        if instead_of.transition and circuit.transition != instead_of.transition:
            self._keep(circuit.name, instead_of.transition)
        forgets_trial = circuit.trial is None and instead_of.trial is not None
        return self._updated(circuit.name, self._moved(circuit, TRIAL if forgets_trial else ()))

    def open_trial(self, name: str, trial: Trial, *, instead_of: Trial | None) -> Circuit:
        values: dict[str, Any] = {
            ":trial": {"S": trial.id},
            ":trial_at": {"S": to_rfc3339(trial.opened_at)},
            ":none": {"N": "0"},
        }
        no_other_one = "attribute_not_exists(trial)"
        if instead_of is not None:
            no_other_one = "trial = :old"
            values[":old"] = {"S": instead_of.id}
        update = {
            "UpdateExpression": (
                "SET trial = :trial, trial_at = :trial_at, calls = :none, failures = :none"
                " REMOVE voters, accusers"
            ),
            "ConditionExpression": no_other_one,
            "ExpressionAttributeValues": values,
        }
        return self._updated(name, update)

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        added = "calls :calls, failures :failures, voters :seat"
        update = {
            "UpdateExpression": f"ADD {added}{', accusers :seat' if ballot.failures else ''}",
            "ConditionExpression": "trial = :trial",
            "ExpressionAttributeValues": {
                ":trial": {"S": ballot.trial_id},
                ":calls": {"N": str(ballot.calls)},
                ":failures": {"N": str(ballot.failures)},
                ":seat": {"NS": [str(ballot.seat)]},
            },
        }
        return self._updated(name, update)

    def transitions(self, circuit: Circuit, *, limit: int) -> Sequence[Transition]:
        latest = circuit.transition
        if latest is None:
            return ()
        numbers = range(latest.number - 1, max(latest.number - limit, 0), -1)
        return [latest, *self._kept([transition_key(circuit.name, number) for number in numbers])]

    def _kept(self, keys: Sequence[str]) -> Sequence[Transition]:
        if not keys:
            return ()
        with reading(StoreBusy):
            found = batch_get(self._client, {self._table_name: keys})[self._table_name]
        items = {item["id"]["S"]: TransitionItem.stored(item) for item in found}
        return [read(items[key].transition) for key in keys if key in items]

    def _keep(self, name: str, transition: Transition) -> None:
        item = TransitionItem(
            transition_key(name, transition.number), transition=written(transition)
        )
        with translated(StoreBusy, StoreUnconfirmed):
            put_new(self._client, new_item(self._table_name, item.to_dynamodb_dict()))

    def _updated(self, name: str, update: Mapping[str, Any]) -> Circuit:
        """Write if the condition holds, and return what is stored then in any case."""
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                answer = self._client.update_item(
                    TableName=self._table_name,
                    Key={"id": {"S": name}},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update,
                )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            refusal: Any = error.response
            return _circuit(name, refusal.get("Item"))
        return _circuit(name, answer["Attributes"])

    def _moved(self, circuit: Circuit, forgotten: Iterable[str]) -> Mapping[str, Any]:
        item = CircuitItem.state_of(circuit).to_dynamodb_dict()
        is_set = [attribute for attribute in STATE if attribute in item]
        is_gone = [attribute for attribute in STATE if attribute not in item]
        is_gone += forgotten
        names = {f"#{attribute}": attribute for attribute in (*is_set, *is_gone)}
        values = {f":{attribute}": item[attribute] for attribute in is_set}
        follows = "attribute_not_exists(version)"
        if circuit.version > 1:
            follows = "version = :follows"
            values[":follows"] = {"N": str(circuit.version - 1)}
        removed = _joined(is_gone, lambda attribute: f"#{attribute}")
        return {
            "UpdateExpression": (
                f"SET {_joined(is_set, lambda attribute: f'#{attribute} = :{attribute}')}"
                f"{f' REMOVE {removed}' if removed else ''}"
            ),
            "ConditionExpression": follows,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }


def _circuit(name: str, item: Any) -> Circuit:
    return CircuitItem.stored(item).circuit() if item else Circuit(name)


def _joined(attributes: Iterable[str], phrase: Callable[[str], str]) -> str:
    return ", ".join(map(phrase, attributes))
