"""Where a stack is deployed to: AWS, or an emulator on a laptop."""

from aws_cdk import CfnCondition, CfnMapping, CfnParameter, CfnResource, Fn, Token
from constructs import Construct, IConstruct


class Target(Construct):
    """The parameter `Target`, so that both places get the same template."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "Targets")
        self._parameter = CfnParameter(
            scope,
            "Target",
            default="aws",
            allowed_values=["aws", "local"],
            description="aws, or local for an emulator on one machine",
        )
        self._on_aws = CfnCondition(
            scope, "OnAws", expression=Fn.condition_equals(self._parameter.value_as_string, "aws")
        )

    def number(self, mapping: CfnMapping, key: str) -> float:
        """The value of `key` for this target, resolved when the stack is deployed."""
        return Token.as_number(mapping.find_in_map(key, self._parameter.value_as_string))

    def either(self, on_aws: str, elsewhere: str) -> str:
        """One of two texts, resolved when the stack is deployed."""
        return Token.as_string(Fn.condition_if(self._on_aws.logical_id, on_aws, elsewhere))

    def only_on_aws(self, construct: IConstruct) -> None:
        """Emulators refuse a whole template for one resource type that they do not know."""
        for each in construct.node.find_all():
            if isinstance(each, CfnResource):
                each.cfn_options.condition = self._on_aws
