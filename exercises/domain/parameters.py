"""What a template asks for, what people answer, and the filling of its placeholders.

A template's document holds "{{name}}" where a value goes. Called by queries.plans,
services.catalogue and domain.generators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from exercises.domain.errors import Invalid
from exercises.domain.places import is_zone_id
from exercises.domain.plans import JsonObject

Kind = Literal["text", "int", "minutes", "choice", "az", "list"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
NUMBERS: Final = frozenset({"int", "minutes"})
MAX_PARAMETERS: Final = 20
MAX_TEXT: Final = 200
MAX_ITEMS: Final = 20

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_AZ: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9][a-z]")
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UNITS: Final = {"min": "minutes", "s": "seconds", "h": "hours"}


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One question of a template. Bounds are for numbers, choices for "choice"."""

    name: str
    label: str
    kind: Kind
    default: object = None
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""


def specs_from_json(schema: Sequence[Mapping[str, object]]) -> tuple[ParameterSpec, ...]:
    """Read a template's parameters. Raises Invalid with fields like `parameters[0].kind`."""
    if len(schema) > MAX_PARAMETERS:
        raise Invalid("parameters", f"at most {MAX_PARAMETERS} parameters")
    problems: list[tuple[str, str]] = []
    specs: list[ParameterSpec] = []
    for index, entry in enumerate(schema):
        found = _entry_problems(entry, {spec.name for spec in specs})
        problems += [(f"parameters[{index}].{field}", text) for field, text in found]
        if not found:
            spec = _spec(entry)
            specs.append(spec)
            if spec.default not in (None, "", ()):
                _, problem = _read(spec, spec.default)
                if problem:
                    problems.append((f"parameters[{index}].default", problem))
    if problems:
        raise Invalid.of(problems)
    return tuple(specs)


def clean(specs: Sequence[ParameterSpec], raw: Mapping[str, object]) -> dict[str, object]:
    """The values to fill in. Raises Invalid that names every `parameters.<name>` at fault."""
    known = {spec.name for spec in specs}
    problems = [
        (f"parameters.{name}", "is no parameter of this template") for name in raw.keys() - known
    ]
    values: dict[str, object] = {}
    for spec in specs:
        given = raw.get(spec.name)
        if given in (None, "", []):
            given = spec.default
        if given in (None, "", [], ()):
            if spec.required:
                problems.append((f"parameters.{spec.name}", _wanted(spec)))
            continue
        values[spec.name], problem = _read(spec, given)
        if problem:
            problems.append((f"parameters.{spec.name}", problem))
    if problems:
        raise Invalid.of(sorted(problems))
    return values


def fill(definition: JsonObject, values: Mapping[str, object]) -> dict[str, object]:
    """The document with every placeholder replaced.

    A placeholder that is a whole string keeps the type of its value; within a longer string
    it becomes text. Raises Invalid that names the place of each one that has no value.
    """
    problems: list[tuple[str, str]] = []
    filled = _filled(definition, values, "", problems)
    if problems:
        raise Invalid.of(problems)
    return cast("dict[str, object]", filled)


def _filled(
    value: object, values: Mapping[str, object], path: str, problems: list[tuple[str, str]]
) -> object:
    if isinstance(value, str):
        return _filled_text(value, values, path, problems)
    if isinstance(value, Mapping):
        problems += [
            (path or name, f"“{name}”: a key takes no placeholder")
            for name in value
            if "{{" in name
        ]
        return {
            name: _filled(item, values, f"{path}.{name}" if path else name, problems)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _filled(item, values, f"{path}[{index}]", problems) for index, item in enumerate(value)
        ]
    return value


def _filled_text(
    text: str, values: Mapping[str, object], path: str, problems: list[tuple[str, str]]
) -> object:
    names = _PLACEHOLDER.findall(text)
    unknown = [name for name in names if values.get(name) is None]
    if unknown:
        problems += [(path, f"{{{{{name}}}}} has no value") for name in unknown]
        return text
    if "{{" in _PLACEHOLDER.sub("", text):
        problems.append((path, "a placeholder is written {{name}}"))
        return text
    if len(names) == 1 and _PLACEHOLDER.fullmatch(text):
        return values[names[0]]
    return _PLACEHOLDER.sub(lambda match: _as_text(values[match[1]]), text)


