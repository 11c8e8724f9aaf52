"""The bars of the programme report, drawn by the server like every chart.

The colours of the page come from its style sheet, which wins over the attributes here; on
paper, where an SVG sees no style sheet, the attributes hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from exercises.domain.report_numbers import Outcome

WIDTH, BASE, TALL = 1120, 150.0, 135.0
LEFT = 26.0
GAP = 1.5
OK, LEARN, IDLE = ("bar-ok", "#0b8a68"), ("bar-learn", "#a3358c"), ("bar-idle", "#8a93a3")
LETTERS = SafeString('font-family="Report" font-size="11" fill="#5f6979"')
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000)


def outcome_bars(outcomes: Sequence[Outcome]) -> SafeString:
    """Held, not held and inconclusive runs, stacked, a bar a month."""
    most = max((outcome.total for outcome in outcomes), default=0) or 1
    step = next((s for s in STEPS if s * 3 >= most), STEPS[-1])
    top = step * -(-most // step)
    scale = TALL / top
    slot = (WIDTH - LEFT) / max(1, len(outcomes))
    return format_html(
        '<svg class="csvg" viewBox="0 0 {} 170" role="img" aria-labelledby="oc-t oc-d">'
        '<title id="oc-t">Runs in production per month by outcome</title>'
        '<desc id="oc-d">{}</desc>{}{}</svg>',
        WIDTH,
        "; ".join(_sentence(outcome) for outcome in outcomes if outcome.total)
        or "No run in production.",
        _grid(top, step, scale),
        format_html_join(
            "",
            "{}",
            ((_bar(LEFT + i * slot, slot, outcome, scale),) for i, outcome in enumerate(outcomes)),
        ),
    )


def _sentence(outcome: Outcome) -> str:
    return (
        f"{outcome.month.first_day:%B %Y}: {outcome.held} held, "
        f"{outcome.not_held} not held, {outcome.inconclusive} inconclusive"
    )


def _grid(top: int, step: int, scale: float) -> SafeString:
    rows = ((BASE - n * scale, n) for n in range(0, top + 1, step))
    return format_html_join(
        "",
        '<path class="grid" stroke="#e6e9ef" d="M26 {}H1116"/>'
        '<text x="21" y="{}" {} text-anchor="end">{}</text>',
        ((f"{y:.1f}", f"{y + 3.5:.1f}", LETTERS, n) for y, n in rows),
    )


def _bar(left: float, slot: float, outcome: Outcome, scale: float) -> SafeString:
    width = slot * 0.6
    x = left + (slot - width) / 2
    pieces, y = [], BASE
    for count, css in (
        (outcome.held, OK),
        (outcome.not_held, LEARN),
        (outcome.inconclusive, IDLE),
    ):
        if count:
            tall = count * scale
            pieces.append(
                (*css, f"{x:.1f}", f"{y - tall:.1f}", f"{width:.1f}", f"{tall - GAP:.1f}")
            )
            y -= tall
    return format_html(
        '{}<text x="{}" y="165" {} text-anchor="middle">{}</text>',
        format_html_join(
            "", '<rect class="{}" fill="{}" x="{}" y="{}" width="{}" height="{}"/>', pieces
        ),
        f"{x + width / 2:.1f}",
        LETTERS,
        f"{outcome.month.first_day:%b}",
    )
