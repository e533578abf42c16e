"""What all charts as SVG have in common: their size, their title, and how they name a line."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 60, 40
FONT = 'font-family="sans-serif" font-size="12" fill="#333"'


def head(title: str) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    yield f'<text x="{LEFT}" y="20" {FONT} font-weight="bold">{escape(title)}</text>'


def legend(name: str, colour: str, x: int) -> Iterator[str]:
    yield f'<path d="M{x} 40h18" stroke="{colour}" stroke-width="3"/>'
    yield f'<text x="{x + 24}" y="44" {FONT}>{escape(name)}</text>'


def upright(text: str) -> str:
    """Name the axis on the left."""
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return (
        f'<text transform="translate(14 {middle}) rotate(-90)" {FONT} '
        f'text-anchor="middle">{escape(text)}</text>'
    )
