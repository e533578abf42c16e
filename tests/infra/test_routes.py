"""The gateway: its routes are the list in `infra.routes`, and it lets nothing else through."""

import json

import pytest

from infra.constructs.function import pascal_case
from infra.routes import ROUTES, Route
from tests.infra.template import Properties, Template, in_words

Served = dict[tuple[str, str], Properties]


@pytest.fixture
def served(service: Template) -> Served:
    """The methods of the template, by method and path."""
    paths = {id_: path(id_, service) for id_ in service.resources}
    return {
        (each["Properties"]["HttpMethod"], paths[each["Properties"]["ResourceId"]["Ref"]]): each[
            "Properties"
        ]
        for each in service.resources.values()
        if each["Type"] == "AWS::ApiGateway::Method"
    }


@pytest.fixture
def stage(service: Template) -> Properties:
    [found] = service.all("AWS::ApiGateway::Stage").values()
    return found


def test_the_routes_of_the_template_are_the_routes_of_the_list(served: Served) -> None:
    assert set(served) == {(route.method, route.path) for route in ROUTES}
    assert len(ROUTES) == len(served)


def test_no_route_is_greedy(served: Served) -> None:
    for method, path_ in served:
        assert method != "ANY"
        assert "+" not in path_


@pytest.mark.parametrize("service", ["payments", "wallets"])
def test_what_reads_is_a_function_apart_from_what_moves_money(service: str) -> None:
    """So that it is refused before payments are, when its own executions are used up."""
    methods: dict[str, set[str]] = {}
    for route in ROUTES:
        methods.setdefault(route.function, set()).add(route.method)

    assert methods[f"{service}_api"] == {"POST"}
    assert methods[f"{service}_reads"] == {"GET"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_leads_to_its_function(route: Route, served: Served) -> None:
    integration = served[route.method, route.path]["Integration"]
    function = pascal_case(route.function)

    assert integration["Type"] == "AWS_PROXY"
    assert f"{function}Function.Arn" in in_words(integration["Uri"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_has_a_throttle_of_its_own(route: Route, stage: Properties) -> None:
    [setting] = [
        each
        for each in stage["MethodSettings"]
        if (each["HttpMethod"], each["ResourcePath"])
        == (route.method, "/" + route.path.replace("/", "~1"))
    ]

    assert setting["ThrottlingRateLimit"] == route.throttle.rate_per_s
    assert setting["ThrottlingBurstLimit"] == route.throttle.burst_count


def test_the_stage_is_v1_and_throttled_as_a_whole(stage: Properties) -> None:
    [setting] = [each for each in stage["MethodSettings"] if each["ResourcePath"] == "/*"]

    assert stage["StageName"] == "v1"
    assert setting["ThrottlingRateLimit"] > 0
    assert setting["ThrottlingBurstLimit"] > 0


def test_a_usage_plan_holds_the_stage(service: Template) -> None:
    [plan] = service.all("AWS::ApiGateway::UsagePlan").values()
    [stage] = plan["ApiStages"]

    assert in_words(stage["Stage"]) == "ApiDeploymentStagev1"
    assert plan["Throttle"]["RateLimit"] > 0


def test_every_request_is_logged_by_its_id_and_without_its_secrets(
    service: Template, stage: Properties
) -> None:
    line = json.loads(stage["AccessLogSetting"]["Format"])
    group = service.all("AWS::Logs::LogGroup")["ApiAccessLog"]

    assert line["requestId"] == "$context.requestId"
    assert not [value for value in line.values() if "header" in value or "apiKey" in value]
    assert in_words(stage["AccessLogSetting"]["DestinationArn"]) == "ApiAccessLog.Arn"
    assert group["RetentionInDays"] == 365
    assert in_words(group["KmsKeyId"]) == "Key.Arn"


def test_every_route_is_measured_and_its_errors_logged_without_the_requests(
    stage: Properties,
) -> None:
    for setting in stage["MethodSettings"]:
        assert setting["MetricsEnabled"] is True
        assert setting["LoggingLevel"] == "ERROR"
        assert not setting.get("DataTraceEnabled")


def test_a_firewall_stands_before_the_stage(service: Template) -> None:
    [association] = service.all("AWS::WAFv2::WebACLAssociation").values()

    assert in_words(association["ResourceArn"]).endswith("/stages/ApiDeploymentStagev1")


def test_people_and_the_local_stack_find_the_api_in_the_outputs(service: Template) -> None:
    outputs = {name for name in service.body["Outputs"] if name.startswith("Api")}

    assert outputs == {"ApiId", "ApiUrl"}


def path(id_: str, template: Template) -> str:
    """The path of a resource of the gateway, from its parents' parts."""
    resource = template.resources[id_]
    if resource["Type"] != "AWS::ApiGateway::Resource":
        return ""
    properties = resource["Properties"]
    parent = properties["ParentId"].get("Ref")
    above = path(parent, template) if parent else ""
    return f"{above}/{properties['PathPart']}"
