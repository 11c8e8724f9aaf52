"""CSV (RFC 4180) that no spreadsheet takes for formulas. Called by the exports of pages."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A line a row. Text that begins like a formula gets an apostrophe (OWASP, "CSV Injection");
    None is an empty cell."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([_harmless(value) for value in row])


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The whole file."""
    return "".join(csv_lines([head, *rows]))


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
