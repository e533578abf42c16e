import json
from html.parser import HTMLParser

import pytest

from evenkeel import __version__, bootstrap
from functions.ops_api.pages import DOCUMENT
from tests.unit.functions.site import Site


class Page(HTMLParser):
    """What a page would fetch, and the scripts that it carries itself."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str | None] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value for name, value in attrs if name in {"src", "href", "data"}]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts.append(data)


def well() -> None:
    pass


def ill() -> None:
    message = "the password is sesame"
    raise OSError(message)


def test_health_says_that_the_api_answers_and_which_version(site: Site) -> None:
    answer = site.get("/health")

    assert (answer.status, answer.json) == (200, {"status": "ok", "version": __version__})


def test_deep_health_names_every_dependency(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "dependencies", lambda: {"table a": well, "wallets": well})
    answer = site.get("/api/ops/health")
    found = answer.json

    assert (answer.status, found["status"], found["version"]) == (200, "ok", __version__)
    assert [(each["name"], each["status"]) for each in found["dependencies"]] == [
        ("table a", "ok"),
        ("wallets", "ok"),
    ]
    assert all(each["latencyMs"] >= 0 for each in found["dependencies"])


def test_one_that_is_not_well_is_named_and_nothing_is_said_of_why(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "dependencies", lambda: {"table a": well, "wallets": ill})
    answer = site.get("/api/ops/health")
    found = answer.json

    assert (answer.status, found["status"]) == (503, "unhealthy")
    assert [each["status"] for each in found["dependencies"]] == ["ok", "unhealthy"]
    assert "sesame" not in answer.text


def test_the_document_is_served_as_it_was_committed(site: Site) -> None:
    answer = site.get("/openapi.json")

    assert answer.status == 200
    assert "json" in answer.headers["Content-Type"]
    assert answer.json == json.loads(DOCUMENT.read_text())


def test_the_page_renders_the_document_and_fetches_nothing_else(site: Site) -> None:
    answer = site.get("/docs")
    page = Page()
    page.feed(answer.text)

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert page.fetched == []
    assert any('url: "openapi.json"' in script for script in page.scripts)
