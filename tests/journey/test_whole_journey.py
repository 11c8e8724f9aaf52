"""From a proposal to a verified finding, by the people who do it, on the demo as it is started.

Nothing here knows the code: it presses what the pages show and asks simulated AWS what is true.
"""

from __future__ import annotations

import re
import time
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journey import steps
from tests.journey.demo_process import Demo, until
from tests.journey.steps import ENGINEER, LEAD, OBSERVER, ON_CALL, OWNER, SAFETY, People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.xdist_group("journey")]

TITLE = "A whole zone of the broker without power"
SEEDED = "One zone of the broker without power"
AZ_POWER = "AZ Availability: Power Interruption"
KILLED = "A zone without power while we restart"
BROKER, PROD, INT = "mqtt-broker", "111111111111", "333333333333"
# Machines are shared: what a person waits for is printed, and only a breakdown fails.
FIRST_FAULT_WITHIN_S = 15


def test_from_a_proposal_to_a_verified_finding(people: People, demo: Demo) -> None:
    exercise = propose(people(ENGINEER))
    for role in (OWNER, LEAD, SAFETY):
        steps.approve(people(role), TITLE)
    room = watch(people(OBSERVER), exercise)
    go_live(people, demo)
    see_the_split_brain(room)
    stop(room, demo)
    finding = accept_the_finding(people(OWNER), room)
    ship_the_fix(people(OWNER), demo)
    retest(people(ENGINEER), finding)
    cannot_be_verified_yet(people(OWNER), finding)
    for role in (OWNER, LEAD, SAFETY):
        steps.approve(people(role), TITLE)
    steps.say_own_go(people(OWNER), people(SAFETY), finding)
    verify(people(OWNER), finding)
    assert people.complaints == []


def test_killed_processes_lose_nothing_and_start_nothing_twice(people: People, demo: Demo) -> None:
    """In pre-production, where the owner's word is enough."""
    propose_on_our_own(people(ENGINEER))
    before = experiments_in(demo, INT)
    steps.approve(people(OWNER), KILLED)
    until(lambda: demo.instances(BROKER, INT) != {"running": 3}, "the fault in pre-production")
    room = people(ON_CALL)
    room.get_by_role("link", name="Open live room").first.click()
    killed = {name: demo.kill(name) for name in ("worker", "web")}
    for name, pid in killed.items():
        until(lambda name=name, pid=pid: demo.pid(name) not in {None, pid}, f"{name} again")
        assert f"{name} ended unasked" in demo.said()
    row = room.locator("table.exps tr", has_text=KILLED)
    expect(row).to_contain_text("Completed", timeout=90_000)
    expect(row).to_contain_text(re.compile("Held|Not held"), timeout=60_000)
    assert demo.instances(BROKER, INT) == {"running": 3}
    assert len(experiments_in(demo, INT)) == len(before) + 1
    for words in ("started.", "completed."):
        expect(room.locator("#log li", has_text=f"{KILLED}: {words}")).to_have_count(1)


def propose_on_our_own(page: Page) -> None:
    steps.use_template(page, AZ_POWER)
    steps.choose_deployment(page, "telemetry-int")
    steps.fill(page, {"Name": KILLED, "Power is out for": "15", "At most": "12"})
    steps.on_our_own(page, in_s=10)
    steps.send(page)


def experiments_in(demo: Demo, account: str) -> list[str]:
    return [each["id"] for each in demo.aws()["experiments"] if each["account"] == account]


def propose(page: Page) -> str:
    """Take the seeded proposal back and propose another, a wrong number first."""
    name = steps.open_edition(page)
    page.get_by_role("link", name=SEEDED).first.click()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("is withdrawn")).to_be_visible()
    steps.use_template(page, AZ_POWER)
    steps.choose_deployment(page, "telemetry-prod")
    outage = page.get_by_label("Power is out for")
    steps.fill(page, {"Name": TITLE, "Power is out for": "45", "At most": "12"})
    page.get_by_role("button", name="Send for approval").click()
    expect(outage).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#summary")).to_contain_text("30")
    expect(outage).to_have_value("45")
    expect(page.get_by_label("Name", exact=True)).to_have_value(TITLE)
    outage.fill("30")
    outage.blur()
    beside = page.locator("#beside")
    expect(beside).to_contain_text("3 of 9 nodes")
    expect(beside).to_contain_text("Will need 3 approvals")
    steps.send(page)
    expect(page.get_by_text("0 of 3 approvals")).to_be_visible()
    page.get_by_label("It holds").check()
    page.get_by_role("button", name="Say it").click()
    expect(page.get_by_text("1 person said so far")).to_be_visible()
    return name


