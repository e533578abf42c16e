"""The JSON Schema of every event, made from the models that events are shown by.

`python -m tests.event_docs` writes them to `docs/events`, and the list in `docs/events.md`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evenkeel.entrypoints.event_data import DATA, envelope_of
from evenkeel.events.model import SOURCES, EventType
from tests.event_samples import samples

FOLDER = Path("docs/events")
PAGE = Path("docs/events.md")
BEGIN, END = "<!-- made by `make events` -->", "<!-- end -->"

WHEN = {
    EventType.PAYMENT_CREATED: "a payment is there",
    EventType.PAYMENT_AUTHORIZED: "its amount is held in the wallet",
    EventType.PAYMENT_COMPLETED: "the wallet has paid",
    EventType.PAYMENT_FAILED: "the wallet has refused, for good",
    EventType.PAYMENT_CANCELLED: "it was voided, or has expired",
    EventType.PAYMENT_FLAGGED: "a rule is met, or it is found to be unusual soon after",
    EventType.PAYMENT_REFUNDED: "money is back in the wallet that paid; once for each refund",
    EventType.TRANSFER_POSTED: "money has moved from one account to another",
    EventType.HOLD_PLACED: "money of a wallet is held for a merchant",
    EventType.HOLD_RELEASED: "a hold, or the rest of one, is the wallet's again",
    EventType.LEDGER_TAMPERED: "a record of the journal was changed or removed; alerted too",
    EventType.CIRCUIT_OPENED: "a dependency is not asked any more",
    EventType.CIRCUIT_HALF_OPENED: "one call is let through, then a growing share",
    EventType.CIRCUIT_CLOSED: "all calls are let through again",
    EventType.MISMATCH_FOUND: "a payment, the ledger or an account disagree; alerted too",
    EventType.MISMATCH_RESOLVED: "they agree again, by a repair or without one; alerted too",
    EventType.RECONCILIATION_COMPLETED: "a run is over: what it has counted, of all clients",
}


def schema(type_: EventType) -> dict[str, Any]:
    """Return the schema of an event's `detail`."""
    found = envelope_of(type_).model_json_schema(mode="serialization")
    for each in (found, *found.get("$defs", {}).values()):
        each.pop("title", None)
        each.pop("description", None)  # Docstrings are for those who read the code.
        for described in each["properties"].values():
            described.pop("title", None)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": type_.value,
        "description": f"{SOURCES[type_]}: {WHEN[type_]}.",
    }
    return head | found | {"examples": [samples()[type_].envelope()]}


def text(type_: EventType) -> str:
    return json.dumps(schema(type_), indent=2, ensure_ascii=False) + "\n"


def path(type_: EventType) -> Path:
    return FOLDER / f"{type_}.json"


def page() -> str:
    """Return the page with its list as it must be, and the rest as it is."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return "".join((before, BEGIN, "\n\n", *_list(), "\n", END, after))


def _list() -> Iterator[str]:
    yield "| source | type | when | `data` |\n|---|---|---|---|\n"
    for type_ in DATA:
        kind = DATA[type_].__name__.removesuffix("Reply").removesuffix("Data").lower()
        link = f"[`{type_}`](events/{type_}.json)"
        yield f"| {SOURCES[type_]} | {link} | {WHEN[type_]} | {kind} |\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in DATA:
        path(each).write_text(text(each))
    PAGE.write_text(page())
