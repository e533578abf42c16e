"""Records of the reports table's stream as images of runs and of mismatches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.adapters.dynamodb.report_items import MismatchItem, RunItem, run_key
from evenkeel.adapters.dynamodb.stream import images
from evenkeel.ids import is_id
from evenkeel.reconciliation.mismatch import MISMATCH_PREFIX, Mismatch
from evenkeel.reconciliation.run import Run


class DynamoDBReportStream:
    """The table has other items too: the watermark, and the places of mismatches in reports."""

    def runs(self, raw: Mapping[str, Any]) -> tuple[Run | None, Run] | None:
        if not _key(raw).startswith(run_key("")):
            return None
        return images(raw, lambda image: RunItem.stored(image).run())

    def mismatches(self, raw: Mapping[str, Any]) -> tuple[Mismatch | None, Mismatch] | None:
        owner, _, name = _key(raw).partition("/")
        if not owner or not is_id(MISMATCH_PREFIX, name):
            return None
        return images(raw, lambda image: MismatchItem.stored(image).mismatch())


def _key(raw: Mapping[str, Any]) -> str:
    key: str = raw["dynamodb"]["Keys"]["id"]["S"]
    return key
