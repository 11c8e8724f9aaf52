"""The room in a browser: it follows what happens, and Stop stays under the finger."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from exercises.domain.run_states import RunState
from exercises.models import Exercise, Pin, Run, User
from exercises.services.exercises import add_note
from exercises.services.run_events import append_event, move_run
from tests import build
from tests.cast import Cast
from tests.room import scene
from tests.room.conftest import Server, session_of

pytestmark = pytest.mark.browser


def enter(page: Page, server: Server, exercise: Exercise, user: User) -> None:
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": server.url}]
    )
    page.goto(server.url + reverse("live_room", args=[exercise.slug]))


def test_the_room_follows_what_happens_without_a_reload(
    server: Server, page: Page, cast: Cast
) -> None:
    exercise, run = scene.running(cast)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.extend([said.text] if said.type == "error" else []))
    enter(page, server, exercise, cast.outsider)
    row = page.locator(f"#state-{run.experiment_id}")
    expect(row).to_contain_text("Running")
    expect(page.locator(f"#acts-{run.experiment_id} button")).to_be_visible()
    scene.measured(run, delivered=70.0, clusters=1)
    expect(page.locator(f"#steady-{run.experiment_id}")).to_contain_text("Outside")
    add_note(actor=cast.actor("operator"), exercise=exercise, text="Reconnects are back.")
    expect(page.locator("#log")).to_contain_text("Reconnects are back.")
    Run.objects.filter(pk=run.pk).update(stop_requested_at=run.started_at)
    move_run(run, RunState.STOPPING, text="Stopping.")
    expect(row).to_contain_text("Stopping")
    expect(page.locator("#stop-progress")).to_contain_text("AWS accepted")
    expect(page.locator(f"#acts-{run.experiment_id} button")).to_have_count(0)
    expect(page.locator("#room-announce")).to_contain_text("Stopping")
    assert problems == []


def test_what_one_types_is_not_touched_while_the_room_changes(
    server: Server, page: Page, cast: Cast
) -> None:
    exercise, _ = scene.running(cast)
    enter(page, server, exercise, cast.outsider)
    page.fill("#note", "half a sentence")
    add_note(actor=cast.actor("operator"), exercise=exercise, text="Something else.")
    expect(page.locator("#log")).to_contain_text("Something else.")
    expect(page.locator("#note")).to_have_value("half a sentence")
    expect(page.locator("#note")).to_be_focused()
    page.locator("#log li", has_text="Something else.").get_by_role("button").click()
    expect(page.locator("#log li.pinned")).to_contain_text("Something else.")
    expect(page.locator("#note")).to_have_value("half a sentence")
    assert Pin.objects.count() == 1


def test_stop_all_asks_once_and_then_shows_its_steps(
    server: Server, page: Page, cast: Cast
) -> None:
    exercise, run = build.live(cast)
    enter(page, server, exercise, cast.outsider)
    page.locator("#stop-all-b").click()
    dialog = page.locator("dialog#stop-all")
    expect(dialog).to_be_visible()
    dialog.locator(".btn-stop").click()
    expect(page.locator("#stop-progress")).to_contain_text("requested at")
    expect(page.locator("#stop-all-b")).to_have_attribute("aria-disabled", "true")
    assert Run.objects.get(pk=run.pk).state == RunState.CANCELLED.value


def test_one_row_is_stopped_from_its_own_button(server: Server, page: Page, cast: Cast) -> None:
    exercise, run = build.live(cast)
    enter(page, server, exercise, cast.outsider)
    page.locator(f"#acts-{run.experiment_id} button").click()
    expect(page.locator("h1")).to_contain_text(run.experiment.title)
    page.locator("main .btn-stop").click()
    expect(page.locator("#stop-progress")).to_contain_text("requested at")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_room_has_no_barrier_and_does_not_scroll_sideways(
    server: Server, page: Page, cast: Cast, width: int, scheme: str
) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=70.0, clusters=1)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 1000})
    enter(page, server, exercise, cast.outsider)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1440, 1000), (390, 844)])
def test_a_long_log_scrolls_in_its_card_and_does_not_grow_the_page(
    server: Server, page: Page, cast: Cast, width: int, height: int
) -> None:
    exercise, run = scene.running(cast)
    page.set_viewport_size({"width": width, "height": height})
    enter(page, server, exercise, cast.outsider)
    short = page.evaluate("document.documentElement.scrollHeight")
    for number in range(60):
        append_event(exercise=exercise, run=run, kind="note", text=f"Seen for the {number}th time.")
    expect(page.locator("#log")).to_contain_text("Seen for the 59th time.")
    # On a phone the box may grow to its 26rem, on a wide screen it is as high as it was.
    growth = page.evaluate("document.documentElement.scrollHeight") - short
    assert growth <= (26 * 16 if width == 390 else 0)
    box = page.locator(".log-box")
    assert box.evaluate("box => box.scrollHeight > box.clientHeight")
    if width > 390:
        assert page.locator("#note").bounding_box()["y"] < height  # type: ignore[index]


def test_a_room_without_news_says_so_and_stop_still_works(
    server: Server, page: Page, cast: Cast
) -> None:
    exercise, _ = scene.running(cast)
    page.clock.install()
    page.route("**/live/stream*", lambda route: route.abort())
    enter(page, server, exercise, cast.outsider)
    expect(page.locator("#stale")).to_be_hidden()
    page.clock.fast_forward(12_000)
    expect(page.locator("#fresh")).to_contain_text("s old")
    page.clock.fast_forward(12_000)
    expect(page.locator("#stale")).to_contain_text("Stop still works")
    page.locator("#stop-all-b").click()
    expect(page.locator("dialog#stop-all")).to_be_visible()