def _as_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def _read(spec: ParameterSpec, given: object) -> tuple[object, str]:
    """The value as its kind, and what is wrong with it if something is."""
    if spec.kind in NUMBERS:
        text = str(given).strip()
        is_whole = not isinstance(given, bool | float) and _WHOLE.fullmatch(text)
        if not is_whole or not _within(spec, int(text)):
            return None, _wanted(spec)
        return int(text), ""
    if spec.kind == "list":
        items = _items(given)
        if not 1 <= len(items) <= MAX_ITEMS or not all(_is_plain(item) for item in items):
            return None, f"1 to {MAX_ITEMS} entries of at most {MAX_TEXT} characters"
        return items, ""
    text = given.strip() if isinstance(given, str) else ""
    if spec.kind == "choice":
        return text, "" if text in spec.choices else _wanted(spec)
    if spec.kind == "az":
        return text, "" if is_zone_id(text) or _AZ.fullmatch(text) else _wanted(spec)
    return text, "" if text and _is_plain(text) else _wanted(spec)


def _items(given: object) -> list[str]:
    if isinstance(given, str):
        return [item.strip() for item in re.split(r"[,\n]", given) if item.strip()]
    if isinstance(given, list | tuple) and all(isinstance(item, str) for item in given):
        return [item.strip() for item in given]
    return []


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= MAX_TEXT and text.isprintable() and "{{" not in text


def _within(spec: ParameterSpec, number: int) -> bool:
    low = number if spec.minimum is None else spec.minimum
    high = number if spec.maximum is None else spec.maximum
    return low <= number <= high


def _wanted(spec: ParameterSpec) -> str:
    """What would be right, for people."""
    if spec.kind == "choice":
        return "one of " + ", ".join(spec.choices)
    if spec.kind == "az":
        return "an Availability Zone, for instance euc1-az2 or eu-central-1a"
    if spec.kind not in NUMBERS:
        return f"up to {MAX_TEXT} characters on one line"
    unit = "minutes" if spec.kind == "minutes" else _UNITS.get(spec.unit, spec.unit)
    low, high = spec.minimum, spec.maximum
    if low is not None and high is not None:
        bounds = f"{low} to {high}"
    elif low is not None:
        bounds = f"at least {low}"
    elif high is not None:
        bounds = f"at most {high}"
    else:
        bounds = "a whole number"
        return f"{bounds} of {unit}" if unit else bounds
    return f"{bounds} {unit}".strip()


def _entry_problems(entry: Mapping[str, object], taken: Iterable[str]) -> list[tuple[str, str]]:
    name, kind = entry.get("name"), entry.get("kind")
    strangers = entry.keys() - set(ParameterSpec.__dataclass_fields__)
    problems = [(key, "is no property of a parameter") for key in sorted(strangers)]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        problems.append(("name", "lower-case letters, digits and _; at most 40 characters"))
    elif name in taken:
        problems.append(("name", f"“{name}” is there twice"))
    if kind not in KINDS:
        problems.append(("kind", "one of " + ", ".join(KINDS)))
    for key in ("label", "unit", "help"):
        text = entry.get(key, "")
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            problems.append((key, f"text of at most {MAX_TEXT} characters"))
    if not isinstance(entry.get("required", False), bool):
        problems.append(("required", "true or false"))
    problems += _bound_problems(entry, kind)
    choices = entry.get("choices", [])
    if not isinstance(choices, list | tuple) or not all(isinstance(c, str) for c in choices):
        problems.append(("choices", "a list of texts"))
    elif (kind == "choice") is not bool(choices):
        problems.append(("choices", "for the kind “choice”, which needs at least one"))
    return problems


def _bound_problems(entry: Mapping[str, object], kind: object) -> list[tuple[str, str]]:
    bounds = {key: entry.get(key) for key in ("minimum", "maximum")}
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    wrong = [key for key, n in given.items() if not isinstance(n, int) or isinstance(n, bool)]
    if wrong:
        return [(key, "a whole number") for key in wrong]
    if given and str(kind) not in NUMBERS:
        return [(key, "only for the kinds int and minutes") for key in given]
    low, high = cast("int | None", bounds["minimum"]), cast("int | None", bounds["maximum"])
    if low is not None and high is not None and low > high:
        return [("minimum", "not above the maximum")]
    if kind == "minutes" and low is not None and low < 0:
        return [("minimum", "not below 0")]
    return []


def _spec(entry: Mapping[str, object]) -> ParameterSpec:
    values = dict(entry)
    values["choices"] = tuple(cast("Sequence[str]", values.get("choices", ())))
    values.setdefault("label", str(values["name"]).replace("_", " ").capitalize())
    return ParameterSpec(**values)  # type: ignore[arg-type]
