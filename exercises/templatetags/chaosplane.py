"""The template tags of every page: icons, pills, meters, times and numbers.

`{% load chaosplane %}`. What a state looks like is in `web.looks`, how a value is written in
`web.formats`, what is drawn in `web.charts`; this file only hands them to templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exercises.domain.blast_radius import Rung
from exercises.domain.capacities import label as capacity_label
from exercises.domain.failure_families import words_of
from exercises.web import charts, formats
from exercises.web.looks import LOOKS, PULSE, SEVERITIES
from exercises.web.navigation import is_within

register = template.Library()

register.filter("mmss", formats.mmss)
register.filter("duration", formats.duration)
register.filter("minutes", formats.minutes)
register.filter("ago", formats.ago)
register.filter("number", formats.number)
register.filter("measure", formats.measure)
register.filter("setting", formats.setting)
register.filter("capacity", capacity_label)
register.filter("failure", words_of)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """{% icon "stop" "tone-danger" %}: decoration beside a word, so hidden from readers."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#i-{}"></use></svg>',
        css,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def pill(key: str, words: str = "") -> SafeString:
    """{% pill run.state %}, {% pill "ok" "4 of 4 inside" %}: icon and word, never colour alone."""
    look = LOOKS.get(str(key))
    if look is None:
        raise KeyError(f"no look for the state {key!r}: add it to exercises.web.looks")
    if look.icon == PULSE:
        mark = SafeString('<span class="pulse" aria-hidden="true"></span>')
    else:
        mark = icon(look.icon)
    return format_html('<span class="pill {}">{}{}</span>', look.css, mark, words or look.words)


@register.simple_tag
def blast(size: int) -> SafeString:
    """{% blast 3 %}: five boxes and the words."""
    return format_html(
        '<span class="blast">{}<span><span class="sr">Blast radius </span>{}</span></span>',
        charts.steps(size, of=5),
        Rung(int(size)).words,
    )


@register.simple_tag
def severity(level: int) -> SafeString:
    """{% severity 3 %} is High, 1 is Low."""
    return format_html(
        '<span class="sev sev-{}">{}{}</span>',
        4 - int(level),
        charts.rising_steps(level, of=3),
        SEVERITIES[int(level)],
    )


@register.filter
def state_word(key: str) -> str:
    """{{ run.verdict|state_word }}: the word of a pill alone."""
    return LOOKS[key].words


@register.filter
def severity_word(level: int) -> str:
    """{{ 3|severity_word }} is High: where the mark has no place, as on paper."""
    return SEVERITIES[int(level)]


@register.simple_tag
def meter(percent: float, css: str = "m", label: str = "") -> SafeString:
    """{% meter 48.4 %} beside a text that says the same; with a label where it stands alone."""
    return charts.meter(percent, css=css, label=label)


@register.simple_tag
def spark(values: Sequence[float], label: str = "") -> SafeString:
    """{% spark counts %} beside the number itself; nothing where there is no line to draw."""
    return charts.sparkline(values, label=label) if len(values) > 1 else SafeString("")


@register.simple_tag
def caldate(moment: datetime, zone: str = "") -> SafeString:
    """{% caldate exercise.starts_at exercise.timezone %}: 18 over Nov, as in a calendar."""
    weekday_day_month = formats.day(moment, _zone(zone)).split()
    return format_html(
        '<span class="cald"><b>{}</b>{}</span>', weekday_day_month[1], weekday_day_month[2]
    )


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The control of a form field in our look; Django adds the ids of hint and errors."""
    return field.as_widget(attrs={} if field.widget_type == "checkbox" else {"class": "input"})


@register.simple_tag(takes_context=True)
def nav_link(context: Context, href: str, label: str, count: Any = None) -> SafeString:
    """A link of .tabs that knows when it is the page one is on."""
    request = context.get("request")
    current = request is not None and (request.path == href or is_within(request.path, href))
    hot = format_html(' <span class="count">{}</span>', count) if count else SafeString("")
    mark = SafeString(' aria-current="page"') if current else SafeString("")
    return format_html('<a href="{}"{}>{}{}</a>', href, mark, label, hot)


@register.simple_tag
def when(moment: datetime | None, zone: str = "", style: str = "stamp") -> SafeString:
    """{% when run.started_at exercise.timezone "clock_s" %}: a <time> in the exercise's zone."""
    if moment is None:
        return SafeString("")
    write = {"clock": clock, "clock_s": clock_s, "day": day, "stamp": stamp}[style]
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), write(moment, zone))


@register.simple_tag
def setting_value(value: object, path: str, zone: str = "") -> str:
    """{% setting_value change.before change.path %}: one side of a difference, in words."""
    return formats.setting_value(value, path, _zone(zone))


def _zone(zone: str) -> str:
    return zone or timezone.get_current_timezone_name()


@register.filter
def clock(moment: datetime | None, zone: str = "") -> str:
    return formats.clock(moment, _zone(zone)) if moment else ""


@register.filter
def clock_s(moment: datetime | None, zone: str = "") -> str:
    return formats.clock_s(moment, _zone(zone)) if moment else ""


@register.filter
def day(moment: datetime | None, zone: str = "") -> str:
    return formats.day(moment, _zone(zone)) if moment else ""


@register.filter
def long_day(moment: datetime | None, zone: str = "") -> str:
    return formats.long_day(moment, _zone(zone)) if moment else ""


@register.filter
def stamp(moment: datetime | None, zone: str = "") -> str:
    return formats.stamp(moment, _zone(zone)) if moment else ""


@register.simple_tag
def until(starts: datetime, ends: datetime, zone: str) -> str:
    """{% until e.starts_at e.ends_at e.timezone %}: after the begin and "to"."""
    return formats.until(starts, ends, _zone(zone))
