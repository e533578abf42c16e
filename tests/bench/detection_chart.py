"""A chart of how much is found for how many false alarms, one line for each judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10

from tests.bench.chart_frame import (
    BOTTOM,
    FONT,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    head,
    legend,
    upright,
)

LEAST, MOST = 1e-5, 1.0  # Of false alarms; the axis goes by powers of ten.
LEGEND_WIDTH = 130


@dataclass(frozen=True)
class Curve:
    name: str
    colour: str
    points: Sequence[tuple[float, float]]  # The share of false alarms, and the recall.


@dataclass(frozen=True)
class Chart:
    title: str
    curves: Sequence[Curve]

    def svg(self) -> str:
        return "\n".join(self._elements()) + "\n"

    def _elements(self) -> Iterator[str]:
        yield from head(self.title)
        yield from self._axes()
        for number, curve in enumerate(self.curves):
            yield from legend(curve.name, curve.colour, LEFT + LEGEND_WIDTH * number)
            yield self._line(curve)
        yield "</svg>"

    def _line(self, curve: Curve) -> str:
        """Draw steps, without those that nobody could see."""
        path, last = [f"M{_x(LEAST):.0f} {_y(0):.0f}"], (-1, -1)
        for false, recall in sorted(curve.points):
            point = (round(_x(false)), round(_y(recall)))
            if point != last:
                path.append(f"H{point[0]}V{point[1]}")
            last = point
        return f'<path d="{"".join(path)}" fill="none" stroke="{curve.colour}" stroke-width="1.6"/>'

    def _axes(self) -> Iterator[str]:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            y = _y(tick)
            yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd" stroke-width="0.7"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" {FONT} text-anchor="end">{tick:.0%}</text>'
        for power in range(round(log10(LEAST)), 1):
            x = _x(10.0**power)
            yield f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd" stroke-width="0.7"/>'
            label = f"{10.0 ** (power + 2):g}%"
            place = (
                f'x="{x:.1f}" y="{bottom + 16}" text-anchor="{"end" if not power else "middle"}"'
            )
            yield f"<text {place} {FONT}>{label}</text>"
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#999"/>'
        yield (
            f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" {FONT} text-anchor="middle">'
            "honest payments that are flagged</text>"
        )
        yield upright("recall")


def _x(share: float) -> float:
    share = max(share, LEAST)
    return LEFT + log10(share / LEAST) / log10(MOST / LEAST) * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    bottom = HEIGHT - BOTTOM
    return bottom - share * (bottom - TOP)
