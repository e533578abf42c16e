"""The report on what is detected, as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tests.bench.detection_measures import Findings
from tests.bench.detection_speed import Speed
from tests.bench.detection_stories import ATTACKS
from tests.bench.detection_users import ORDINARY, TEST_DAYS, WARM_DAYS

HONEST = (ORDINARY, "salary day", "holiday peak", "newcomers")
PER_S_MIN, BYTES_MAX = 2_000, 256


def slug(kind: str) -> str:
    return kind.replace(" ", "-")


def head(user_count: int, seeds: range) -> Iterator[str]:
    yield f"""\
# What is detected, by rules and by what was learned

`python -m tests.bench.detection`, {datetime.now(UTC):%Y-%m-%d}, Python
{platform.python_version()}, {os.cpu_count()} cores that others use too. It needs the
group `evaluation`:
`uv run --isolated --no-default-groups --group evaluation python -m tests.bench.detection`.

**All payments are generated.** People, attacks and peaks are as somebody imagined them who
also wrote the detector. So the figures say that it does what it is meant to, and how judges
compare on the same payments. They do not say what it would find among real ones. No public set
of payments with users, merchants and times was found on PyPI. Weights and thresholds were set
on other seeds than those reported here, of the same generator.

Each history: {user_count} users for {WARM_DAYS} days to learn from and {TEST_DAYS} days that
are tested, all stories in the same days. Seeds {seeds[0]} to {seeds[-1]}, all their payments
taken together. Everybody makes a large payment now and then, pays at an odd hour, tries other
shops; a tenth pays in a second currency too.

- *rules*: the four rules with their defaults. Their score is how many are met. In these
  histories no payment fails, so a streak of failures never helps them.
- *learned*: ours, flagged from a score of 0.5 on. *both*: flagged by either; the scores added.
- *river, raw*: `river`'s HalfSpaceTrees, 25 trees, on the amount's logarithm, the hour and the
  time since the user's last payment. *river, our features*: on what our forest gets. It only
  gives scores. It flags above the score that as large a share of the second month exceeded as
  ours flags of the honest payments of the third. AUC does not depend on that.
- Precision is as if the attack were the only one in the month; it depends on how common attacks
  are. *victims*: with at least one payment flagged.
- The first payments of an attack look like any others. They count as missed."""


def tables(findings: Mapping[str, Findings]) -> Iterator[str]:
    for kind in ATTACKS:
        told = ATTACKS[kind].__doc__ or ""
        size = len(next(iter(findings.values())).of(kind))
        yield ""
        yield f"## {kind.capitalize()}"
        yield ""
        yield f"{told} {size} payments."
        yield ""
        yield "| judge | precision | recall | AUC | victims |"
        yield "|---|---|---|---|---|"
        for name, each in findings.items():
            precision = each.precision(kind)
            right = "none flagged" if precision is None else f"{precision:.3f}"
            victims = f"{each.victims_found(kind):.0%}"
            area = f"{each.area(kind):.4f}"
            yield f"| {name} | {right} | {each.recall(kind):.3f} | {area} | {victims} |"
        yield ""
        yield f"![Recall by false alarms](detection-{slug(kind)}.svg)"


def honest(findings: Mapping[str, Findings], first_rents: float) -> Iterator[str]:
    yield ""
    yield "## What must not be flagged"
    yield ""
    yield "Of the honest payments of each kind, how many are flagged:"
    yield ""
    yield f"| judge | {' | '.join(HONEST)} | all |"
    yield f"|---|{'---|' * (len(HONEST) + 1)}"
    for name, each in findings.items():
        shares = " | ".join(f"{each.recall(kind):.2%}" for kind in HONEST)
        yield f"| {name} | {shares} | {each.false_share:.2%} |"
    yield ""
    yield "A salary day has a rent of eight times what its user usually pays. Those above are the"
    yield "third ones. Of the rents of the first month, to somebody whom the user has never paid,"
    yield f"{first_rents:.0%} are flagged: that is what a bust-out looks like, too."
    yield ""
    yield "What the rules flag of the ordinary ones is yen: a large amount is more than 5,000 of"
    yield "any currency's major units, unless a client's policy has one for the currency."


def costs(speed: Speed) -> Iterator[str]:
    yield ""
    yield "## What it costs"
    yield ""
    yield "| | measured | required |"
    yield "|---|---|---|"
    yield (
        f"| payments/s on one core, state read from bytes and written, best of 3 | "
        f"{speed.per_s:,.0f} | ≥ {PER_S_MIN:,} |"
    )
    yield f"| bytes per user, the most | {speed.baseline_bytes_max} | ≤ {BYTES_MAX} |"
    yield f"| bytes per user, on average | {speed.baseline_bytes_mean:.0f} | |"
    yield f"| bytes of the model of all, as a snapshot | {speed.forest_bytes:,} | |"


def shuttle(areas: Mapping[str, float]) -> Iterator[str]:
    yield ""
    yield "## The forest alone, on a public data set"
    yield ""
    yield "UCI Statlog (Shuttle), which `river`'s package brings: 49,097 sensor readings, 7 % rare."
    yield "They are no payments and have no users, so only the forests are compared, on the first"
    yield "six fields, scaled alike; the first 5,000 readings only teach. **Ours is much worse"
    yield "there.** It looks for what is rarer than 1 %, as attacks are, and takes all groups"
    yield "larger than that for equally usual; river's calls less than 10 % of a window rare."
    yield ""
    yield "| forest | AUC |"
    yield "|---|---|"
    yield f"| ours, 25 trees of depth 6, windows of 5,000 | {areas['ours']:.4f} |"
    yield f"| river, 25 trees of depth 8, windows of 250 | {areas['river']:.4f} |"


def verdict(findings: Mapping[str, Findings]) -> Iterator[str]:
    """Say where another judge does better than ours alone."""
    yield ""
    yield "## Where what was learned does worse"
    yield ""
    ours, found = findings["learned"], False
    for kind in ATTACKS:
        for name in ("rules", "river, raw", "river, our features"):
            other = findings[name]
            for measure, theirs, own in (
                ("AUC", other.area(kind), ours.area(kind)),
                ("recall", other.recall(kind), ours.recall(kind)),
            ):
                if theirs > own:
                    found = True
                    yield f"- {kind.capitalize()}, {measure}: {name} {theirs:.3f}, ours {own:.3f}."
    for kind in HONEST:
        if findings["rules"].recall(kind) < ours.recall(kind):
            found = True
            yield f"- {kind.capitalize()}: the rules flag fewer honest payments."
    if not found:
        yield "Nowhere, in these histories."