def watch(page: Page, exercise: str) -> Page:
    """In the room before Go; from here on nobody reloads it."""
    assert steps.open_edition(page) == exercise
    page.goto(f"{page.url}live/")
    expect(page.locator("table.exps")).to_contain_text("Waits for Go")
    return page


def go_live(people: People, demo: Demo) -> None:
    page = people(LEAD)
    steps.open_edition(page)
    steps.run_preflight(page)
    assert demo.instances(BROKER, PROD) == {"running": 9}
    said_at = steps.say_go(page, people(SAFETY))
    until(
        lambda: demo.instances(BROKER, PROD) != {"running": 9},
        "the first fault after Go",
        FIRST_FAULT_WITHIN_S,
    )
    print(f"Go to the first fault: {time.monotonic() - said_at:.1f} s")


def see_the_split_brain(room: Page) -> None:
    row = room.locator("table.exps tr", has_text=TITLE)
    expect(row).to_contain_text("Running")
    expect(room.locator("#targets")).to_contain_text("fault active")
    expect(steps.chart_value(room, "Distinct clusters")).to_have_text(re.compile("^2"))
    expect(row).to_contain_text("Outside")


def stop(room: Page, demo: Demo) -> None:
    steps.stop_all(room)
    row = room.locator("table.stopt tbody tr", has_text=TITLE)
    for label in ("AWS accepted", "Actions rolled back", "Steady state verified"):
        expect(row.locator(f'td[data-l*="{label}"] time')).to_be_visible(timeout=60_000)
    assert demo.instances(BROKER, PROD) == {"running": 9}
    assert [asked["outcome"] for asked in demo.asked_of_fis("StopExperiment")]
    expect(room.locator("table.exps tr", has_text=TITLE)).to_contain_text("Stopped")


def accept_the_finding(page: Page, room: Page) -> str:
    """In the debrief, with an owner and a day; answers its code."""
    expect(room.locator("#log")).to_contain_text("Finding drafted", timeout=60_000)
    expect(room.locator("#log")).to_contain_text("debrief is open", timeout=60_000)
    page.goto(room.url.replace("/live/", "/debrief/"))
    expect(page.locator("#predictions")).to_contain_text("0 of 1 expected what happened.")
    card = page.locator("article.finding", has_text="Accept")
    card.get_by_label("Owner").select_option(label=OWNER)
    card.get_by_label("Fix due on").fill(f"{date.today() + timedelta(days=14)}")
    code = re.search(r"F-\d+", card.inner_text())
    assert code
    card.get_by_role("button", name="Accept").click()
    expect(page.get_by_text(f"{code[0]}: accepted")).to_be_visible()
    steps.open_finding(page, code[0])
    page.get_by_role("button", name="could this hit you?").click()
    expect(page.locator("#asked")).to_contain_text(re.compile(r"\d asked, 0 answered, 0 proposed"))
    return code[0]


def ship_the_fix(page: Page, demo: Demo) -> None:
    page.get_by_role("button", name="Fix is agreed").click()
    estate = page.context.new_page()
    estate.goto(demo.simulator_url)
    estate.get_by_role("button", name="Turn on").first.click()
    expect(estate.get_by_text("quorum is on").first).to_be_visible()
    estate.close()
    page.get_by_role("button", name="Fix is live").click()
    expect(page.get_by_role("button", name="Plan the retest")).to_be_visible()


def retest(page: Page, finding: str) -> None:
    steps.open_finding(page, finding)
    page.get_by_role("button", name="Plan the retest").click()
    expect(page.get_by_label("Power is out for")).to_have_value("30")
    steps.fill(page, {"Name": TITLE, "Power is out for": "5", "Storage recovers for": "1"})
    steps.on_our_own(page, in_s=25)
    steps.send(page)


def cannot_be_verified_yet(page: Page, finding: str) -> None:
    steps.open_finding(page, finding)
    expect(page.get_by_role("button", name="Mark as verified")).to_be_disabled()


def verify(page: Page, finding: str) -> None:
    steps.open_finding(page, finding)
    button = page.get_by_role("button", name="Mark as verified")
    until(lambda: page.reload() and button.is_enabled(), "a retest that held", 90)
    expect(page.get_by_text("Held", exact=True)).to_be_visible()
    button.click()
    expect(page.get_by_text(f"{finding}: verified")).to_be_visible()
