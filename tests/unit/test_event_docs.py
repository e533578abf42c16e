"""The documented schemas are those of what is published."""

import ast
import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import evenkeel.bootstrap
from evenkeel.entrypoints.event_data import DATA
from evenkeel.events.model import Event, EventType
from evenkeel.reconciliation.heartbeat import ALERT_TYPE as RECONCILIATION_MISSING
from evenkeel.webhooks.sender import ALERT_TYPE as WEBHOOK_DISABLED
from tests.event_docs import FOLDER, PAGE, page, path, schema, text
from tests.event_samples import samples

TYPES = list(EventType)

CODE = Path(evenkeel.bootstrap.__file__).parent

# What people are alerted of, by the module that makes the alert.
ALERTED = {
    "ledger/events.py": {EventType.LEDGER_TAMPERED.value},
    "reconciliation/alerting.py": {"MismatchFound", "MismatchResolved"},
    "reconciliation/heartbeat.py": {RECONCILIATION_MISSING},
    "screening/alerting.py": {EventType.PAYMENT_FLAGGED.value},
    "webhooks/sender.py": {WEBHOOK_DISABLED},
}


@pytest.mark.parametrize("type_", TYPES)
def test_the_committed_schema_is_the_one_of_the_models(type_: EventType) -> None:
    """If not: make events."""
    assert path(type_).read_text() == text(type_)


def test_the_committed_list_is_the_one_of_the_types() -> None:
    assert PAGE.read_text() == page()
    assert {each.stem for each in FOLDER.glob("*.json")} == {type_.value for type_ in DATA}


def test_every_type_has_a_schema_and_a_sample() -> None:
    assert set(DATA) == set(samples()) == set(EventType)


def test_every_kind_of_alert_is_in_the_table_and_no_other() -> None:
    _, alerts = PAGE.read_text().split("\n## Alerts\n")
    listed = re.findall(r"^\| `(\w+)` \|", alerts, re.MULTILINE)

    assert sorted(listed) == sorted(type_ for types in ALERTED.values() for type_ in types)


def test_every_place_that_alerts_is_known_to_the_test_of_the_table() -> None:
    places = {
        module.relative_to(CODE).as_posix()
        for module in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Alert", "Alert.about"}
    }

    assert places == set(ALERTED)


@pytest.mark.parametrize("type_", TYPES)
def test_what_is_published_fits_its_schema_and_no_other_type(type_: EventType) -> None:
    for event in samples().values():
        assert fits(event, type_) is (event.type is type_)


@pytest.mark.parametrize("type_", TYPES)
def test_every_field_is_required_and_none_is_left_undocumented(type_: EventType) -> None:
    for each in (schema(type_), *schema(type_).get("$defs", {}).values()):
        assert set(each["required"]) == set(each["properties"])
    published = samples()[type_].envelope()
    assert list(published) == list(schema(type_)["properties"])
    assert list(published["data"]) == list(data_schema(type_)["properties"])


@pytest.mark.parametrize("type_", TYPES)
def test_an_event_that_lacks_a_field_does_not_fit(type_: EventType) -> None:
    whole = samples()[type_].envelope()
    for name in whole["data"]:
        broken = copy.deepcopy(whole)
        del broken["data"][name]
        with pytest.raises(ValidationError):
            Draft202012Validator(schema(type_)).validate(broken)


def fits(event: Event, type_: EventType) -> bool:
    published = json.loads(json.dumps(event.envelope()))
    return Draft202012Validator(schema(type_)).is_valid(published)


def data_schema(type_: EventType) -> dict[str, Any]:
    whole = schema(type_)
    name = whole["properties"]["data"]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = whole["$defs"][name]
    return found
