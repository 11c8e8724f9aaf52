"""The pages in a browser: readable by everyone, and no wider than a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page

from tests import build
from tests.cast import Cast
from tests.room.conftest import Server, session_of

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/exercises/",
    "/exercises/new/",
    "/exercises/2026-11/",
    "/exercises/2026-11/participants/",
    "/exercises/2026-11/experiments/",
    "/exercises/2026-11/approvals/",
    "/exercises/2026-11/preflight/",
    "/exercises/2026-11/run-sheet/",
    "/exercises/2026-11/poll/",
    "/exercises/2026-11/activity/",
    "/exercises/2026-11/go/",
    "/exercises/2026-11/cancel/",
    "/approvals/",
    "/experiments/",
    "/experiments/new/?template=stop-one-instance",
    "/templates/",
    "/templates/?propose=1",
    "/templates/new/",
    "/templates/stop-one-instance/",
    "/teams/vehicle-telemetry/",
    "/settings/applications/",
    "/settings/applications/new/",
    "/settings/applications/mqtt-broker/",
    "/settings/applications/ota-updates/deployments/new/",
    "/settings/accounts/",
    "/settings/accounts/new/",
    "/settings/accounts/111111111111/",
    "/settings/tokens/",
)


@pytest.fixture
def planned(server: Server, cast: Cast) -> Cast:
    """An exercise with one experiment that is half approved and one whose check passed."""
    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    build.approve(cast, experiment, "owner")
    other = build.deployment(cast, slug="ota-updates")
    build.account("222222222222", "dev")
    build.passed_preflight(build.proposed(cast, exercise, deployment=other, slot_offset_s=900))
    return cast


# Colours do not depend on the width, nor the order of a page on its colours.
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_no_page_breaks_a_rule_of_accessibility_or_scrolls_sideways(
    server: Server, planned: Cast, page: Page, width: int, scheme: str
) -> None:
    name, session = settings.SESSION_COOKIE_NAME, session_of(planned.lead)
    page.context.add_cookies([{"name": name, "value": session, "url": server.url}])
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    wrong: dict[str, object] = {}
    for address in PAGES:
        page.goto(server.url + address)
        assert page.locator("h1").evaluate("h => getComputedStyle(h).fontWeight") == "600"
        found = [rule["id"] for rule in Axe().run(page).response["violations"]]
        root = "document.documentElement"
        sideways = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        if found or sideways:
            wrong[address] = (found, sideways)
    assert wrong == {}
    assert problems == []
