"""A line chart as SVG, with what went wrong shaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

TICK_COUNT = 4


@dataclass(frozen=True)
class Line:
    name: str
    colour: str
    values: Sequence[float]  # One for every second.


@dataclass(frozen=True)
class Chart:
    title: str
    unit: str
    lines: Sequence[Line]
    shades_s: Sequence[tuple[float, float]]

    @property
    def duration_s(self) -> int:
        return max(len(line.values) for line in self.lines)

    @property
    def top_value(self) -> float:
        return max(1.0, *(max(line.values) for line in self.lines)) * 1.05

    def svg(self) -> str:
        return "\n".join(self._elements()) + "\n"

    def _elements(self) -> Iterator[str]:
        yield from head(self.title)
        yield from self._shades()
        yield from self._axes()
        yield from self._legend()
        for line in reversed(self.lines):  # The first is on top.
            points = " ".join(
                f"{self._x(second + 0.5):.1f},{self._y(value):.1f}"
                for second, value in enumerate(line.values)
            )
            yield (
                f'<polyline points="{points}" fill="none" stroke="{line.colour}" '
                f'stroke-width="1.6" stroke-linejoin="round"/>'
            )
        yield "</svg>"

    def _shades(self) -> Iterator[str]:
        for begins_s, ends_s in self.shades_s:
            left, right = self._x(begins_s), self._x(ends_s)
            yield (
                f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" '
                f'height="{HEIGHT - TOP - BOTTOM}" fill="#eee"/>'
            )

    def _axes(self) -> Iterator[str]:
        bottom = HEIGHT - BOTTOM
        for tick in _ticks(self.top_value):
            y = self._y(tick)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd" stroke-width="0.7"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" {FONT} text-anchor="end">{tick:g}</text>'
        for tick in _ticks(self.duration_s):
            x = self._x(tick)
            yield f'<text x="{x:.1f}" y="{bottom + 16}" {FONT} text-anchor="middle">{tick:g}</text>'
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}" fill="none" stroke="#999"/>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text x="{middle}" y="{HEIGHT - 6}" {FONT} text-anchor="middle">seconds</text>'
        yield upright(self.unit)

    def _legend(self) -> Iterator[str]:
        x = LEFT
        for line in self.lines:
            yield from legend(line.name, line.colour, x)
            x += 44 + 7 * len(line.name)
        yield f'<rect x="{x}" y="34" width="18" height="12" fill="#eee" stroke="#ccc"/>'
        yield f'<text x="{x + 24}" y="44" {FONT}>fault</text>'

    def _x(self, at_s: float) -> float:
        return LEFT + at_s / self.duration_s * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        bottom = HEIGHT - BOTTOM
        return bottom - value / self.top_value * (bottom - TOP)


def _ticks(most: float) -> list[float]:
    """Return round numbers from 0 up to *most*."""
    steps = [base * 10**power for power in range(-1, 6) for base in (1, 2, 5)]
    step = next(each for each in steps if most / each <= 2 * TICK_COUNT)
    return [step * number for number in range(int(most / step) + 1)]
