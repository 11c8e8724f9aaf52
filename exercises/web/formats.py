"""How durations, times and numbers are written, the same on every page.

Called by the template tags and by the charts. Times come in aware and leave in the zone of
the exercise, so that everyone in the room reads the same clock.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exercises.domain.durations import in_words, iso_seconds
from exercises.domain.errors import Invalid

Number = int | float
MISSING = "unknown"
_SETTINGS = {
    "account_id": "Account",
    "engine": "Engine",
    **{f"expected_alarms[{n}]": f"Alarm {n + 1} that should fire" for n in range(5)},
    "hypothesis": "Hypothesis",
    "recheck_after_min": "Checked again, after the end of the fault",
    "region": "Region",
    "rung": "Blast radius",
    "slot_offset_s": "Slot, from the start of its wave",
    "target_cap": "Resources at most",
    "window[0]": "Window from",
    "window[1]": "Window until",
}


def seconds_of(span: Number | timedelta) -> int:
    """Whole seconds, rounded down: a clock never shows a second that has not passed."""
    return int(span.total_seconds() if isinstance(span, timedelta) else span)


def mmss(span: Number | timedelta) -> str:
    """14:32, or 1:02:05 from one hour on; a leading minus before the zero point."""
    total = seconds_of(span)
    sign, total = ("-", -total) if total < 0 else ("", total)
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02d}:{seconds:02d}"
    return f"{sign}{hours}:{tail}" if hours else sign + tail


def duration(span: Number | timedelta) -> str:
    """14 m 32 s; at most two units, the largest first."""
    return in_words(seconds_of(span))


def ago(moment: datetime, now: datetime) -> str:
    """just now, 5 min ago, 2 h ago, 3 d ago: an age, in its largest unit."""
    seconds = max(0, seconds_of(now - moment))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def minutes(span: Number | timedelta) -> str:
    """30 min; 90 s when it is not a whole number of minutes."""
    total = seconds_of(span)
    return f"{total // 60} min" if total % 60 == 0 else duration(total)


def _local(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return moment.astimezone(ZoneInfo(zone))


def clock(moment: datetime, zone: str) -> str:
    return f"{_local(moment, zone):%H:%M}"


def clock_s(moment: datetime, zone: str) -> str:
    return f"{_local(moment, zone):%H:%M:%S}"


def day(moment: datetime, zone: str) -> str:
    """Wed 18 Nov."""
    local = _local(moment, zone)
    return f"{local:%a} {local.day} {local:%b}"


def long_day(moment: datetime, zone: str) -> str:
    """Wednesday 18 November 2026."""
    local = _local(moment, zone)
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def stamp(moment: datetime, zone: str) -> str:
    """Wed 18 Nov, 10:14 CET: for places where the reader may be in another zone."""
    local = _local(moment, zone)
    return f"{day(moment, zone)}, {local:%H:%M} {local.tzname()}"


def until(starts: datetime, ends: datetime, zone: str) -> str:
    """16:00, or Thu 19 Nov, 01:40 where a window ends on another day than it begins."""
    if _local(starts, zone).date() == _local(ends, zone).date():
        return clock(ends, zone)
    return f"{day(ends, zone)}, {clock(ends, zone)}"


def number(value: Number | None) -> str:
    """Four figures at most, with k from 10,000 and M from a million; None is unknown."""
    if value is None:
        return MISSING
    size = abs(value)
    if size >= 1_000_000:
        return f"{_figures(value / 1_000_000)} M"
    if size >= 10_000:
        return f"{_figures(value / 1_000)} k"
    return _figures(value)


def _figures(value: Number) -> str:
    size = abs(value)
    decimals = 0 if size >= 1_000 else 1 if size >= 100 else 2
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measure(value: Number | None, unit: str = "") -> str:
    """99.82 %, 206 ms, 4.11 M. A unit that is a plain count has no name."""
    if value is None:
        return MISSING
    return f"{number(value)} {unit}" if unit else number(value)


def setting(path: str) -> str:
    """The place of a value in a plan, for people: "target_cap" is Resources at most."""
    if path in _SETTINGS:
        return _SETTINGS[path]
    probe = re.fullmatch(r"steady_state\[(\d+)\](?:\.(.+))?", path)
    if probe:
        return f"Probe {int(probe[1]) + 1}, {(probe[2] or 'all of it').replace('_', ' ')}"
    part = re.fullmatch(r"definition\.(action|target)s\.([^.]+)(?:\.(?:parameters\.)?(.+))?", path)
    if part:
        return f"{part[1].capitalize()} {part[2]}, {_spelled(part[3] or 'all of it')}"
    held = re.fullmatch(r"definition\.parameters\[(\d+)\](?:\.(.+))?", path)
    if held:
        rest = f", {_spelled(held[2])}" if held[2] else ""
        return f"Parameter {int(held[1]) + 1}{rest}"
    hit = re.fullmatch(r"definition\.targetAccountConfigurations\[(\d+)\](?:\.(.+))?", path)
    if hit:
        return f"Account {int(hit[1]) + 1} of those it hits, {_spelled(hit[2] or 'all of it')}"
    condition = re.match(r"definition\.stopConditions\[(\d+)\]", path)
    if condition:
        return f"Stop condition {int(condition[1]) + 1}"
    return _spelled(path.removeprefix("definition."))


def _spelled(path: str) -> str:
    """startInstancesAfterDuration is start instances after duration; a dot is a slash."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.replace("_", " "))
    return " / ".join(f"{name[:1].lower()}{name[1:]}" for name in words.lower().split("."))


def setting_value(value: object, path: str, zone: str) -> str:
    """What a setting of a plan was or is, for people: PT5M is 5 min, True is yes."""
    if value is None:
        return "not there"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ([], {}, ""):
        return "empty"
    if path.startswith("window["):
        return stamp(datetime.fromisoformat(str(value)), zone)
    if path == "recheck_after_min":
        return f"{value} min"
    if path == "slot_offset_s" or path.endswith(".grace_s"):
        return duration(float(str(value)))
    if isinstance(value, str) and re.fullmatch(r"P(\d+D)?(T[\dHMS]+)?", value):
        try:
            return minutes(iso_seconds(value))
        except Invalid:
            return value
    return str(value)
