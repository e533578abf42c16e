"""Who may do what. The whole of it, in words, so that any change is a change here."""

import re
from typing import Any

import pytest

from infra.constructs.function import pascal_case
from infra.routes import ROUTES, Route
from tests.infra.template import Template, as_list, in_words

Rights = dict[str, dict[str, set[str]]]

CHANGES = {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}
PARTIQL = {"dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"}

EVERYONE = {"*": {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}}
CACHE_ARN = "arn:AWS::Partition:elasticache:AWS::Region:AWS::AccountId"
CACHE_NAME = "evenkeelservice-cache-3091d141"
CACHE_RIGHTS = {
    f"{CACHE_ARN}:serverlesscache:{CACHE_NAME}": {"elasticache:Connect"},
    f"{CACHE_ARN}:user:{CACHE_NAME}": {"elasticache:Connect"},
}
WALLET_RIGHTS = {
    "Ledger.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
    "Accounts.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"},
}
PAYMENTS_RIGHTS = {
    **CACHE_RIGHTS,
    "Payments.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    "Clients.Arn": {"dynamodb:GetItem"},
    "PaymentQueue.Arn": {"sqs:SendMessage"},
    "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
}
WORKER_RIGHTS = {
    "Payments.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    "PaymentQueue.Arn": {
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    },
    "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
}
SWEEPER_RIGHTS = {
    "Payments.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    "Payments.Arn/index/by_due": {"dynamodb:Query"},
    "Ledger.Arn": {"dynamodb:GetItem"},
    "Reports.Arn": {"dynamodb:GetItem"},
    "Checkpoints.Arn": {"dynamodb:PutItem"},
    "Alerts": {"sns:Publish"},
    "SweepsFailed.Arn": {"sqs:SendMessage"},
    "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
}
BREAKER_RIGHTS = {
    "Breakers.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
}
ASKS_WALLETS = {
    **BREAKER_RIGHTS,
    "WalletCommandsFunction.Arn": {"lambda:InvokeFunction"},
}
STREAM_RIGHTS = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
PAYERS_RIGHTS = {
    "PaymentsApi": {**PAYMENTS_RIGHTS, **BREAKER_RIGHTS},
    "PaymentWorker": {**WORKER_RIGHTS, **BREAKER_RIGHTS},
    "Sweeper": {**SWEEPER_RIGHTS, **BREAKER_RIGHTS},
}
# They read everything, and change nothing but their own reports.
RECONCILER_RIGHTS = {
    "Payments.Arn": {"dynamodb:BatchGetItem", "dynamodb:Scan"},
    "Payments.Arn/index/by_due": {"dynamodb:Query"},
    "Ledger.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Scan"},
    "Ledger.Arn/index/by_debit_wallet": {"dynamodb:Query"},
    "Ledger.Arn/index/by_credit_wallet": {"dynamodb:Query"},
    "Accounts.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Scan"},
    "Changes.Arn": {"dynamodb:Query"},
    "Reports.Arn": {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
    "Reports.Arn/index/by_list": {"dynamodb:Query"},
    "Checkpoints.Arn": {"dynamodb:PutItem"},
    **ASKS_WALLETS,
    "RunsFailed.Arn": {"sqs:SendMessage"},
    "Alerts": {"sns:Publish"},
    "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
}
EXPECTED_RIGHTS: Rights = {
    **{name: {**rights, **ASKS_WALLETS} for name, rights in PAYERS_RIGHTS.items()},
    "WalletsApi": {
        **CACHE_RIGHTS,
        "Ledger.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
        "Accounts.Arn": {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        "Clients.Arn": {"dynamodb:GetItem"},
    },
    "PaymentsReads": {
        **CACHE_RIGHTS,
        "Payments.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
        "Payments.Arn/index/by_user": {"dynamodb:Query"},
        "Clients.Arn": {"dynamodb:GetItem"},
    },
    "WalletsReads": {
        **CACHE_RIGHTS,
        "Ledger.Arn": {"dynamodb:GetItem"},
        "Ledger.Arn/index/by_debit_wallet": {"dynamodb:Query"},
        "Ledger.Arn/index/by_credit_wallet": {"dynamodb:Query"},
        "Accounts.Arn": {"dynamodb:GetItem"},
        "Clients.Arn": {"dynamodb:GetItem"},
    },
    "OpsApi": {
        **CACHE_RIGHTS,
        "Clients.Arn": {"dynamodb:DescribeTable", "dynamodb:GetItem"},
        "Payments.Arn": {"dynamodb:DescribeTable"},
        "Ledger.Arn": {"dynamodb:DescribeTable"},
        "Accounts.Arn": {"dynamodb:DescribeTable"},
        "Changes.Arn": {"dynamodb:DescribeTable"},
        "Webhooks.Arn": {"dynamodb:DescribeTable"},
        "Deliveries.Arn": {"dynamodb:DescribeTable"},
        "Reports.Arn": {"dynamodb:DescribeTable"},
        "Breakers.Arn": {
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        "WalletCommandsFunction.Arn": {"lambda:GetFunctionConcurrency"},
    },
    "WalletCommands": WALLET_RIGHTS,
    "AccessCommands": {
        "Clients.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    },
    "LedgerStream": {
        "Checkpoints.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
        "Accounts.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "Changes.Arn": {"dynamodb:BatchWriteItem"},
        "Ledger.StreamArn": STREAM_RIGHTS,
        "LedgerQuarantine.Arn": {"sqs:SendMessage"},
        "LedgerStreamExpired.Arn": {"sqs:SendMessage"},
        "Bus.Arn": {"events:PutEvents"},
        "Alerts": {"sns:Publish"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "PaymentStream": {
        "Changes.Arn": {"dynamodb:BatchWriteItem"},
        "Payments.StreamArn": STREAM_RIGHTS,
        "PaymentQuarantine.Arn": {"sqs:SendMessage"},
        "PaymentStreamExpired.Arn": {"sqs:SendMessage"},
        "Bus.Arn": {"events:PutEvents"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "AccountStream": {
        "Changes.Arn": {"dynamodb:BatchWriteItem"},
        "Accounts.StreamArn": STREAM_RIGHTS,
        "AccountQuarantine.Arn": {"sqs:SendMessage"},
        "AccountStreamExpired.Arn": {"sqs:SendMessage"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "CircuitStream": {
        "Breakers.StreamArn": STREAM_RIGHTS,
        "CircuitQuarantine.Arn": {"sqs:SendMessage"},
        "CircuitStreamExpired.Arn": {"sqs:SendMessage"},
        "Bus.Arn": {"events:PutEvents"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "ReportStream": {
        "Reports.StreamArn": STREAM_RIGHTS,
        "ReportQuarantine.Arn": {"sqs:SendMessage"},
        "ReportStreamExpired.Arn": {"sqs:SendMessage"},
        "Bus.Arn": {"events:PutEvents"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "Reconciliation": {
        **RECONCILER_RIGHTS,
        "ReconciliationFunction.Arn": {"lambda:InvokeFunction"},
    },
    "ReconciliationManual": {
        **RECONCILER_RIGHTS,
        "ReconciliationManualFunction.Arn": {"lambda:InvokeFunction"},
    },
    "AnomalyScorer": {
        **CACHE_RIGHTS,
        "Payments.Arn": {"dynamodb:UpdateItem"},
        "Learned.Arn": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "Clients.Arn": {"dynamodb:GetItem"},
        "Checkpoints.Arn": {"dynamodb:PutItem"},
        "AnomalyEvents.Arn": {
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        },
        "Alerts": {"sns:Publish"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "AnomaliesApi": {
        **CACHE_RIGHTS,
        "Payments.Arn": {"dynamodb:BatchGetItem"},
        "Payments.Arn/index/by_flag": {"dynamodb:Query"},
        "Clients.Arn": {"dynamodb:GetItem"},
    },
    "ReconciliationApi": {
        **CACHE_RIGHTS,
        "Reports.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
        "Reports.Arn/index/by_list": {"dynamodb:Query"},
        "Payments.Arn": {"dynamodb:BatchGetItem"},
        "Ledger.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
        "Ledger.Arn/index/by_debit_wallet": {"dynamodb:Query"},
        "Ledger.Arn/index/by_credit_wallet": {"dynamodb:Query"},
        "Accounts.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
        "Clients.Arn": {"dynamodb:GetItem"},
        "ReconciliationManualFunction.Arn": {"lambda:InvokeFunction"},
        **ASKS_WALLETS,
    },
    "WebhooksApi": {
        **CACHE_RIGHTS,
        "Webhooks.Arn": {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        "Deliveries.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"},
        "Deliveries.Arn/index/by_endpoint": {"dynamodb:Query"},
        "Clients.Arn": {"dynamodb:GetItem"},
        "WebhookDeliveries.Arn": {"sqs:SendMessage"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "Webhooks": {
        "Webhooks.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
        "Deliveries.Arn": {"dynamodb:PutItem"},
        "WebhookEvents.Arn": {
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        },
        "WebhookDeliveries.Arn": {"sqs:SendMessage"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    # It talks to strangers, and can touch nothing that has to do with money.
    "WebhookSender": {
        "Webhooks.Arn": {
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        "Deliveries.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "WebhookDeliveries.Arn": {
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        },
        "Alerts": {"sns:Publish"},
        "Key.Arn": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
}


@pytest.fixture
def rights(service: Template) -> Rights:
    return rights_of(service)


def test_each_function_may_do_exactly_this(rights: Rights) -> None:
    expected = {
        name: {**EVERYONE, **log_rights(name), **each} for name, each in EXPECTED_RIGHTS.items()
    }

    assert rights == expected


@pytest.mark.parametrize("name", sorted(PAYERS_RIGHTS))
def test_inline_payments_are_their_own_wallet_and_invoke_none(
    name: str, other_service: Template
) -> None:
    rights = rights_of(other_service)[name]

    assert rights.pop("*") > EVERYONE["*"]  # And the network interfaces of the vpc option.
    assert rights == {**log_rights(name), **PAYERS_RIGHTS[name], **WALLET_RIGHTS}


@pytest.mark.parametrize("name", ["Reconciliation", "ReconciliationManual", "ReconciliationApi"])
def test_inline_repairs_are_their_own_wallet_and_invoke_none(
    name: str, other_service: Template
) -> None:
    rights = rights_of(other_service)[name]

    assert "WalletCommandsFunction.Arn" not in rights
    for resource, actions in WALLET_RIGHTS.items():
        assert actions <= rights[resource]


def test_nobody_may_change_or_delete_what_is_in_the_ledger(
    service: Template, other_service: Template
) -> None:
    for template in (service, other_service):
        for each in rights_of(template).values():
            assert not each.get("Ledger.Arn", set()) & (CHANGES | PARTIQL)


@pytest.mark.parametrize("name", ["PaymentsReads", "WalletsReads"])
def test_what_only_reads_changes_nothing_and_asks_nobody(
    name: str, other_service: Template
) -> None:
    actions = set().union(*rights_of(other_service)[name].values())

    reads = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
    assert {each for each in actions if each.startswith("dynamodb:")} <= reads
    assert not {each for each in actions if each.startswith(("lambda:", "sqs:", "events:", "sns:"))}


def test_only_tracing_and_networking_are_on_every_resource(other_service: Template) -> None:
    services = {
        action.split(":")[0] for each in rights_of(other_service).values() for action in each["*"]
    }

    assert services == {"xray", "ec2"}


def test_no_action_is_a_pattern(service: Template, other_service: Template) -> None:
    for template in (service, other_service):
        for each in rights_of(template).values():
            assert not [action for actions in each.values() for action in actions if "*" in action]


def test_no_function_has_a_role_or_a_policy_of_somebody_else(service: Template) -> None:
    roles = service.all("AWS::IAM::Role")

    for name, function in service.functions().items():
        assert in_words(function["Role"]) == f"{name}Role.Arn"
        assert "ManagedPolicyArns" not in roles[f"{name}Role"]
        assert "Policies" not in roles[f"{name}Role"]


def test_the_gateway_may_invoke_a_function_for_its_own_routes_only(service: Template) -> None:
    allowed = {
        (in_words(each["FunctionName"]), in_words(each["SourceArn"]).split("Stagev1/")[1])
        for each in service.all("AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    }
    expected = {
        (f"{pascal_case(route.function)}Function.Arn", as_source(route)) for route in ROUTES
    }

    assert allowed == expected


def test_a_rule_may_invoke_its_function_and_nothing_else(service: Template) -> None:
    allowed = {
        in_words(each["SourceArn"]): in_words(each["FunctionName"])
        for each in service.all("AWS::Lambda::Permission").values()
        if each["Principal"] == "events.amazonaws.com"
    }

    assert allowed == {
        "SweepsRule.Arn": "SweeperFunction.Arn",
        "RunsRecent.Arn": "ReconciliationFunction.Arn",
        "RunsDay.Arn": "ReconciliationFunction.Arn",
        "RunsAll.Arn": "ReconciliationFunction.Arn",
    }


def as_source(route: Route) -> str:
    """As the gateway names what it calls for: a star for each parameter."""
    return route.method + re.sub(r"{\w+}", "*", route.path)


def rights_of(template: Template) -> Rights:
    """Function → resource → actions."""
    functions = template.functions()
    found: Rights = {}
    for role, statements in template.statements().items():
        name = role.removesuffix("Role")
        if name in functions:
            found[name] = by_resource(statements)
    return found


def by_resource(statements: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for resource in as_list(statement["Resource"]):
            found.setdefault(in_words(resource), set()).update(as_list(statement["Action"]))
    return found


def log_rights(name: str) -> dict[str, set[str]]:
    return {f"{name}Logs.Arn": {"logs:CreateLogStream", "logs:PutLogEvents"}}
