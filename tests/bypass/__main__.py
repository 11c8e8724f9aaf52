"""`make bypass TRIES=200`: every class at every door, and each race so many times.

Ends in one line with its figures; exits with 1 when a class was not refused or something
started.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest

FULL = "200"


class Figures:
    """What the tests tell: which class each tries, what it gave, how often it was played."""

    def __init__(self) -> None:
        self.tried: dict[str, list[str]] = defaultdict(list)
        self.bad: set[str] = set()
        self.interleavings = self.starts = 0

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("bypass"):
                for number in mark.args:
                    self.tried[number].append(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:  # a skipped test has refused nothing
            self.bad.add(report.nodeid)
        if report.when == "teardown":
            told = dict(report.user_properties)
            self.interleavings += int(str(told.get("interleavings", 0)))
            self.starts += int(str(told.get("starts", 0)))

    def refused(self) -> set[str]:
        return {number for number, tests in self.tried.items() if not self.bad & set(tests)}


def main() -> int:
    os.environ["TRIES"] = os.environ.get("TRIES") or FULL
    figures = Figures()
    code = pytest.main([str(Path(__file__).parent), "-q", *sys.argv[1:]], plugins=[figures])
    from tests.bypass.classes import CLASSES

    refused = figures.refused() & CLASSES.keys()
    for number in sorted(CLASSES.keys() - refused, key=lambda n: int(n[1:])):
        print(f"NOT REFUSED {number}: {CLASSES[number]}")
    print(
        f"bypass: {len(refused)} of {len(CLASSES)} classes refused,"
        f" {figures.interleavings:,} interleavings, {figures.starts} starts"
    )
    return 1 if code or figures.starts or len(refused) < len(CLASSES) else 0


if __name__ == "__main__":
    sys.exit(main())
