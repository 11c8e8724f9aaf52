"""What app.js adds to a page, in a real Chromium: Stop under the finger, and the keys.

The page is made of the real parts and served to the browser without a server; its clock
stands still until a test moves it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

SCRIPT = Path(settings.BASE_DIR, "static", "js", "app.js").read_text()
STRIP = SimpleNamespace(
    name="Cloud ITEE",
    url="/room/",
    stop_url="/stop-all/",
    running=3,
    outside=1,
    elapsed_label="14:32",
)


class Desk:
    """A page of ours, and what it sent."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[dict[str, list[str]]] = []
        page.clock.install()
        page.route("**/*", self.answer)
        page.goto("http://chaosplane.test/")
        self.stop = page.locator(".strip .btn-stop")
        self.dialog = page.locator("#stop-all")

    def answer(self, route: Route) -> None:
        if route.request.method == "POST":
            self.sent.append(parse_qs(route.request.post_data or ""))
            route.fulfill(status=204)
        elif route.request.url.endswith("app.js"):
            route.fulfill(body=SCRIPT, content_type="text/javascript")
        else:
            route.fulfill(body=self.html(), content_type="text/html")

    def html(self) -> str:
        return "".join(
            (
                "<!doctype html><html lang=en><body>",
                render_to_string("parts/_live_strip.html", {"live_strip": STRIP}),
                render_to_string("parts/_theme.html"),
                render_to_string("parts/_keys.html"),
                render_to_string(
                    "parts/_stop_dialog.html",
                    {"dialog_id": "stop-all", "action": "/stop-all/", "count": 3, "what": "It"},
                ),
                '<a data-go="t" href="/templates/">Templates</a>',
                '<form method="post" action="/note/"><input id="note" name="text">',
                '<button id="send">Send</button></form>',
                '<div role="status" id="announce"></div><script src="/app.js"></script>',
            )
        )

    def sending(self) -> AbstractContextManager[object]:
        """Around what sends a form: waits until it has arrived."""
        return self.page.expect_response(lambda answer: answer.request.method == "POST")

    def press_on_stop(self) -> None:
        self.stop.hover()
        self.page.mouse.down()


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


def test_a_tap_on_stop_asks_with_the_answer_under_enter(desk: Desk) -> None:
    desk.stop.click()
    expect(desk.dialog).to_be_visible()
    expect(desk.dialog.locator(".btn-stop")).to_be_focused()
    assert desk.sent == []
    with desk.sending():
        desk.page.keyboard.press("Enter")
    assert desk.sent == [{"confirm": ["1"], "how": ["dialog"]}]


def test_holding_stop_for_a_second_and_releasing_stops_without_a_question(desk: Desk) -> None:
    desk.press_on_stop()
    desk.page.clock.run_for(1000)
    expect(desk.stop).to_have_text("Release to stop")
    assert desk.sent == []
    with desk.sending():
        desk.page.mouse.up()
    assert desk.sent == [{"confirm": ["1"], "how": ["hold"]}]
    expect(desk.dialog).not_to_be_visible()


def test_sliding_off_the_button_takes_the_hold_back(desk: Desk) -> None:
    desk.press_on_stop()
    desk.page.clock.run_for(1500)
    desk.page.mouse.move(5, 600)
    desk.page.mouse.up()
    expect(desk.stop).to_have_text("Stop all")
    assert desk.sent == []


def test_shift_s_then_enter_stops_even_with_single_keys_off(desk: Desk) -> None:
    desk.page.keyboard.press("?")
    desk.page.locator("[data-single-keys]").uncheck()
    desk.page.locator("#keys [data-close]").click()
    desk.page.keyboard.press("?")
    expect(desk.page.locator("#keys")).not_to_be_visible()
    desk.page.keyboard.press("Shift+S")
    expect(desk.dialog).to_be_visible()
    with desk.sending():
        desk.page.keyboard.press("Enter")
    assert len(desk.sent) == 1


def test_no_key_fires_inside_a_field(desk: Desk) -> None:
    desk.page.locator("#note").press_sequentially("Stop gt?")
    expect(desk.page.locator("#note")).to_have_value("Stop gt?")
    expect(desk.dialog).not_to_be_visible()
    expect(desk.page.locator("#keys")).not_to_be_visible()
    assert desk.page.url == "http://chaosplane.test/"


def test_keep_running_closes_the_question_and_sends_nothing(desk: Desk) -> None:
    desk.stop.click()
    desk.dialog.get_by_text("Keep running").click()
    expect(desk.dialog).not_to_be_visible()
    assert desk.sent == []


def test_g_and_a_letter_go_to_a_place(desk: Desk) -> None:
    desk.page.keyboard.press("g")
    desk.page.keyboard.press("t")
    desk.page.wait_for_url("**/templates/")


def test_a_form_pressed_twice_is_sent_once(desk: Desk) -> None:
    send = desk.page.locator("#send")
    with desk.sending():
        send.click()
    send.click()
    assert len(desk.sent) == 1


def test_the_colours_chosen_are_kept_in_a_cookie_for_the_server(desk: Desk) -> None:
    desk.page.locator("[data-theme-toggle]").click()
    expect(desk.page.locator("html")).to_have_attribute("data-theme", "dark")
    assert "theme=dark" in desk.page.evaluate("document.cookie")
