"""The pictures of the README, taken from a demo that runs for them; `make shots` is the caller."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dev import chromium
from tests.journey import steps
from tests.journey.demo_process import Demo, running_demo, until
from tests.journey.steps import ENGINEER, LEAD, OBSERVER, OWNER, SAFETY, People

FOLDER = Path(__file__).resolve().parent
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
BROKER = "One zone of the broker without power"


def take(page: Page, name: str) -> None:
    """One picture, with nothing moving in it and the whole of its fonts there."""
    page.evaluate("document.fonts.ready")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB", flush=True)


def before_go(people: People) -> None:
    lead = people(LEAD)
    take(lead, "home")
    steps.open_edition(lead)
    # The accounts are looked at for the first time while this opens.
    waiting = re.compile("was not looked at|is being looked at")
    until(lambda: lead.reload() and not lead.get_by_text(waiting).count(), "a look")
    take(lead, "exercise")
    engineer = people(ENGINEER)
    steps.use_template(engineer, "AZ Availability: Power Interruption")
    steps.choose_deployment(engineer, "telemetry-prod")
    steps.fill(engineer, {"At most": "12"})
    engineer.locator("#id_target_cap").blur()
    expect(engineer.locator("#beside")).to_contain_text("limit 12 resources")
    engineer.evaluate("scrollTo(0, 0)")
    take(engineer, "propose")


def during(people: People, phone: People, dark: People) -> None:
    """Everyone is in the room before Go, since the fault does not wait for pictures."""
    rooms = [who(OBSERVER) for who in (people, phone, dark)]
    steps.open_edition(rooms[0])
    address = f"{rooms[0].url}live/"
    for room in rooms:
        room.goto(address)
    steps.say_go(people(LEAD), people(SAFETY))
    charging = rooms[0].locator("table.exps tr", has_text="Stop one session server")
    expect(charging).to_contain_text("Running")
    for room, name in zip(rooms, ("live", "live-phone", "live-dark"), strict=True):
        expect(steps.chart_value(room, "Distinct clusters")).to_have_text(re.compile("^2"))
        take(room, name)
    steps.stop_all(rooms[0])
    expect(rooms[0].locator("#stop-progress time")).not_to_have_count(0)
    take(rooms[0], "stop")


def after(page: Page, room: Page) -> None:
    expect(room.locator("#log")).to_contain_text("debrief is open", timeout=60_000)
    page.goto(room.url.replace("/live/", "/debrief/").partition("#")[0])
    take(page, "debrief")


def take_all(browser: Browser, demo: Demo) -> None:
    with (
        steps.people_of(browser, demo) as people,
        steps.people_of(browser, demo, **PHONE) as phone,
        steps.people_of(browser, demo, color_scheme="dark") as dark,
    ):
        before_go(people)
        during(people, phone, dark)
        after(people(OWNER), people(OBSERVER))


def main() -> int:
    path = chromium()
    if path is None:
        print("No Chromium here: see `make browser`.", file=sys.stderr)
        return 1
    expect.set_options(timeout=steps.PATIENCE_MS)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with running_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        take_all(browser, demo)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
