"""The table of who may do what, as the tests read it: matrix.txt and the addresses there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

TABLE: Final = Path(__file__).with_name("matrix.txt")
OUTSIDE_THE_RESOLVER: Final = frozenset({"/healthz", "/readyz", "/metrics", "/stop-now/"})
"""Answered by middleware, before the resolver is asked."""

ROLES: Final = {
    "no": "nobody: not signed in",
    "ou": "outsider: owner of another team",
    "me": "member of the team",
    "op": "operator of the team",
    "ow": "owner of the team",
    "le": "programme lead",
    "sa": "safety officer",
    "cm": "change manager",
    "ld": "leadership",
    "au": "auditor",
    "in": "inactive: held every role when they signed in",
    "tr": "token with scope read, of a person who holds every role",
    "tw": "token with scope write, of the same person",
    "ts": "token with scope stop, of the same person",
    "sv": "the service of the team: its token with scopes read, write and stop",
}
ANSWERS: Final = {
    "+": "a page or an answer of ours (2xx, 3xx)",
    "i": "let in, and what was sent is refused (400, 409, 422)",
    "s": "asked to sign in (to the sign-in page, or 401)",
    "-": "denied (403, 404)",
    ".": "not asked here: it would ask AWS, or end what all others stand on",
}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One address, one method, one thing; an answer for every role."""

    name: str
    method: str
    thing: str
    answers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.name} {self.method} {self.thing}"


def read_table(path: Path = TABLE) -> list[Row]:
    """The rows of the file; raises ValueError that names the line that cannot be read."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, method, thing, *answers = line.split()
        if len(answers) != len(ROLES) or set(answers) - set(ANSWERS):
            raise ValueError(f"{path.name}, line {number}: one of {' '.join(ANSWERS)} a role")
        rows.append(Row(name, method, thing, dict(zip(ROLES, answers, strict=True))))
    return rows


def parameters_of_addresses() -> dict[str, frozenset[str]]:
    """Every name that the resolver knows, with the names of its parameters."""
    return dict(_walk(get_resolver().url_patterns, frozenset()))


def _walk(
    patterns: Sequence[URLPattern | URLResolver], above: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for pattern in patterns:
        known = above | frozenset(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, known)
        else:
            yield pattern.name or f"without a name: {pattern.pattern}", known
