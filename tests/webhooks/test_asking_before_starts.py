"""Who is asked before a start may refuse it; who does not answer does refuse it."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from exercises.domain.errors import Invalid
from exercises.domain.webhooks import read_answer
from exercises.models import Run, StartAnswer, WebhookEndpoint
from exercises.models.due_work import database_now
from exercises.queries.start_gate import refusals
from exercises.queries.start_hooks import FRESH_FOR
from exercises.services.start_hooks import ask_hooks
from exercises.services.webhooks import MOST_ASKED, add_endpoint, change_endpoint, switch_endpoint
from tests import build
from tests.cast import Cast
from tests.https_server import HttpsServer

pytestmark = pytest.mark.django_db


def _asked(cast: Cast, receiver: HttpsServer, **changes: Any) -> WebhookEndpoint:
    wanted: dict[str, Any] = {
        "url": receiver.url,
        "events": [],
        "description": "Change calendar",
        "team": cast.team,
        "is_asked": True,
    }
    return add_endpoint(actor=cast.actor("lead"), **wanted | changes)[0]


def _says(receiver: HttpsServer, said: Any, status: int = 200) -> None:
    receiver.status, receiver.body = status, json.dumps(said).encode()


def _refused(run: Run) -> list[str]:
    found = refusals(run, now=database_now(), target_count=1)
    return [refusal.because for refusal in found if refusal.rule == "hook.no"]


def test_it_is_asked_signed_and_an_allowing_answer_lets_start(
    cast: Cast, receiver: HttpsServer
) -> None:
    _, run = build.live(cast)
    assert _refused(run) == []
    _asked(cast, receiver)
    assert "was not asked" in _refused(run)[0]
    _says(receiver, {"allow": True})
    ask_hooks(run, receiver.reach)
    assert _refused(run) == []
    [asked] = receiver.asked
    body = json.loads(asked["body"])
    assert (body["type"], body["data"]["run"]["id"]) == ("chaosplane.start.asked", str(run.pk))
    assert asked["webhook-signature"].startswith("v1,")


def test_a_veto_is_said_with_its_reason(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    _asked(cast, receiver)
    _says(receiver, {"allow": False, "reason": "A release is under way"})
    ask_hooks(run, receiver.reach)
    assert _refused(run) == ["Change calendar does not allow this start: A release is under way"]
    _says(receiver, {"allow": True})
    ask_hooks(run, receiver.reach)
    assert _refused(run) == []


@pytest.mark.parametrize(
    ("status", "content", "why"),
    [
        (503, b'{"allow": true}', "answered 503"),
        (302, b'{"allow": true}', "answered 302"),
        (200, b"", "has no allow"),
        (200, b'{"allow": "yes"}', "has no allow"),
        (200, b'{"allow": 1}', "has no allow"),
        (200, b"[true]", "has no allow"),
        (200, b"\xff", "has no allow"),
        (200, b"[" * 60_000, "has no allow"),
        (200, b'{"allow": false}', "no reason"),
        (200, b'{"allow": false, "reason": 7}', "no reason"),
    ],
)
def test_what_does_not_say_that_it_allows_refuses(status: int, content: bytes, why: str) -> None:
    allows, reason = read_answer(status, content)
    assert (allows, why in reason) == (False, True)


def test_no_answer_refuses_and_says_so(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    _asked(cast, receiver)

    def unknown(host: str, port: int) -> list[Any]:
        raise OSError

    ask_hooks(run, replace(receiver.reach, resolve=unknown))
    assert "no answer: the host" in _refused(run)[0]
    inside = replace(
        receiver.reach,
        is_allowed=lambda address: False,
        resolve=lambda host, port: [ipaddress.ip_address("10.0.0.1")],
    )
    ask_hooks(run, inside)
    assert "not on the public internet" in _refused(run)[0]
    assert receiver.asked == []


def test_an_answer_is_for_this_start_and_no_later_one(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    _asked(cast, receiver)
    _says(receiver, {"allow": True})
    ask_hooks(run, receiver.reach)
    StartAnswer.objects.update(asked_at=F("asked_at") - FRESH_FOR - timedelta(seconds=1))
    assert "was not asked" in _refused(run)[0]


def test_all_are_asked_and_one_no_is_enough(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    _asked(cast, receiver)
    _asked(cast, receiver, team=None, url="https://10.0.0.8.example.test/", description="Ops")
    _asked(cast, receiver, team=cast.other_team)  # not asked of this team's runs
    _says(receiver, {"allow": True})

    def only_ours(host: str, port: int) -> list[Any]:
        if host.startswith("10."):
            raise OSError
        return [ipaddress.ip_address("127.0.0.1")]

    ask_hooks(run, replace(receiver.reach, resolve=only_ours))
    [because] = _refused(run)
    assert because.startswith("Ops does not allow")
    assert StartAnswer.objects.count() == 2


def test_one_that_is_switched_off_still_holds(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    endpoint = _asked(cast, receiver)
    lead = cast.actor("lead")
    switch_endpoint(actor=lead, endpoint=endpoint, on=False)
    assert _refused(run)
    change_endpoint(actor=lead, endpoint=endpoint, url=receiver.url, events=["run.ended"])
    assert _refused(run) == []


def test_a_rehearsal_asks_nobody(cast: Cast, receiver: HttpsServer) -> None:
    _, run = build.live(cast)
    _asked(cast, receiver)
    run.is_rehearsal = True
    ask_hooks(run, receiver.reach)
    assert (_refused(run), receiver.asked) == ([], [])


def test_three_of_a_team_are_asked_at_most(cast: Cast, receiver: HttpsServer) -> None:
    for _ in range(MOST_ASKED):
        _asked(cast, receiver)
    with pytest.raises(Invalid, match="3 that are asked"):
        _asked(cast, receiver)
    _asked(cast, receiver, team=None)
