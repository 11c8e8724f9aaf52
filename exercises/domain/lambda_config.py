"""Faults that a Lambda function reads from an SSM parameter: what each kind asks for. Pure.

A fault is typed here once, whichever library reads it: chaos_lambda 0.3
(aws-lambda-chaos-injection), failure-lambda before 1.0 or since (README of each).
domain.lambda_formats writes and reads their formats, domain.lambda_documents the documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from exercises.domain.errors import Invalid

EFFECT_LAG_S: Final = 60
"""How long a function may go on with what it read before: the cache of each library."""
MAX_VALUE_BYTES: Final = 4096
"""Of a standard parameter (AWS Systems Manager User Guide, "Managing parameter tiers")."""
LEAST_PERCENT: Final = 0.01
MAX_DELAY_MS: Final = 900_000
MAX_TEXT: Final = 500
MAX_HOSTS: Final = 20
MAX_MATCHES: Final = 5
MAX_REGEX: Final = 512
OPERATORS: Final = ("eq", "exists", "startsWith", "regex")

_NESTED: Final = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")


class Format(StrEnum):
    """Which library reads the parameter, by the names that a document uses."""

    CHAOS_LAMBDA = "chaos_lambda"
    FAILURE_LAMBDA_0 = "failure_lambda_0"
    FAILURE_LAMBDA_1 = "failure_lambda_1"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def variable(self) -> str:
        """The variable of a function's environment that names its parameter."""
        return "CHAOS_PARAM" if self is Format.CHAOS_LAMBDA else "FAILURE_INJECTION_PARAM"


_WORDS: Final = {
    Format.CHAOS_LAMBDA: "chaos_lambda",
    Format.FAILURE_LAMBDA_0: "failure-lambda before 1.0",
    Format.FAILURE_LAMBDA_1: "failure-lambda 1.0 and later",
}


@dataclass(frozen=True, slots=True)
class Match:
    """Which invocations are hit, by a value in their event."""

    path: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault and the share of invocations that it hits. Only what its kind needs is
    set; a latency lies between both delays."""

    kind: str
    percent: float = 100
    delay_ms: int = 0
    most_delay_ms: int = 0
    status: int = 0
    message: str = ""
    disk_mb: int = 0
    hosts: tuple[str, ...] = ()
    buffer_ms: int = 0
    body: str = ""
    match: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a kind of fault: the bounds of a number, the longest text, or a list."""

    name: str
    least: int = 0
    most: int = 0
    is_required: bool = True

    def problem(self, value: object) -> str:
        """What is wrong with it, naming the limit; empty when nothing is."""
        if self.name == "hosts":
            if (
                isinstance(value, list)
                and 1 <= len(value) <= MAX_HOSTS
                and all(map(_is_host, value))
            ):
                return ""
            return f"1 to {MAX_HOSTS} patterns of host names, each of at most 200 characters"
        if self.name in {"message", "body"}:
            if isinstance(value, str) and len(value) <= self.most:
                return ""
            return f"text of at most {self.most} characters"
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and self.least <= value <= self.most
        ):
            return ""
        return f"a whole number from {self.least} to {self.most}"


def _is_host(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


_DELAY: Final = Field("delay_ms", 1, MAX_DELAY_MS)
KINDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType(
    {
        "latency": (_DELAY, Field("most_delay_ms", 1, MAX_DELAY_MS, is_required=False)),
        "exception": (Field("message", 0, MAX_TEXT, is_required=False),),
        "status_code": (Field("status", 100, 599),),
        "diskspace": (Field("disk_mb", 1, 10_240),),
        "denylist": (Field("hosts"),),
        "timeout": (Field("buffer_ms", 0, MAX_DELAY_MS, is_required=False),),
        "corruption": (Field("body", 0, 2000),),
    }
)
"""What each kind of fault asks for."""


def fault_of(entry: Mapping[str, object]) -> Fault:
    """A fault as a document types it. Raises Invalid that names every field and its limit."""
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid("kind", "one of " + ", ".join(KINDS))
    fields = {field.name: field for field in KINDS[kind]}
    known = {"kind", "percent", "match", *fields}
    problems = [
        (name, f"is no property of a fault of kind {kind}") for name in sorted(entry.keys() - known)
    ]
    problems += _percent_problems(entry.get("percent", 100))
    for field in fields.values():
        if field.name in entry or field.is_required:
            said = field.problem(entry.get(field.name))
            problems += [(field.name, said)] if said else []
    problems += _match_problems(entry.get("match", []))
    if problems:
        raise Invalid.of(problems)
    given: dict[str, Any] = {name: entry[name] for name in fields.keys() & entry.keys()}
    if kind == "latency":
        given.setdefault("most_delay_ms", given["delay_ms"])
        if given["most_delay_ms"] < given["delay_ms"]:
            raise Invalid("most_delay_ms", "not below delay_ms")
    if "hosts" in given:
        given["hosts"] = tuple(given["hosts"])
    percent: Any = entry.get("percent", 100)
    raw: Any = entry.get("match", [])
    return Fault(kind, percent=percent, match=tuple(Match(**each) for each in raw), **given)


def entry_of(fault: Fault) -> dict[str, object]:
    """The fault as a document types it: what `fault_of` reads back."""
    entry: dict[str, object] = {"kind": fault.kind}
    for field in KINDS[fault.kind]:
        value = getattr(fault, field.name)
        entry[field.name] = list(value) if field.name == "hosts" else value
    entry["percent"] = fault.percent
    if fault.match:
        entry["match"] = [asdict(each) for each in fault.match]
    return entry


def _percent_problems(percent: object) -> list[tuple[str, str]]:
    is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
    number = float(percent) if is_number else 0.0  # type: ignore[arg-type]
    if LEAST_PERCENT <= number <= 100 and round(number, 2) == number:
        return []
    return [("percent", f"from {LEAST_PERCENT} to 100, with two decimals at most")]


def _match_problems(match: object) -> Iterator[tuple[str, str]]:
    if not isinstance(match, list) or len(match) > MAX_MATCHES:
        yield "match", f"a list of at most {MAX_MATCHES} conditions"
        return
    for index, each in enumerate(match):
        place = f"match[{index}]"
        if not isinstance(each, Mapping) or each.keys() - {"path", "operator", "value"}:
            yield place, "an object of path, operator and value"
            continue
        if not _is_host(each.get("path")):
            yield f"{place}.path", "text of 1 to 200 characters"
        if each.get("operator") not in OPERATORS:
            yield f"{place}.operator", "one of " + ", ".join(OPERATORS)
        value = each.get("value", "")
        if not isinstance(value, str) or len(value) > MAX_REGEX:
            yield f"{place}.value", f"text of at most {MAX_REGEX} characters"
        elif each.get("operator") == "regex" and _NESTED.search(value):
            yield f"{place}.value", "a pattern without a repetition inside a repetition"
