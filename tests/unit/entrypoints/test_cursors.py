from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.entrypoints.cursors import CURSOR_LENGTH_MAX, read_offset, write_offset
from evenkeel.entrypoints.delivery_cursors import read_delivery, write_delivery
from evenkeel.entrypoints.entry_cursors import read_entry, write_entry
from evenkeel.entrypoints.payment_cursors import read_payment, write_payment
from evenkeel.entrypoints.report_cursors import read_mismatch, read_run, write_place
from evenkeel.errors import ValidationFailed
from evenkeel.payments.model import PaymentRef
from evenkeel.wallets.ports import EntryRef
from evenkeel.webhooks.delivery import DeliveryRef
from tests.fakes.clock import NOON

Read = Callable[[str | None], object]

PAYMENT = PaymentRef(NOON, "pay_gvknfofb4najsbjymxpik5wriy")
ENTRY = EntryRef(7, "trf_gvknfofb4najsbjymxpik5wriy")
DELIVERY = DeliveryRef(NOON, "dlv_gvknfofb4najsbjymxpik5wriy")
RUN = "2026-01-01T12:00:00.000000Z/rec_gvknfofb4najsbjymxpik5wriy"
MISMATCH = "1/mis_gvknfofb4najsbjymxpik5wriy"
SUFFIXES = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=26)

WRITTEN: dict[str, Read] = {
    "MjAyNi0wMS0wMVQxMjowMDowMC4wMDAwMDBaL3BheV9ndmtuZm9mYjRuYWpzYmp5bXhwaWs1d3JpeQ": read_payment,
    "Ny90cmZfZ3ZrbmZvZmI0bmFqc2JqeW14cGlrNXdyaXk": read_entry,
    "MjU": read_offset,
    "MjAyNi0wMS0wMVQxMjowMDowMC4wMDAwMDBaL2Rsdl9ndmtuZm9mYjRuYWpzYmp5bXhwaWs1d3JpeQ": read_delivery,
    "MjAyNi0wMS0wMVQxMjowMDowMC4wMDAwMDBaL3JlY19ndmtuZm9mYjRuYWpzYmp5bXhwaWs1d3JpeQ": read_run,
    "MS9taXNfZ3ZrbmZvZmI0bmFqc2JqeW14cGlrNXdyaXk": read_mismatch,
}
FOREIGN = [
    (cursor, read)
    for cursor, own in WRITTEN.items()
    for read in WRITTEN.values()
    if read is not own
]
POSITIONS = [
    b"2026-01-01T12:00:00.000000Z/pay_gvknfofb4najsbjymxpik5wriy",
    b"7/trf_gvknfofb4najsbjymxpik5wriy",
    b"25",
    b"2026-01-01T12:00:00.000000Z/dlv_gvknfofb4najsbjymxpik5wriy",
    b"2026-01-01T12:00:00.000000Z/rec_gvknfofb4najsbjymxpik5wriy",
    b"1/mis_gvknfofb4najsbjymxpik5wriy",
]

each_reader = pytest.mark.parametrize("read", WRITTEN.values())


def cursor_of(position: str | bytes) -> str:
    raw = position if isinstance(position, bytes) else position.encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def assert_refused(read: Read, cursor: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        read(cursor)

    assert [error.field for error in raised.value.errors] == ["cursor"]


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    assert read_payment(None) is None
    assert read_entry(None) is None
    assert read_delivery(None) is None
    assert read_run(None) is None
    assert read_mismatch(None) is None
    assert read_offset(None) == 0


def test_a_list_that_is_over_has_no_next_cursor() -> None:
    assert write_payment(None) is None
    assert write_entry(None) is None
    assert write_delivery(None) is None
    assert write_place(None) is None


def test_a_cursor_of_an_earlier_release_still_leads_to_its_place() -> None:
    payment, entry, offset, delivery, run, mismatch = WRITTEN

    assert read_payment(payment) == PAYMENT
    assert read_entry(entry) == ENTRY
    assert read_offset(offset) == 25
    assert read_delivery(delivery) == DELIVERY
    assert read_run(run) == RUN
    assert read_mismatch(mismatch) == MISMATCH
    assert (write_place(RUN), write_place(MISMATCH)) == (run, mismatch)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    SUFFIXES,
)
def test_a_place_among_payments_and_among_deliveries_comes_back(
    created_at: datetime, suffix: str
) -> None:
    payment = PaymentRef(created_at, f"pay_{suffix}")
    delivery = DeliveryRef(created_at, f"dlv_{suffix}")

    assert read_payment(write_payment(payment)) == payment
    assert read_delivery(write_delivery(delivery)) == delivery


