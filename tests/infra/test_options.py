"""What whoever deploys may choose, and what happens to who asks for something else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs

from evenkeel.resilience.limits import Limits, OutOfRange
from infra.app import compose
from infra.options import LayerMissing, Options, UnknownOption
from tests.infra.conftest import Synthesize
from tests.infra.template import Template, in_words, plain

# Types that emulators refuse, and with them the whole template.
REFUSED = (
    "AWS::Events::Archive",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::IAM::RolePolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::WAFv2::WebACLAssociation",
)


def test_an_unknown_option_is_refused_by_name(synthesize: Synthesize) -> None:
    with pytest.raises(UnknownOption, match=r"wallet='outline' .* wallet=isolated or inline"):
        synthesize(wallet="outline")
    with pytest.raises(UnknownOption, match=r"network='vcp' .* network=public or vpc"):
        synthesize(network="vcp")


@pytest.mark.parametrize(
    "circuit",
    [
        *("cool_down_s=10", "[10]", '{"cool_down_s": "10"}', '{"cool_down_s": true}'),
        *('{"cool_down_s": NaN}', '{"cool_down_s": null}', {"cool_down_s": "10"}, 10),
    ],
)
def test_a_circuit_that_is_no_object_of_numbers_is_refused(
    circuit: object, synthesize: Synthesize
) -> None:
    with pytest.raises(UnknownOption, match=r"context circuit=.* no JSON object of numbers"):
        synthesize(circuit=circuit)


def with_circuit(circuit: object) -> Options:
    app = App(context={"deps": "layers/core", "circuit": circuit})
    return Options.from_context(app.node)


def test_a_circuit_may_stand_in_a_file_too() -> None:
    written = with_circuit({"cool_down_s": 10})

    assert written == with_circuit('{"cool_down_s": 10}')
    assert written.circuit == {"cool_down_s": 10}
    assert with_circuit("{}").circuit == {}


@pytest.mark.parametrize(
    "circuit",
    [
        {"cool_down": 10},
        {"cool_down_s": 0},
        {"cool_down_s": 601.5},
        {"quorum_count": 2.5},
        {"tolerated_rate": 0.4, "outage_rate": 0.3},
        {"cache_alert_s_max": 6, "cache_s_max": 5},
    ],
)
def test_a_circuit_with_which_no_breaker_works_is_refused_in_the_words_of_the_runtime(
    circuit: dict[str, float],
) -> None:
    with pytest.raises(OutOfRange) as at_run_time:
        Limits.from_mapping(circuit)
    with pytest.raises(UnknownOption) as here:
        with_circuit(circuit)

    assert str(here.value).endswith(f" is impossible: {at_run_time.value}")


@pytest.mark.parametrize(
    "circuit", [{}, {"cool_down_s": 10}, {"quorum_count": 5, "retry_ratio": 0}]
)
def test_a_circuit_that_the_runtime_takes_is_taken(circuit: dict[str, float]) -> None:
    options = with_circuit(circuit)

    assert Limits.from_mapping(options.circuit) == Limits.from_mapping(circuit)


def test_nothing_is_synthesized_for_an_impossible_circuit(tmp_path: Path) -> None:
    out = tmp_path / "out"
    context = {"deps": "layers/core", "circuit": '{"cool_down": 10}'}
    done = subprocess.run(
        (sys.executable, "-m", "infra.app"),
        env=os.environ | {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert done.stderr.rstrip().endswith("no such limit: cool_down")
    assert not list(out.glob("*.template.json"))


def test_a_layer_that_is_not_built_is_refused_with_what_to_do(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    with pytest.raises(LayerMissing, match=r"python -m infra\.layers"):
        synthesize(deps=str(tmp_path / "nothing"))


def test_a_finding_that_nobody_acknowledged_fails_the_synthesis(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "out"), context={"deps": "layers/core"})
    compose(app)
    sqs.Queue(Stack(app, "Careless"), "Queue")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_by_default_functions_are_in_no_network(assembly: Path, service: Template) -> None:
    assert not (assembly / "EvenkeelNetwork.template.json").exists()
    for each in service.functions().values():
        assert "VpcConfig" not in each


def test_in_a_vpc_functions_are_in_two_zones_behind_a_closed_group(
    other_service: Template, network: Template
) -> None:
    inside = [each for each in other_service.functions().values() if "VpcConfig" in each]
    assert len(inside) == len(other_service.functions()) - 1  # Webhooks go to the internet.
    for each in inside:
        assert len(each["VpcConfig"]["SubnetIds"]) == 2
        [group] = each["VpcConfig"]["SecurityGroupIds"]
        assert in_words(group) == "FunctionsGroup.GroupId"
    assert "SecurityGroupIngress" not in network.all("AWS::EC2::SecurityGroup")["FunctionsGroup"]


def test_in_a_vpc_there_is_no_way_to_the_internet(network: Template) -> None:
    types = {each["Type"] for each in network.resources.values()}

    assert "AWS::EC2::Subnet" in types
    assert not types & {
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
        "AWS::EC2::EgressOnlyInternetGateway",
    }


def test_in_a_vpc_the_services_that_are_called_have_endpoints(network: Template) -> None:
    endpoints = {
        in_words(each["ServiceName"]).rsplit(".", 1)[-1]: each["VpcEndpointType"]
        for each in network.all("AWS::EC2::VPCEndpoint").values()
    }

    assert endpoints == {
        "dynamodb": "Gateway",
        "events": "Interface",
        "lambda": "Interface",
        "sns": "Interface",
        "sqs": "Interface",
    }


def test_a_local_deployment_leaves_out_what_emulators_refuse(
    data: Template, service: Template, network: Template
) -> None:
    conditional = {
        plain(id_)
        for template in (data, service, network)
        for id_, each in template.resources.items()
        if each["Type"] in REFUSED and each.get("Condition") == "OnAws"
    }
    refused = {
        plain(id_)
        for template in (data, service, network)
        for id_, each in template.resources.items()
        if each["Type"] in REFUSED
    }

    assert refused
    assert conditional == refused


def test_what_is_deployed_everywhere_does_not_refer_to_what_is_not(
    service: Template, network: Template
) -> None:
    for template in (service, network):
        left_out = {id_ for id_, each in template.resources.items() if "Condition" in each}
        kept = [each for id_, each in template.resources.items() if id_ not in left_out]

        assert not left_out & references([kept, template.body["Outputs"]])


def references(value: object) -> set[str]:
    match value:
        case {"Ref": str(name)}:
            return {name}
        case {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case {"Fn::If": ["OnAws", _, elsewhere]}:
            return references(elsewhere)
        case dict():
            return set().union(*map(references, value.values()))
        case list():
            return set().union(*map(references, value))
    return set()
