"""A chart of points over very different sizes: both axes go by powers of ten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from tests.bench.breaker_chart import Line
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

LEGEND_WIDTH = 200
STEPS = (1, 2, 5)  # The lines of the grid in each power of ten.


@dataclass(frozen=True)
class Chart:
    """Some lines.

    Attributes:
        sizes: Where their values are.
    """

    title: str
    unit: str
    sizes: Sequence[int]
    lines: Sequence[Line]

    def svg(self) -> str:
        return "\n".join(self._elements()) + "\n"

    def _elements(self) -> Iterator[str]:
        yield from head(self.title)
        yield from self._axes()
        for number, line in enumerate(self.lines):
            yield from legend(line.name, line.colour, LEFT + LEGEND_WIDTH * number)
            yield from self._line(line)
        yield "</svg>"

    def _line(self, line: Line) -> Iterator[str]:
        points = [
            (self._x(size), self._y(value))
            for size, value in zip(self.sizes, line.values, strict=True)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.6"/>'
        for x, y in points:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>'

    def _axes(self) -> Iterator[str]:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        low, high = self._powers
        for tick in (base * 10.0**power for power in range(low, high + 1) for base in STEPS):
            if tick > 10.0**high:
                break
            y = self._y(tick)
            yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd" stroke-width="0.7"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" {FONT} text-anchor="end">{tick:g}</text>'
        for size in self.sizes:
            x = self._x(size)
            anchor = "end" if size == self.sizes[-1] else "middle"
            place = f'x="{x:.1f}" y="{bottom + 16}" text-anchor="{anchor}"'
            yield f"<text {place} {FONT}>{size:,}</text>"
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#999"/>'
        middle = (LEFT + right) / 2
        yield (
            f'<text x="{middle}" y="{HEIGHT - 6}" {FONT} text-anchor="middle">'
            "payments in the window</text>"
        )
        yield upright(self.unit)

    @property
    def _powers(self) -> tuple[int, int]:
        values = [value for line in self.lines for value in line.values]
        return floor(log10(min(values))), ceil(log10(max(values)))

    def _x(self, size: int) -> float:
        begin, end = log10(self.sizes[0]), log10(self.sizes[-1])
        return LEFT + (log10(size) - begin) / (end - begin) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        (low, high), bottom = self._powers, HEIGHT - BOTTOM
        return bottom - (log10(value) - low) / (high - low) * (bottom - TOP)
