"""The charts of a report, as SVG within the page; its style sheet gives them their colors."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from .distributions import Distribution

__all__ = ["bars", "histogram"]

_WIDTH, _HEIGHT = 240, 48
_LINE, _LEFT, _RIGHT = 22, 110, 420  # of bars: height of a line, where they begin, where the longest ends


def bars(values: Mapping[str, float]) -> str:
    """A horizontal bar for each value, with its name before and its number behind."""
    top = max(values.values(), default=0) or 1
    total = sum(values.values()) or 1
    lines = []
    for n, (name, value) in enumerate(values.items()):
        y, width = n * _LINE, (_RIGHT - _LEFT) * value / top
        lines.append(
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 3}" width="{width:.1f}" height="{_LINE - 6}"/>'
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 15}">{value:.1f} s, {value / total:.0%}</text>'
        )
    size = f'viewBox="0 0 {_RIGHT + 110} {len(values) * _LINE}"'
    return f'<svg class="bars" role="img" aria-label="Seconds per stage" {size}>{"".join(lines)}</svg>'


def histogram(found: Distribution) -> str:
    """Bars without labels, a band between the quartiles and a line at the median."""
    width = _WIDTH // len(found.counts)
    top = max(found.counts)
    steps = "".join(f"V{_HEIGHT - round(_HEIGHT * n / top)}h{width}" for n in found.counts)
    band = median = ""
    if found.low < found.high:
        scale = _WIDTH / (found.high - found.low)
        q1, middle, q3 = (scale * (value - found.low) for value in found.quantiles[1:4])
        band = f'<rect x="{q1:.0f}" width="{q3 - q1:.0f}" height="{_HEIGHT}"/>'
        median = f'<path class="m" d="M{middle:.0f} 0V{_HEIGHT}"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'{band}<path d="M0 {_HEIGHT}{steps}V{_HEIGHT}z"/>{median}</svg>'
    )
