"""A line chart as SVG, with what went wrong shaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 60, 40
TICK_COUNT = 4
FONT = 'font-family="sans-serif" font-size="12" fill="#333"'


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
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img">'
        )
        yield f"<title>{escape(self.title)}</title>"
        yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        yield f'<text x="{LEFT}" y="20" {FONT} font-weight="bold">{escape(self.title)}</text>'
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
        yield (
            f'<text transform="translate(14 {(TOP + bottom) / 2}) rotate(-90)" {FONT} '
            f'text-anchor="middle">{escape(self.unit)}</text>'
        )

    def _legend(self) -> Iterator[str]:
        x = LEFT
        for line in self.lines:
            yield f'<path d="M{x} 40h18" stroke="{line.colour}" stroke-width="3"/>'
            yield f'<text x="{x + 24}" y="44" {FONT}>{escape(line.name)}</text>'
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
