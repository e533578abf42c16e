"""Metrics in CloudWatch's embedded format: a log line that is also a number.

No call leaves the function, and nothing is imported for it: our logger writes
the line, and CloudWatch finds the metric in it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

NAMESPACE = "Evenkeel"


def counted(metric: str, dimensions: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that make a log line count one of *metric*."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [sorted(dimensions)],
        "Metrics": [{"Name": metric, "Unit": "Count"}],
    }
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": stamp, metric: 1, **dimensions}
