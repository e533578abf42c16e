"""The OpenAPI document as it was committed, and a page that renders it without the network."""

from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler.openapi import swagger_ui

DOCUMENT = Path(__file__).with_name("openapi.json")


@cache
def openapi_document() -> str:
    return DOCUMENT.read_text()


@cache
def docs_page() -> str:
    assets = Path(swagger_ui.__file__).parent
    return swagger_ui.generate_swagger_html(
        spec=openapi_document().replace("</", "<\\/"),
        swagger_js=(assets / "swagger-ui-bundle.min.js").read_text(),
        swagger_css=(assets / "swagger-ui.min.css").read_text(),
        swagger_base_url="",
        oauth2_config=None,
    )
