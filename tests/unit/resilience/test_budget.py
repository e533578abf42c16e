from evenkeel.resilience.budget import TOKEN_COUNT_MAX, RetryBudget


def budget(share: float = 1.0, draw: float = 0.5, earned: float = 0.25) -> RetryBudget:
    return RetryBudget(lambda: share, lambda: draw, earned)


def spent(of: RetryBudget, times: int = 100) -> int:
    return sum(of.spend() for _ in range(times))


def test_a_cold_environment_may_retry_once() -> None:
    assert spent(budget()) == 1


def test_four_successes_earn_a_retry() -> None:
    earning = budget()
    spent(earning)
    for _ in range(4):
        earning.earn()

    assert spent(earning) == 1


def test_nobody_saves_more_than_a_few() -> None:
    earning = budget()
    for _ in range(1000):
        earning.earn()

    assert spent(earning) == TOKEN_COUNT_MAX


def test_a_fleet_in_doubt_allows_a_share_and_a_refusal_costs_nothing() -> None:
    shares = [0.0, 0.4, 0.6]
    cautious = RetryBudget(lambda: shares.pop(0), lambda: 0.5, 0.25)

    assert [cautious.spend() for _ in range(3)] == [False, False, True]
