"""The documented schemas are those of what is published."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from evenkeel.entrypoints.event_data import DATA
from evenkeel.events.model import Event, EventType
from evenkeel.webhooks.sender import ALERT_TYPE as WEBHOOK_DISABLED
from tests.event_docs import FOLDER, PAGE, page, path, schema, text
from tests.event_samples import samples

TYPES = list(EventType)


@pytest.mark.parametrize("type_", TYPES)
def test_the_committed_schema_is_the_one_of_the_models(type_: EventType) -> None:
    """If not: make events."""
    assert path(type_).read_text() == text(type_)


def test_the_committed_list_is_the_one_of_the_types() -> None:
    assert PAGE.read_text() == page()
    assert {each.stem for each in FOLDER.glob("*.json")} == {type_.value for type_ in DATA}


def test_every_type_has_a_schema_and_a_sample() -> None:
    assert set(DATA) == set(samples()) == set(EventType)


def test_every_kind_of_alert_is_in_the_table() -> None:
    for type_ in (EventType.LEDGER_TAMPERED.value, WEBHOOK_DISABLED):
        assert f"| `{type_}` |" in PAGE.read_text()


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
