"""Every page on the demo's data: nobody is shut out, nothing is wider than a phone or complains."""

from __future__ import annotations

from urllib.parse import urldefrag, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Page, expect

from tests.journey.demo_process import Demo
from tests.journey.steps import ENGINEER, LEAD, People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.xdist_group("journey")]

NOT_PAGES = {"template_json", "api_schema"}
# What nobody links to while nothing is live.
BEGINNINGS = ("/", "/stop/")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.mark.parametrize(
    ("role", "among_others"),
    [
        (LEAD, {"exercise_new", "exercise_preflight", "debrief", "live_room", "team_detail"}),
        (ENGINEER, {"experiment_new", "experiment_edit", "finding_detail", "tokens", "api_docs"}),
    ],
)
def test_every_page_is_open_to_all_and_fits_a_phone(
    people: People, demo: Demo, role: str, among_others: set[str]
) -> None:
    page, wrong = people(role), {}
    waiting, seen = list(BEGINNINGS), {"home", "stop_everything"}
    while waiting:
        address = waiting.pop(0)
        answer = page.goto(demo.url.rstrip("/") + address)
        expect(page.locator("h1")).to_have_count(1)
        found = barriers(page) + ([] if answer and answer.ok else [f"answered {answer}"])
        if found:
            wrong[address] = found
        for name, link in links(page).items():
            if name not in seen | NOT_PAGES:
                seen.add(name)
                waiting.append(link)
    print(f"{role}: {len(seen)} kinds of pages: {', '.join(sorted(seen))}")
    assert wrong == {}
    assert people.complaints == []
    assert among_others - seen == set()


def barriers(page: Page) -> list[str]:
    """What keeps people out of the page as it stands, on a desk and on a phone."""
    found = []
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        found += [f"{rule['id']} at {size['width']}" for rule in violations(page)]
    root = "document.documentElement"
    sideways = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    page.set_viewport_size(DESK)
    return [*found, *([f"{sideways} px wider than a phone"] if sideways else [])]


def violations(page: Page) -> list[dict[str, str]]:
    found: list[dict[str, str]] = Axe().run(page).response["violations"]
    return found


def links(page: Page) -> dict[str, str]:
    """The first link to each kind of page."""
    found: dict[str, str] = {}
    for link in page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        address = urldefrag(link)[0]
        if address.startswith("/"):
            found.setdefault(resolve(urlsplit(address).path).url_name or "", address)
    return found
