"""Stop on a phone with nothing but a capability: one press, and a clear answer to a wrong note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from exercises.models import Exercise, Run
from exercises.services.stop_targets import write_down_targets
from exercises.stopping import capability
from exercises.stopping.targets import LiveExercise, Stoppable, write_targets
from exercises.web.stop_now import PAGE, cookie_name
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.room.conftest import Server, server

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.server import Simulator

__all__ = ["server"]

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}


def hold(page: Page, server: Server, note: str) -> None:
    """A phone whose browser kept this note, and no session."""
    page.set_viewport_size(PHONE)
    page.context.add_cookies([{"name": cookie_name(), "value": note, "url": server.url}])


def note_of(cast: Cast, settings: Any, name: str = "operator") -> str:
    return capability.sign(capability.capability_of(cast.actor(name)), key=settings.SECRET_KEY)


def test_one_press_stops_what_runs(
    cast: Cast, estate: Simulator, server: Server, page: Page, settings: Any
) -> None:
    exercise, run = build.live(cast)
    until(lambda: fresh(run).state == "running")
    write_down_targets()
    hold(page, server, note_of(cast, settings))
    page.goto(server.url + PAGE)
    expect(page.get_by_text("1 experiment running")).to_be_visible()
    page.get_by_role("button", name=f"Stop all of {exercise.name}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("AWS accepted the stop")
    expect(page.locator("#stop")).to_contain_text(run.experiment.title)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert Axe().run(page).violations_count == 0
    assert estate.service.regions["111111111111", build.REGION].experiment(
        fresh(run).experiment_ref
    ).status in {"stopping", "stopped"}
    assert Exercise.objects.get().stopped_at is not None
    assert Run.objects.get().stop_requested_at is not None


def test_a_note_that_cannot_be_believed_is_answered_with_what_to_do(
    cast: Cast, server: Server, page: Page, settings: Any, stop_folder: Path
) -> None:
    write_targets(
        stop_folder, Stoppable(exercises=(LiveExercise("own", "Own test", True, (999,)),))
    )
    sound = note_of(cast, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda: 1_000_000_000.0)
        expired = note_of(cast, settings)
    for note, said in ((sound[:-3] + "abc", "signature"), (expired, "older than twelve hours")):
        hold(page, server, note)
        page.goto(server.url + PAGE)
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was stopped")
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert Axe().run(page).violations_count == 0


def test_what_belongs_to_another_team_is_not_offered_and_not_stopped(
    cast: Cast, server: Server, page: Page, settings: Any, stop_folder: Path
) -> None:
    exercises = tuple(
        LiveExercise(slug, name, is_private, (999,))
        for slug, name, is_private in (("own", "Own test", True), ("itee", "Cloud ITEE", False))
    )
    write_targets(stop_folder, Stoppable(exercises=exercises))
    hold(page, server, note_of(cast, settings, "outsider"))
    page.goto(server.url + PAGE)
    expect(page.get_by_role("button", name="Stop all of Cloud ITEE")).to_be_visible()
    expect(page.get_by_text("Own test")).to_have_count(0)
    page.locator("input[name=what]").first.evaluate("field => { field.value = 'own' }")
    page.get_by_role("button", name="Stop all of Cloud ITEE").click()
    expect(page.get_by_role("alert")).to_contain_text("belongs to another team")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
