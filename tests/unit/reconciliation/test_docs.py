"""What operators are told of mismatches is what there is."""

import re
from pathlib import Path

from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType, severity_of
from evenkeel.reconciliation.reports import SHOWN_COUNT_MAX, WINDOW_FOR_MAX
from functions.reconciliation_api.handler import WAIT_S_MAX
from functions.reconciliation_api.schema import SummaryReply

TEXT = Path("docs/reconciliation.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([A-Z]+) \|", re.MULTILINE)


def test_the_table_of_types_has_each_with_its_severity() -> None:
    assert ROW.findall(TEXT) == [(each.value, severity_of(each).value) for each in MismatchType]


def test_each_number_of_a_summary_is_explained() -> None:
    assert {name for name in SummaryReply.model_fields if f"| `{name}` |" not in TEXT} == set()


def test_each_status_of_a_mismatch_is_explained() -> None:
    assert {each for each in MismatchStatus if f"`{each}`" not in TEXT} == set()


def test_the_limits_are_those_of_the_code() -> None:
    assert f"the first {SHOWN_COUNT_MAX}, gravest first" in TEXT
    assert f"{WINDOW_FOR_MAX.days} days" in TEXT
    assert f"after {WAIT_S_MAX:.0f} seconds" in TEXT
