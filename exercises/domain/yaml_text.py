"""YAML with one meaning: the JSON values of YAML 1.2's core schema, and a JSON value as YAML.

What two readers could understand differently, and what could make a short text a huge value, is
refused: aliases, tags, doubled keys, numbers with leading zeros. Used by api.desired_state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml

from exercises.domain.canonical_json import parse_strict
from exercises.domain.errors import Invalid

MAX_DEPTH: Final = 40
LONGEST_NUMBER: Final = 40
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it was built
_WORDS: Final[dict[str, object]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNCLEAR: Final = re.compile(
    r"[-+]?0[0-9]+|0[xob][0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def read_yaml(text: bytes, *, field: str = "body", max_bytes: int = 262_144) -> object:
    """One document as a JSON value. Raises Invalid that says what is wrong and in which line."""
    if len(text) > max_bytes:
        raise Invalid(field, f"at most {max_bytes:,} bytes; this is {len(text):,}")
    try:
        typed = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(field, "not UTF-8 text") from error
    value = _Document(typed, field).read()
    # The same rules for text and numbers as for JSON, which may be longer for its brackets.
    return parse_strict(json.dumps(value), field=field, max_bytes=12 * max_bytes)


def write_yaml(value: object) -> str:
    """A JSON value as YAML that `read_yaml` and any other reader takes for the same value."""
    written: str = yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100)
    return written


class _Document:
    """Builds the value from the parser's events, which hold nothing that was not written out."""

    def __init__(self, text: str, field: str) -> None:
        self._field = field
        self._events = self._parsed(text)

    def read(self) -> object:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise Invalid(self._field, "not YAML: nothing there")
        value = self._value(next(self._events), 1)
        next(self._events)
        if not isinstance(last := next(self._events), yaml.StreamEndEvent):
            self._refuse(last, "one document only")
        return value

    def _parsed(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            raise Invalid(self._field, f"not YAML: {error.problem}{where}") from error
        except yaml.YAMLError as error:
            raise Invalid(self._field, f"not YAML: {str(error).splitlines()[0]}") from error

    def _value(self, event: yaml.Event, depth: int) -> object:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, "& and * are not read: write it out where it belongs")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "tags (!) are not read")
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            return self._plain(event) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(depth)
        return self._object(depth)

    def _list(self, depth: int) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._value(event, depth + 1)
            if not isinstance(name, str):
                self._refuse(event, f"a key must be text; put {name!s:.40} in quotes")
            if name in found:
                self._refuse(event, f"the key “{name}” is there twice in one object")
            found[name] = self._value(next(self._events), depth + 1)
        return found

    def _plain(self, event: yaml.ScalarEvent) -> object:
        text = event.value
        if _UNCLEAR.fullmatch(text):
            self._refuse(event, f"readers differ about {text[:40]}; put it in quotes if it is text")
        if _NUMBER.fullmatch(text):
            if len(text) > LONGEST_NUMBER:
                self._refuse(event, f"a number has at most {LONGEST_NUMBER} characters")
            return int(text) if _WHOLE.fullmatch(text) else float(text)
        return _WORDS.get(text, text)

    def _refuse(self, event: yaml.Event, problem: str) -> NoReturn:
        where = f" (line {event.start_mark.line + 1})" if event.start_mark else ""
        raise Invalid(self._field, f"not read: {problem}{where}")


class _Writer(yaml.SafeDumper):
    """Quotes what any reader, of YAML 1.1 or 1.2, could take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _as_text(writer: yaml.SafeDumper, text: str) -> yaml.Node:
    is_plain = not (text in _WORDS or _NUMBER.fullmatch(text) or _UNCLEAR.fullmatch(text))
    style = ("|" if "\n" in text else None) if is_plain else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _as_text)
