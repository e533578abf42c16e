from evenkeel.resilience.retry import Retry
from tests.fakes.clock import ManualSeconds


def instant_retry(attempt_count_max: int = 5) -> Retry:
    """Asks again as the real one does, and never waits."""
    seconds = ManualSeconds()
    return Retry(
        attempt_count_max=attempt_count_max,
        total_s_max=1.0,
        delay_s_base=0.01,
        delay_s_max=0.1,
        jitter=lambda: 0.0,
        sleep=seconds.sleep,
        elapsed_s=seconds,
    )
