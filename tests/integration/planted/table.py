"""What was planted and found, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from tests.integration.planted.campaign import KINDS, Campaign
from tests.integration.planted.scene import VARIANTS

HEAD = (
    "| kind | planted | found | types | by what was changed | at night |",
    "|---|---|---|---|---|---|",
)


def table(campaign: Campaign) -> Iterator[str]:
    """Yield a line for each kind: how many of it were planted, and by which run they were found."""
    yield from HEAD
    for name, kind in KINDS.items():
        plants = [each for each in campaign.plants if each.kind is kind]
        types = sorted({type_ for plant in plants for type_, _ in plant.expected})
        by_day, at_night = campaign.planted.told, campaign.nightly.told
        day_count = sum(plant.expected <= by_day for plant in plants)
        night_count = sum(plant.expected <= at_night for plant in plants)
        found = sum(plant.expected <= by_day or plant.expected <= at_night for plant in plants)
        in_night = sum(plant.is_at_night for plant in plants)
        yield (
            f"| {name.replace('_', ' ')} | {len(VARIANTS)} | {found} | {', '.join(types)} "
            f"| {day_count} of {len(plants)} | {night_count} of {in_night} |"
        )
