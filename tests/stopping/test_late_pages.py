"""A page that does not come, because the database hangs, ends with the way to Stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chaosplane.deadline import answered


class Browser:
    """Asks once, and keeps what it is answered."""

    def __init__(self, path: str = "/", method: str = "GET") -> None:
        self.scope = {"type": "http", "method": method, "path": path}
        self.said: list[Any] = []

    async def receive(self) -> Any:
        return {"type": "http.request", "body": b""}

    async def send(self, message: Any) -> None:
        self.said.append(message)

    @property
    def status(self) -> int:
        return int(self.said[0]["status"])


async def page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


async def page_in_time_whose_end_is_late(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": b"a stream"})


def late(seconds: float = 0.2) -> Any:
    async def page_later(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(seconds)
        await page(scope, receive, send)

    return page_later


def ask(browser: Browser, app: Any, *, then_s: float = 0.0) -> Browser:
    async def asking() -> None:
        await answered(app, within_s=0.05)(browser.scope, browser.receive, browser.send)
        await asyncio.sleep(then_s)

    asyncio.run(asking())
    return browser


def test_a_page_that_does_not_come_is_answered_with_the_way_to_stop() -> None:
    browser = ask(Browser(), late())
    assert browser.status == 503
    text = browser.said[1]["body"].decode()
    assert 'href="/stop-now/"' in text
    assert "not made within 0.05 seconds" in text


def test_what_comes_after_that_is_not_sent_on() -> None:
    browser = ask(Browser(), late(0.1), then_s=0.2)
    assert [message.get("status") for message in browser.said] == [503, None]


def test_a_head_request_gets_no_body() -> None:
    assert ask(Browser(method="HEAD"), late()).said[1]["body"] == b""


@pytest.mark.parametrize("app", [page, page_in_time_whose_end_is_late])
def test_what_begins_in_time_may_take_as_long_as_it_takes(app: Any) -> None:
    browser = ask(Browser(), app)
    assert browser.status == 200
    assert browser.said[-1]["body"] in (b"here", b"a stream")


@pytest.mark.parametrize(
    "browser", [Browser(method="POST"), Browser(path="/api/v1/runs/")], ids=["act", "api"]
)
def test_an_act_and_a_program_get_their_own_answer_however_late(browser: Browser) -> None:
    assert ask(browser, late()).status == 200


def test_whoever_ends_the_request_ends_the_page() -> None:
    ended: list[str] = []

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("page")
            raise

    async def leaving() -> None:
        browser = Browser()
        asking = asyncio.ensure_future(
            answered(waits, within_s=30)(browser.scope, browser.receive, browser.send)
        )
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.wait({asking})
        await asyncio.sleep(0.05)

    asyncio.run(leaving())
    assert ended == ["page"]


def test_a_page_that_breaks_breaks_as_it_did() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("no template")

    with pytest.raises(RuntimeError, match="no template"):
        ask(Browser(), broken)
