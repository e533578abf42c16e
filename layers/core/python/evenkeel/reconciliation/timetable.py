"""Which runs there are by themselves, and over what they go.

Every five minutes a run looks at what was changed since the last one, and once more at what
was changed shortly before: clocks differ, and what was noted late must not be missed. The
hourly run looks at a whole day of changes, and the nightly one at all that is stored,
noted or not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from evenkeel.reconciliation.run import Run, Scope, Trigger, Window, scheduled_id

# More than any clock of ours is wrong by.
OVERLAP = timedelta(minutes=6)
# After so long what was changed is noted, and can be read: the readers of the streams have had to
# be started, perhaps, and to wait for a second to fill a batch.
SETTLED_AFTER = timedelta(seconds=6)
DAY = timedelta(hours=24)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Pass(StrEnum):
    RECENT = "recent"  # Every five minutes.
    DAY = "day"  # Every hour.
    ALL = "all"  # Every night.


def scheduled(pass_: Pass, at: datetime, now: datetime, watermark: datetime | None) -> Run:
    """Return the run of a pass: the same, however often it is asked for by the same time.

    The watermark says up to when earlier runs have looked at everything, if there were any.
    """
    until = now - SETTLED_AFTER
    match pass_:
        case Pass.RECENT:
            since = until - DAY if watermark is None else min(watermark, until) - OVERLAP
        case Pass.DAY:
            since = until - DAY
        case Pass.ALL:
            since = BEGINNING
    scope = Scope.EVERYTHING if pass_ is Pass.ALL else Scope.CHANGES
    return Run(
        scheduled_id(pass_, at),
        Trigger.SCHEDULE,
        Window(since, until),
        started_at=now,
        scope=scope,
    )
