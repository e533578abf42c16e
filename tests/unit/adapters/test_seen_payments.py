from evenkeel.adapters.memory.seen_payments import SEEN_COUNT_MAX, SeenInThisProcess


def test_what_comes_for_the_first_time_is_new_and_then_no_more() -> None:
    seen = SeenInThisProcess()

    assert [seen.note("pay_a"), seen.note("pay_b"), seen.note("pay_a")] == [False, False, True]


def test_it_forgets_whom_it_has_not_seen_for_longest() -> None:
    seen = SeenInThisProcess()
    for number in range(SEEN_COUNT_MAX):
        seen.note(f"pay_{number}")
    seen.note("pay_0")
    seen.note("pay_new")

    assert seen.note("pay_0")
    assert not seen.note("pay_1")


def test_processes_know_nothing_of_each_other() -> None:
    SeenInThisProcess().note("pay_a")

    assert not SeenInThisProcess().note("pay_a")
