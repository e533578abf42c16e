"""`python -m tests.bench.detection`: who finds which attack, and who cries wolf."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from tests.bench import detection_text as text
from tests.bench.detection_chart import Chart, Curve
from tests.bench.detection_judges import (
    Judge,
    Learned,
    Opinion,
    Payments,
    Places,
    River,
    RulesAlone,
)
from tests.bench.detection_measures import Findings, Judged, threshold
from tests.bench.detection_shuttle import areas
from tests.bench.detection_speed import Speed, measure
from tests.bench.detection_stories import ATTACKS, history
from tests.bench.detection_users import FIRST_DAY, TEST_BEGINS, Labelled

FOLDER = Path("docs/benchmarks")
USER_COUNT = 200
SEEDS = range(1, 4)
CALIBRATION_BEGINS = TEST_BEGINS - timedelta(days=30)
FIRST_MONTH_ENDS = FIRST_DAY + timedelta(days=30)

COLOURS = {
    "rules": "#7f7f7f",
    "learned": "#1f77b4",
    "both": "#2ca02c",
    "river, raw": "#ff7f0e",
    "river, our features": "#d62728",
}


def main() -> int:
    if find_spec("river") is None:
        print("river is missing: see the head of docs/benchmarks/detection.md", file=sys.stderr)
        return 1
    judged: dict[str, list[Judged]] = {name: [] for name in COLOURS}
    first_rents: list[bool] = []
    speed: Speed | None = None
    for seed in SEEDS:
        payments = history(seed, USER_COUNT)
        learned = Learned()
        opinions = _opinions(payments, learned)
        speed = speed or measure(learned, payments)
        for name, each in _judged(payments, opinions).items():
            judged[name] += each
        first_rents += _first_rents(payments, opinions["learned"])
        print(f"seed {seed}: {len(payments)} payments", flush=True)
    assert speed is not None
    findings = {name: Findings(each) for name, each in judged.items()}
    report = "\n".join(
        (
            *text.head(USER_COUNT, SEEDS),
            *text.tables(findings),
            *text.honest(findings, sum(first_rents) / len(first_rents)),
            *text.costs(speed),
            *text.shuttle(areas()),
            *text.verdict(findings),
        )
    )
    print(report)
    (FOLDER / "detection.md").write_text(report + "\n")
    for kind in ATTACKS:
        (FOLDER / f"detection-{text.slug(kind)}.svg").write_text(_chart(kind, findings).svg())
    return 0


def _opinions(payments: Sequence[Labelled], learned: Learned) -> Mapping[str, Sequence[Opinion]]:
    judges: Mapping[str, Judge] = {
        "rules": RulesAlone(),
        "learned": learned,
        "river, raw": River(Payments()),
        "river, our features": River(Places()),
    }
    return {
        name: [judge.judge(each.occurrence) for each in payments] for name, judge in judges.items()
    }


def _judged(
    payments: Sequence[Labelled], opinions: Mapping[str, Sequence[Opinion]]
) -> Mapping[str, Sequence[Judged]]:
    """Keep the days that are tested, with a threshold for those who only give scores."""
    all_opinions = {
        **opinions,
        "both": [
            Opinion(rules.score + learned.score, bool(rules.is_flagged or learned.is_flagged))
            for rules, learned in zip(opinions["rules"], opinions["learned"], strict=True)
        ],
    }
    tested = [number for number, each in enumerate(payments) if _is_tested(each)]
    honest = [number for number in tested if not payments[number].is_attack]
    flags = sum(bool(opinions["learned"][number].is_flagged) for number in honest)
    return {
        name: _with_flags(payments, all_opinions[name], tested, flags / len(honest))
        for name in COLOURS
    }


def _with_flags(
    payments: Sequence[Labelled],
    opinions: Sequence[Opinion],
    tested: Sequence[int],
    false_share: float,
) -> Sequence[Judged]:
    calibration = [
        opinion.score
        for each, opinion in zip(payments, opinions, strict=True)
        if CALIBRATION_BEGINS <= each.occurrence.at < TEST_BEGINS
    ]
    limit = threshold(calibration, false_share)
    return [
        Judged(
            each.kind,
            each.is_attack,
            each.occurrence.person,
            opinion.score,
            opinion.score > limit if opinion.is_flagged is None else opinion.is_flagged,
        )
        for each, opinion in ((payments[number], opinions[number]) for number in tested)
    ]


def _first_rents(payments: Sequence[Labelled], opinions: Sequence[Opinion]) -> list[bool]:
    return [
        bool(opinion.is_flagged)
        for each, opinion in zip(payments, opinions, strict=True)
        if each.occurrence.at < FIRST_MONTH_ENDS
        and each.occurrence.merchant_id.startswith("landlord")
    ]


def _is_tested(labelled: Labelled) -> bool:
    return labelled.occurrence.at >= TEST_BEGINS


def _chart(kind: str, findings: Mapping[str, Findings]) -> Chart:
    curves = [Curve(name, COLOURS[name], list(each.curve(kind))) for name, each in findings.items()]
    return Chart(f"{kind.capitalize()}: recall by false alarms", curves)


if __name__ == "__main__":
    sys.exit(main())
