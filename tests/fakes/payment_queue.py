from evenkeel.payments.ports import WaitingPayment


class InMemoryPaymentQueue:
    """Keeps what is put, with its delay; *fault* is raised by the next put."""

    def __init__(self) -> None:
        self.waiting: list[tuple[WaitingPayment, float]] = []
        self.fault: Exception | None = None

    def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.waiting.append((waiting, delay_s))
