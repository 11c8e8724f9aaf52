"""`?wait=` on a run: answered with its change by a real ASGI server, and at once where nothing is
to be waited for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from exercises.api import waiting
from exercises.domain.run_states import RunState
from exercises.models import ApiToken, Run
from exercises.models.due_work import database_now
from exercises.services.run_events import move_run
from exercises.services.tokens import issue_token
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast
from tests.room import scene
from tests.room.conftest import Server, server

__all__ = ["server"]
LONG = 60
"""Longer than the socket has patience: what is to be answered by news is not answered by time."""
SOCKET_S = 25


class Waiter:
    """Asks the server for a run, with a token."""

    def __init__(self, server: Server, cast: Cast, run: Run) -> None:
        token, self.secret = issue_token(
            actor=cast.actor("outsider"), name="platform", scopes=["read"], days=1
        )
        self.server, self.run, self.token = server, run, token

    def ask(self, query: str) -> tuple[int, Any]:
        connection = HTTPConnection(self.server.host, self.server.port, timeout=SOCKET_S)
        try:
            headers = {"Authorization": f"Bearer {self.secret}"}
            connection.request("GET", f"/api/v1/runs/{self.run.pk}/?{query}", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def ask_while(
        self, query: str, then: Callable[[], object], monkeypatch: Any
    ) -> tuple[int, Any]:
        """Ask, and once it waits do something."""
        waits, original = threading.Event(), waiting.Watch.change

        async def change(watch: waiting.Watch, *asked: Any) -> None:
            waits.set()
            await original(watch, *asked)

        monkeypatch.setattr(waiting.Watch, "change", change)
        found: list[tuple[int, Any]] = []
        asking = threading.Thread(target=lambda: found.append(self.ask(query)))
        asking.start()
        assert waits.wait(SOCKET_S), "it never waited"
        then()
        asking.join()
        return found[0]


@pytest.fixture
def waiter(server: Server, cast: Cast) -> Waiter:
    _, run = scene.running(cast)
    return Waiter(server, cast, run)


def test_it_is_answered_with_the_change(waiter: Waiter, monkeypatch: pytest.MonkeyPatch) -> None:
    status, shown = waiter.ask_while(
        f"wait={LONG}&seen=running",
        lambda: move_run(waiter.run, RunState.STOPPING, text="Stopping."),
        monkeypatch,
    )
    assert (status, shown["state"]) == (200, "stopping")


def test_the_verdict_is_news_too_and_then_it_is_over(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in (RunState.STOPPING, RunState.STOPPED):
        move_run(waiter.run, state, text=state.value, ended_at=database_now())
    runs = Run.objects.filter(pk=waiter.run.pk)
    _, shown = waiter.ask_while(
        f"wait={LONG}", lambda: runs.update(verdict="held", judged_at=database_now()), monkeypatch
    )
    assert shown["verdict"] == "held"
    assert waiter.ask(f"wait={LONG}")[1]["verdict"] == "held"


def test_what_is_other_than_the_caller_knew_is_answered_at_once(waiter: Waiter) -> None:
    assert waiter.ask(f"wait={LONG}&seen=scheduled")[1]["state"] == "running"


def test_without_news_it_is_answered_when_the_time_is_over(waiter: Waiter) -> None:
    status, shown = waiter.ask("wait=1&fields=state")
    assert (status, shown) == (200, {"state": "running"})


def test_a_right_that_is_taken_away_meanwhile_is_gone_with_the_answer(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then() -> None:
        ApiToken.objects.update(revoked_at=database_now())
        move_run(waiter.run, RunState.STOPPING, text="Stopping.")

    assert waiter.ask_while(f"wait={LONG}", then, monkeypatch)[0] == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [("wait=0", "wait"), ("wait=61", "wait"), ("wait=soon", "wait"), ("wait=5&seen=up", "seen")],
)
def test_what_cannot_be_waited_for_is_refused_by_name(
    cast: Cast, caller: Caller, query: str, field: str
) -> None:
    _, run = build.live(cast)
    answer = caller("lead").get(f"/api/v1/runs/{run.pk}/?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
