"""CDK entry point: `python -m infra.app`."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.options import Options
from infra.stacks.data import DataStack
from infra.stacks.network import NetworkStack
from infra.stacks.service import ServiceStack


def compose(app: App) -> None:
    options = Options.from_context(app.node)
    network = NetworkStack(app, "EvenkeelNetwork") if options.network == "vpc" else None
    data = DataStack(app, "EvenkeelData")
    ServiceStack(app, "EvenkeelService", options=options, data=data, network=network)
    # A finding that nobody acknowledged fails the synthesis.
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


if __name__ == "__main__":
    app = App()
    compose(app)
    app.synth()
