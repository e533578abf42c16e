class NeverSeen:
    """The hint of an execution environment that has just started."""

    def note(self, payment_id: str) -> bool:
        return False
