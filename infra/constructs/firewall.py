"""The web firewall in front of the HTTP API: known attackers, known exploits, floods."""

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

# Per address and five minutes. A client's servers share few addresses, so this is for floods;
# fair shares are the rate limiter's business.
REQUESTS_PER_ADDRESS_MAX = 60_000

# Not the common rule set: it refuses bodies over 8 KiB, and text that only looks like a script.
MANAGED_RULES = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


class Firewall(Construct):
    def __init__(self, scope: Construct, id_: str, *, stage: apigateway.Stage) -> None:
        super().__init__(scope, id_)
        flood = waf.CfnWebACL.RuleProperty(
            name="Flood",
            priority=0,
            action=waf.CfnWebACL.RuleActionProperty(block={}),
            statement=waf.CfnWebACL.StatementProperty(
                rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", limit=REQUESTS_PER_ADDRESS_MAX
                )
            ),
            visibility_config=_counted_as("Flood"),
        )
        acl = waf.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[flood, *map(_managed, MANAGED_RULES, range(1, len(MANAGED_RULES) + 1))],
            visibility_config=_counted_as("Firewall"),
        )
        waf.CfnWebACLAssociation(
            self, "Association", resource_arn=stage.stage_arn, web_acl_arn=acl.attr_arn
        )


def _managed(name: str, priority: int) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name
            )
        ),
        visibility_config=_counted_as(name),
    )


def _counted_as(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        # No samples: they would keep headers, and with them keys, where no log may have them.
        sampled_requests_enabled=False,
        cloud_watch_metrics_enabled=True,
        metric_name=name,
    )
