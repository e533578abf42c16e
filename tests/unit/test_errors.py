import re
from collections.abc import Iterator

from evenkeel import errors
from evenkeel.errors import EvenkeelError, OutcomeUnknown, Unavailable

DRAWING = re.findall(r"^( *)[*+-] (\w+)", errors.__doc__ or "", re.MULTILINE)


def descent(base: type[EvenkeelError], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, base.__name__
    for error in base.__subclasses__():
        yield from descent(error, depth + 1)


def leaves(base: type[EvenkeelError]) -> set[type[EvenkeelError]]:
    return set[type[EvenkeelError]]().union(*map(leaves, base.__subclasses__())) or {base}


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_the_docstring_draws_each_error_below_its_base() -> None:
    drawn = [(len(indent) // 2, name) for indent, name in DRAWING]

    assert drawn == list(descent(EvenkeelError))


def test_no_two_errors_share_a_code() -> None:
    codes = [leaf.__dict__["code"] for leaf in leaves(EvenkeelError)]

    assert len(set(codes)) == len(codes)


def test_a_code_is_the_name_in_snake_case_but_for_two_that_say_more() -> None:
    more = {errors.Declined: "payment_declined", errors.ObjectNotFound: "not_found"}
    expected = {leaf: snake_case(leaf.__name__) for leaf in leaves(EvenkeelError)} | more

    assert {leaf: leaf.code for leaf in leaves(EvenkeelError)} == expected


def test_our_loop_repeats_what_may_heal_by_itself_and_nothing_else() -> None:
    repeated = repeated_by_our_loop()

    assert repeated == (leaves(Unavailable) | leaves(OutcomeUnknown)) - {errors.CircuitOpen}


def test_neither_a_refusal_nor_a_lost_race_speaks_against_a_dependency() -> None:
    lost_races = {errors.TransferContended, errors.VersionConflict, errors.WalletContended}
    damning = {leaf for leaf in leaves(EvenkeelError) if leaf.is_outage}

    assert damning == repeated_by_our_loop() - lost_races


def repeated_by_our_loop() -> set[type[EvenkeelError]]:
    return {leaf for leaf in leaves(EvenkeelError) if leaf.retryable}
