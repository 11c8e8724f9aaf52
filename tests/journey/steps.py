"""What people do in their browsers; the journey and docs/shots are the callers.

Everyone has a browser of their own and goes where the pages lead them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.journey.demo_process import Demo

LEAD = "Resilience engineer"
SAFETY = "Safety officer"
OWNER = "Telemetry service owner"
ON_CALL = "Telemetry on-call"
ENGINEER = "Telemetry engineer"
OBSERVER = "Observer"
# Pages are asked for while everything else runs on the same machine.
PATIENCE_MS = 20_000
ZONE = ZoneInfo("Europe/Berlin")


class People:
    """Who is signed in, each in a browser of their own, and what their consoles complained of."""

    def __init__(self, browser: Browser, demo: Demo, **options: Any) -> None:
        self._browser, self._demo, self._options = browser, demo, options
        self._pages: dict[str, Page] = {}
        self.complaints: list[str] = []

    def __call__(self, role: str) -> Page:
        """The page of this role, signed in by one click."""
        if role not in self._pages:
            self._pages[role] = page = self._open()
            page.goto(self._demo.url)
            page.get_by_role("button", name=role).first.click()
            expect(page).not_to_have_url(re.compile("/sign-in/"))
        return self._pages[role]

    def _open(self) -> Page:
        context: BrowserContext = self._browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, **self._options}
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._listen(page, said))
        return page

    def _listen(self, page: Page, said: Any) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(f"{page.url}: {said.text}")

    def whereabouts(self) -> list[str]:
        """Who is on which page, and how its main part begins."""
        told = []
        for role, page in self._pages.items():
            words = page.evaluate("(document.querySelector('main') ?? document.body).innerText")
            told.append(f"{role}: {page.url}\n{words[:1500]}\n")
        return told + self.complaints

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()
        self._pages.clear()


@contextmanager
def people_of(browser: Browser, demo: Demo, **options: Any) -> Iterator[People]:
    people = People(browser, demo, **options)
    try:
        yield people
    finally:
        people.close()


def to_place(page: Page, name: str) -> None:
    """By the navigation that is on every page."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()


def to_tab(page: Page, place: str, name: str) -> None:
    """By the navigation, and then the tabs of what stands there beside each other."""
    to_place(page, place)
    beside = page.get_by_role("navigation", name="Pages beside this one")
    beside.get_by_role("link", name=name).click()


def open_finding(page: Page, code: str) -> None:
    to_place(page, "Findings")
    page.get_by_role("row").filter(has_text=code).get_by_role("link").first.click()
    expect(page.locator("header.head")).to_contain_text(code)


def open_edition(page: Page) -> str:
    """The exercise that waits for Go, found from the home page; answers its name."""
    to_place(page, "Exercises")
    row = page.get_by_role("row").filter(has_text="Pre-flight").first
    name = row.get_by_role("link").first.inner_text()
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return name


def use_template(page: Page, name: str) -> None:
    to_place(page, "Templates")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Use template").click()
    expect(page.locator("#compose")).to_be_visible()


def choose_deployment(page: Page, words: str) -> None:
    """And take the probes that belong to it."""
    field = page.get_by_label("Application and account")
    value = field.locator("option", has_text=words).get_attribute("value")
    field.select_option(value)
    page.get_by_role("button", name="Those of the application").click()
    expect(field).to_have_value(value or "")


def fill(page: Page, values: Mapping[str, str]) -> None:
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)


def on_our_own(page: Page, *, in_s: int) -> None:
    """Choose a slot of our own, so many seconds from now."""
    page.get_by_role("radio", name=re.compile("On our own")).check()
    start = datetime.now(ZONE) + timedelta(seconds=in_s)
    page.get_by_label("Start", exact=True).fill(f"{start:%Y-%m-%dT%H:%M:%S}")


def send(page: Page) -> str:
    """Send for approval; answers the code of the experiment."""
    page.get_by_role("button", name="Send for approval").click()
    expect(page.get_by_text(re.compile(r"EXP-\d+ is sent for approval"))).to_be_visible()
    found = re.search(r"EXP-\d+", page.url)
    assert found, page.url
    return found[0]


def approve(page: Page, title: str) -> None:
    to_place(page, "Approvals")
    page.locator(".inbox").get_by_role("link", name=title).first.click()
    expect(page.locator("#subject-h")).to_have_text(title)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(re.compile(r"EXP-\d+ is approved"))).to_be_visible()


def run_preflight(page: Page) -> None:
    sections = page.get_by_role("navigation", name="Exercise sections")
    sections.get_by_role("link", name="Pre-flight").click()
    page.get_by_role("button", name="Run all checks").click()
    expect(page.get_by_text("every check passed")).to_be_visible(timeout=90_000)


def say_go(page: Page, officer: Page) -> float:
    """The lead first, then the safety officer, each in their own browser; answers when."""
    page.get_by_role("link", name="Go live", exact=True).click()
    go = page.get_by_role("button", name="Say Go as exercise lead")
    expect(go).to_be_visible(timeout=60_000)  # the page follows until the rehearsals have ended
    go.click()
    expect(page.get_by_text("You said Go")).to_be_visible()
    open_edition(officer)
    officer.get_by_role("link", name="Confirm Go").click()
    label = officer.locator("label", has_text="Safety officer: type")
    officer.get_by_label("Safety officer: type").fill(label.locator("b").inner_text())
    said_at = time.monotonic()
    officer.get_by_role("button", name="Go live").click()
    expect(officer.locator("table.exps")).to_be_visible()
    return said_at


def say_own_go(page: Page, officer: Page, finding: str) -> None:
    """Somebody of the team first, then a safety officer, each in their own browser."""
    open_finding(page, finding)
    page.get_by_role("region", name="Retests").get_by_role("link").last.click()
    page.get_by_role("button", name="Say Go").click()
    expect(page.get_by_text("You said Go")).to_be_visible()
    to_place(officer, "Home")
    officer.get_by_role("link", name=re.compile("^Confirm Go for")).click()
    label = officer.locator("label", has_text="Safety officer: type")
    officer.get_by_label("Safety officer: type").fill(label.locator("b").inner_text())
    officer.get_by_role("button", name="Confirm Go").click()
    expect(officer.get_by_text("said Go").first).to_be_visible()


def look_until(page: Page, wanted: Locator, *, seconds: float = 240) -> Locator:
    """Look again until it is there: a page says when something opens, and does not open it."""
    ends = time.monotonic() + seconds
    while not wanted.count() and time.monotonic() < ends:
        page.wait_for_timeout(1_000)
        page.reload()
    return wanted


def stop_all(page: Page) -> None:
    """And see its steps in the room. A database too slow for a Stop is not waited for: then a
    page says what AWS answered, and one goes back to the room."""
    room = page.url
    page.get_by_role("button", name="Stop all").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name=re.compile("Stop .*now")).click()
    progress = page.locator("#stop-progress", has_text="requested at")
    accepted = page.get_by_role("heading", name="AWS accepted the stop")
    expect(progress.or_(accepted)).to_be_visible()
    if accepted.is_visible():
        page.goto(room)
        expect(progress).to_be_visible()


def chart_value(page: Page, name: str) -> Any:
    """The number beside the name of a steady-state chart."""
    return page.locator("#charts .chart", has_text=name).locator(".v")
