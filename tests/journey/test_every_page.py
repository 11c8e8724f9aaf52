"""Every page on the demo's data: nobody is shut out, nothing is wider than a phone or complains."""

from __future__ import annotations

from typing import Final
from urllib.parse import urldefrag, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Page, ViewportSize, expect

from tests.journey.demo_process import Demo
from tests.journey.steps import ENGINEER, LEAD, OWNER, People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.xdist_group("journey")]

NOT_PAGES = {
    "template_json",
    "template_export",
    "api_schema",
    "report_csv",
    "report_pdf",
    "exercise_report_pdf",
    "exercise_report_csv",
    "finding_csv",
    "finding_file",
    "gameday_ledger_csv",
}
# What the lead cannot do is on these.
OF_OTHERS = (
    (ENGINEER, "/experiments/new/?template=az-power-interruption"),
    (ENGINEER, "/settings/tokens/"),
    ("Developer platform owner", "/approvals/"),
    (OWNER, "/"),
)
DETAILS = {
    "exercise_detail",
    "exercise_preflight",
    "exercise_activity",
    "live_room",
    "debrief",
    "experiment_detail",
    "template_detail",
    "finding_detail",
    "knowledge_list",
    "blameless",
    "gameday",
    "gameday_wall",
    "gameday_rules",
    "gameday_ledger",
    "team_detail",
    "report",
    "api_docs",
}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}


def test_every_page_is_open_to_all_and_fits_a_phone(people: People, demo: Demo) -> None:
    wrong: dict[str, list[str]] = {}
    # Nothing links to Stop while nothing is live.
    waiting, seen = ["/", "/stop/"], {"home", "stop_everything"}
    while waiting:
        address = waiting.pop(0)
        wrong[address] = barriers(people(LEAD), demo.url, address)
        for name, link in links(people(LEAD)).items():
            if name not in seen | NOT_PAGES:
                seen.add(name)
                waiting.append(link)
    for role, address in OF_OTHERS:
        wrong[f"{role}: {address}"] = barriers(people(role), demo.url, address)
    print(f"{len(wrong)} pages: {', '.join(sorted(seen))}")
    assert {address: found for address, found in wrong.items() if found} == {}
    assert people.complaints == []
    assert DETAILS - seen == set()


def barriers(page: Page, root: str, address: str) -> list[str]:
    """What keeps people out of a page: rules of WCAG it breaks, and a phone it does not fit."""
    answer = page.goto(root.rstrip("/") + address)
    found = [] if answer and answer.ok else [f"answered {answer}"]
    expect(page.locator("h1")).to_have_count(1)
    found += [rule["id"] for rule in Axe().run(page).response["violations"]]
    page.set_viewport_size(PHONE)
    width = "document.documentElement.{}Width"
    sideways = page.evaluate(f"{width.format('scroll')} - {width.format('client')}")
    page.set_viewport_size(DESK)
    return [*found, *([f"{sideways} px wider than a phone"] if sideways else [])]


def links(page: Page) -> dict[str, str]:
    """The first link to each kind of page."""
    found: dict[str, str] = {}
    for link in page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        address = urldefrag(link)[0]
        if address.startswith("/"):
            found.setdefault(resolve(urlsplit(address).path).url_name or "", address)
    return found
