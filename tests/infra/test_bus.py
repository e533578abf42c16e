"""The bus: where it is, and that it remembers what it told."""

from tests.infra.template import Template, in_words


def test_the_bus_has_the_name_that_was_promised(service: Template) -> None:
    [bus] = service.all("AWS::Events::EventBus").values()

    assert bus["Name"] == "evenkeel"
    assert in_words(service.body["Outputs"]["BusEvenkeel"]["Value"]) == "Bus"


def test_what_it_told_is_kept_for_90_days_where_there_are_archives(service: Template) -> None:
    [archive] = [
        each for each in service.resources.values() if each["Type"] == "AWS::Events::Archive"
    ]

    assert in_words(archive["Properties"]["SourceArn"]) == "Bus.Arn"
    assert archive["Properties"]["RetentionDays"] == 90
    # The emulator refuses a template with one, and gets its archive by the API.
    assert archive["Condition"] == "OnAws"
