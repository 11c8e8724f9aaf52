"""A file that says how things are to be: its form, read with every error by its place.

Each thing is written in full; what is left out has its default. What the file does not name is
not touched. Used by services.desired_state; queries.desired_state writes the same form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from exercises.domain.architecture_tags import read_tags
from exercises.domain.canonical_json import canonical_bytes, whole_number
from exercises.domain.digest import Change, changes
from exercises.domain.errors import Invalid
from exercises.domain.objectives import LONGEST_S
from exercises.domain.policy import ENVIRONMENTS
from exercises.domain.template_entry import FORMAT as TEMPLATE_FORMAT
from exercises.domain.template_entry import entry_document, read_entry

FORMAT: Final = "chaosplane-state/1"
LISTS: Final = ("templates", "applications", "schedules", "freezes")
KINDS: Final = (*LISTS, "policy")
"""In the order in which they are carried out."""

MOST_THINGS: Final = 500
MAX_FILE_BYTES: Final = 1_048_576

Fields = Mapping[str, object]
Read = Callable[[object], object]
Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing as it is to be. `path` is its place in the file, empty where it stands alone."""

    kind: str
    path: str
    key: str
    fields: Fields

    def within(self, problems: Problems | tuple[tuple[str, str], ...]) -> Problems:
        """Problems of its fields, by their places in the file."""
        return [(f"{self.path}.{name}" if self.path else name, text) for name, text in problems]


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read, what it is when it is left out, and its JSON schema for readers."""

    read: Read
    shape: Mapping[str, object]
    default: object = None
    is_needed: bool = False


def read_state(document: object) -> list[Wanted]:
    """Everything a file names, in the order of KINDS. Raises Invalid with every problem."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise Invalid("format", f"a file of this kind is an object that says {FORMAT}")
    problems: Problems = [
        (str(name), "is no part of such a file: " + ", ".join(("format", *KINDS)))
        for name in document.keys() - {"format", *KINDS}
    ]
    found: list[Wanted] = []
    for kind in LISTS:
        rows = document.get(kind, [])
        if not isinstance(rows, list) or len(rows) > MOST_THINGS:
            problems.append((kind, f"a list of at most {MOST_THINGS}"))
            continue
        _gather(kind, rows, found, problems)
    if "policy" in document:
        _add(found, problems, "policy", document["policy"], "policy")
    if problems:
        raise Invalid.of(sorted(problems))
    return found


def read_one(kind: str, key: str, document: object) -> Wanted:
    """One thing that stands alone; its key comes from its address. Raises Invalid."""
    name = KEY_OF.get(kind)
    if name and isinstance(document, Mapping):
        if document.get(name, key) != key:
            raise Invalid(name, f"stays “{key}”, as in the address; leave it out")
        document = {**document, name: key}
    wanted = _wanted(kind, document, "")
    if name and wanted.key != key:
        raise Invalid(name, f"is “{wanted.key}”, without blanks around it; so in the address, too")
    return wanted


def differences(before: Fields, after: Fields) -> list[Change]:
    """Every leaf that differs; none when both mean the same."""
    if canonical_bytes(dict(before)) == canonical_bytes(dict(after)):
        return []
    return changes(before, after)


