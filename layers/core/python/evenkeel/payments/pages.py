"""Pages of a list from which a filter takes some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from evenkeel.payments.model import Payment
from evenkeel.payments.ports import FlagQuery, PaymentPage, UserQuery

Query = TypeVar("Query", UserQuery, FlagQuery)

# A page that a filter leaves half empty is filled from the following ones, up to here.
FILTERED_PAGE_COUNT_MAX = 10


def filtered(
    query: Query, read: Callable[[Query], PaymentPage], is_wanted: Callable[[Payment], bool]
) -> PaymentPage:
    """Return a page of those that are wanted; it may be short and not the last."""
    found: list[Payment] = []
    for _ in range(FILTERED_PAGE_COUNT_MAX):
        page = read(query)
        for payment in page.payments:
            if is_wanted(payment):
                found.append(payment)
            if len(found) == query.limit:
                is_last = payment is page.payments[-1]
                return PaymentPage(found, page.next if is_last else payment.ref)
        query = replace(query, after=page.next)
        if page.next is None:
            break
    return PaymentPage(found, query.after)
