"""One demo for all of the journey, and people who walk through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journey import steps
from tests.journey.demo_process import Demo, running_demo
from tests.journey.steps import People


@pytest.fixture(scope="package")
def demo() -> Iterator[Demo]:
    with running_demo() as running:
        yield running


@pytest.fixture
def people(browser: Browser, demo: Demo) -> Iterator[People]:
    # Everything that is waited for runs on this machine, beside other tests.
    expect.set_options(timeout=steps.PATIENCE_MS)
    with steps.people_of(browser, demo) as found:
        yield found
    expect.set_options(timeout=5_000)


def pytest_exception_interact(node: pytest.Item, report: pytest.TestReport) -> None:
    """Where a journey ended: the address and the words of every page that was open."""
    for people in getattr(node, "funcargs", {}).values():
        if isinstance(people, People):
            told = "\n".join(people.whereabouts())
            report.sections.append(("Pages", told))
