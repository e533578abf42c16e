"""The OpenAPI document as it was committed, and a page that renders it without any other site."""

from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler.openapi import swagger_ui

DOCUMENT = Path(__file__).with_name("openapi.json")

# The document is fetched by the page, so that its relative server is where it came from.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Evenkeel API</title>
<style>{style}</style>
</head>
<body>
<div id="api"></div>
<script>{script}</script>
<script>SwaggerUIBundle({{url: "openapi.json", dom_id: "#api", deepLinking: true}})</script>
</body>
</html>
"""


@cache
def openapi_document() -> str:
    return DOCUMENT.read_text()


@cache
def docs_page() -> str:
    assets = Path(swagger_ui.__file__).parent
    return PAGE.format(
        style=(assets / "swagger-ui.min.css").read_text(),
        script=(assets / "swagger-ui-bundle.min.js").read_text(),
    )
