from evenkeel.screening.policy import Policy


class InMemoryPolicyStore:
    """Keeps policies, and fails as it is told.

    Attributes:
        failure: Raised whenever a policy is read.
    """

    def __init__(self) -> None:
        self.policies: dict[str, Policy] = {}
        self.failure: Exception | None = None
        self.read_count = 0

    def policy(self, client_id: str) -> Policy | None:
        self.read_count += 1
        if self.failure is not None:
            raise self.failure
        return self.policies.get(client_id)

    def lay_down(self, client_id: str, policy: Policy) -> None:
        self.policies[client_id] = policy