def instant(moment: datetime) -> str:
    """The one form in which the file has an instant."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _gather(kind: str, rows: list[object], found: list[Wanted], problems: Problems) -> None:
    at: dict[str, str] = {}
    for index, row in enumerate(rows):
        path = f"{kind}[{index}]"
        wanted = _add(found, problems, kind, row, path)
        if wanted is None:
            continue
        if wanted.key in at:
            problems.append((f"{path}.{KEY_OF[kind]}", f"is the same as that of {at[wanted.key]}"))
        at[wanted.key] = path


def _add(
    found: list[Wanted], problems: Problems, kind: str, document: object, path: str
) -> Wanted | None:
    try:
        wanted = _wanted(kind, document, path)
    except Invalid as error:
        problems += [(f"{path}.{name}" if name else path, text) for name, text in error.problems]
        return None
    found.append(wanted)
    return wanted


def _wanted(kind: str, document: object, path: str) -> Wanted:
    if not isinstance(document, Mapping):
        raise Invalid("", "must be an object")
    fields = _template(document) if kind == "templates" else _fields(document, FIELDS[kind])
    return Wanted(kind, path, str(fields[KEY_OF[kind]]) if kind in KEY_OF else "", fields)


def _template(document: Fields) -> Fields:
    """As a file of one template holds it; its digest, if there is one, must be right."""
    if document.get("format", TEMPLATE_FORMAT) != TEMPLATE_FORMAT:
        raise Invalid("format", f"is {TEMPLATE_FORMAT} in a template, or left out")
    entry = read_entry({**document, "format": TEMPLATE_FORMAT})
    if not entry.slug:
        raise Invalid("slug", "is missing")
    trimmed = {
        name: getattr(entry, name).strip() for name in ("name", "summary", "hypothesis", "notes")
    }
    return template_fields(entry_document(dataclasses.replace(entry, **trimmed)))


def template_fields(document: Fields) -> dict[str, object]:
    """Of the file of one template, what a file of many has of it."""
    return {name: value for name, value in document.items() if name not in {"format", "digest"}}


def _fields(document: Fields, known: Mapping[str, Field]) -> Fields:
    problems: Problems = [
        (str(name), "is no field here: " + ", ".join(known)) for name in document.keys() - known
    ]
    found: dict[str, object] = {}
    for name, field in known.items():
        if name not in document:
            found[name] = field.default
            if field.is_needed:
                problems.append((name, "is missing"))
            continue
        try:
            found[name] = field.read(document[name])
        except Invalid as error:
            problems += [(name + error.problems[0][0], error.problems[0][1])]
    if problems:
        raise Invalid.of(sorted(problems))
    return found


def _text(longest: int, *, is_needed: bool = False) -> Field:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Invalid("", "must be text; put it in quotes")
        text = value.strip()
        if len(text) > longest or (is_needed and not text):
            least = "1 to" if is_needed else "at most"
            raise Invalid("", f"{least} {longest:,} characters")
        return text

    shape: dict[str, object] = {"type": "string", "maxLength": longest}
    if is_needed:
        shape |= {"minLength": 1, "pattern": r"\S"}
    return Field(read, shape, "", is_needed=is_needed)


def _whole(least: int, most: int, default: int | None = None, *, is_needed: bool = False) -> Field:
    def read(value: object) -> int | None:
        if value is None and default is None and not is_needed:
            return None
        number = whole_number(value)
        if number is None or not least <= number <= most:
            raise Invalid("", f"a whole number from {least:,} to {most:,}")
        return number

    kinds = ["integer"] if is_needed or default is not None else ["integer", "null"]
    shape = {"type": kinds, "minimum": least, "maximum": most}
    return Field(read, shape, default, is_needed=is_needed)


def _percent(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 100:
        raise Invalid("", "a number above 0 and below 100, or null")
    return value


def _names(value: object) -> list[str]:
    """Each once, in one order: as a set, for who compares."""
    if not isinstance(value, list) or len(value) > MOST_THINGS:
        raise Invalid("", f"a list of at most {MOST_THINGS} texts")
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise Invalid(f"[{index}]", "must be text; put it in quotes")
    return sorted(set(cast("list[str]", value)))


def _tags(value: object) -> list[str]:
    try:
        return read_tags(_names(value))
    except Invalid as error:
        raise Invalid("", error.problems[0][1]) from error


def _local(value: object) -> str:
    """A time on the clock of the schedule's zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.microsecond:
        raise Invalid("", "a local time without offset, such as 2026-12-31T09:30")
    return found.isoformat(timespec="seconds")


def _instant(value: object) -> str:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is not None and found.tzinfo is not None:
            return instant(found)
    except (ValueError, OverflowError):
        pass
    raise Invalid("", "a time with its offset, such as 2026-12-31T09:30Z")


def _object(value: object) -> Fields:
    if not isinstance(value, Mapping):
        raise Invalid("", "must be an object")
    return value


_SET: Final = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_THINGS}
_TAGS: Final = Field(_tags, _SET, [])
_NAMES: Final = Field(_names, _SET, [])
_ENVIRONMENTS: Final = Field(
    _names, {"type": "array", "items": {"type": "string", "enum": list(ENVIRONMENTS)}}, []
)
_INSTANT: Final = Field(_instant, {"type": "string", "format": "date-time"}, "", is_needed=True)
_LOCAL: Final = Field(
    _local,
    {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$"},
    "",
    is_needed=True,
)

KEY_OF: Final = {
    "templates": "slug", "applications": "slug", "schedules": "slug", "freezes": "name",
}  # fmt: skip

FIELDS: Final[Mapping[str, Mapping[str, Field]]] = {
    "applications": {
        "slug": _text(50, is_needed=True),
        "name": _text(120, is_needed=True),
        "team": _text(50, is_needed=True),
        "tier": _whole(1, 3, 2),
        "runbook_url": _text(200),
        "dashboard_url": _text(200),
        "slo_percent": Field(
            _percent, {"type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 100}
        ),
        "rto_s": _whole(0, LONGEST_S),
        "rpo_s": _whole(0, LONGEST_S),
        "architecture_tags": _TAGS,
        "depends_on": _NAMES,
    },
    "schedules": {
        "slug": _text(60, is_needed=True),
        "programme": _text(50, is_needed=True),
        "rrule": _text(200, is_needed=True),
        "timezone": _text(64, is_needed=True),
        "local_start": _LOCAL,
        "duration_s": _whole(60, 24 * 3600, is_needed=True),
        "region": _text(32, is_needed=True),
        "az": _text(32),
        "horizon_days": _whole(1, 366, 60),
    },
    "freezes": {
        "name": _text(120, is_needed=True),
        "reason": _text(500),
        "starts_at": _INSTANT,
        "ends_at": _INSTANT,
        "environments": _ENVIRONMENTS,
        "accounts": _NAMES,
        "teams": _NAMES,
    },
    "policy": {
        "rules": Field(_object, {"type": "object"}, {}, is_needed=True),
        "reason": _text(1000),
    },
}