@given(st.integers(1, 10**15 - 1), SUFFIXES)
def test_a_place_among_entries_comes_back(number: int, suffix: str) -> None:
    ref = EntryRef(number, f"trf_{suffix}")

    assert read_entry(write_entry(ref)) == ref


@given(st.integers(0, 10**15 - 1))
def test_a_place_in_a_history_comes_back(offset: int) -> None:
    assert read_offset(write_offset(offset)) == offset


def read_by_all(text: str) -> None:
    """Read it as a cursor of every list; what is refused is refused by name."""
    for read in WRITTEN.values():
        try:
            read(text)
        except ValidationFailed as refused:
            assert [error.field for error in refused.errors] == ["cursor"]  # noqa: PT017


@given(st.text() | st.binary().map(cursor_of) | st.text().map(cursor_of))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    read_by_all(text)


@given(st.sampled_from(list(WRITTEN)), st.integers(0, 80), st.characters())
def test_a_cursor_with_another_letter_raises_nothing_but_a_refusal(
    cursor: str, index: int, letter: str
) -> None:
    read_by_all(cursor[:index] + letter + cursor[index + 1 :])


@given(st.sampled_from(POSITIONS), st.integers(0, 60), st.binary(max_size=3))
def test_a_position_with_other_bytes_raises_nothing_but_a_refusal(
    position: bytes, index: int, other: bytes
) -> None:
    read_by_all(cursor_of(position[:index] + other + position[index + 1 :]))


@each_reader
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "a",
        "é",
        "\ud800",
        "null",
        "constructor",
        cursor_of(b"\xff\xfe"),
        cursor_of("\u0667"),  # A seven, of another script.
        cursor_of("-1"),
        cursor_of("+1"),
        cursor_of("1.0"),
        cursor_of(" 1"),
        cursor_of("1_0"),
        cursor_of("1e3"),
        cursor_of("9" * 16),
        cursor_of("/"),
        cursor_of("7/"),
        cursor_of("/trf_a"),
        cursor_of("-7/trf_a"),
        cursor_of("7/pay_a"),
        cursor_of("7/wal_a"),
        cursor_of("7/" + "trf_".ljust(65, "x")),
        cursor_of("2026-01-01T12:00:00.000000Z"),
        cursor_of("2026-01-01T12:00:00.000000Z/"),
        cursor_of("2026-01-01T12:00:00.000000Z/trf_a"),
        cursor_of("2026-02-30T12:00:00.000000Z/pay_a"),
        cursor_of("2026-01-01/pay_a"),
        cursor_of("0000-01-01T12:00:00.000000Z/pay_a"),
        cursor_of("/pay_a"),
        cursor_of("2026-01-01T12:00:00.000000Z/" + "pay_".ljust(65, "x")),
        "A" * (CURSOR_LENGTH_MAX + 1),
        "A" * 100_000,
    ],
)
def test_what_is_no_cursor_is_refused_by_name(read: Read, cursor: str) -> None:
    assert_refused(read, cursor)


@pytest.mark.parametrize(("cursor", "read"), FOREIGN)
def test_a_cursor_of_another_list_is_refused(cursor: str, read: Read) -> None:
    assert_refused(read, cursor)


@pytest.mark.parametrize("change", ["{}!!!!", "!!!!{}", "{}====", "{}\n\n\n\n"])
def test_what_was_not_written_to_the_letter_is_refused(change: str) -> None:
    for cursor, read in WRITTEN.items():
        assert_refused(read, change.format(cursor))
