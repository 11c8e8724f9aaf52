"""A POST that is sent twice with one key is carried out once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from exercises.models import FreezeWindow, KeptAnswer
from exercises.models.due_work import database_now
from exercises.services.kept_answers import ANSWERED_WITHIN, KEPT_FOR, begin_once, keep_answer
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
URL = "/api/v1/freezes/"


def freeze(name: str = "Launch") -> dict[str, Any]:
    starts_at = database_now() + timedelta(days=3)
    return {
        "name": name,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=4)).isoformat(),
        "environments": ["production"],
    }


def send(client: APIClient, body: dict[str, Any], key: str = "one") -> Any:
    return client.post(URL, body, headers={"Idempotency-Key": key})


@pytest.fixture
def lead(caller: Caller) -> APIClient:
    return caller("lead")


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(lead: APIClient) -> None:
    body = freeze()
    first, second = send(lead, body), send(lead, body)
    assert (first.status_code, second.status_code) == (201, 201), first.content
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert FreezeWindow.objects.count() == 1


def test_another_key_is_another_request(lead: APIClient) -> None:
    send(lead, freeze("One"), "one")
    send(lead, freeze("Two"), "two")
    assert FreezeWindow.objects.count() == 2


def test_a_key_of_another_request_is_refused_and_nothing_is_done(lead: APIClient) -> None:
    send(lead, freeze())
    answer = send(lead, freeze("Another"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert FreezeWindow.objects.count() == 1


def test_keys_are_each_persons_own(lead: APIClient, caller: Caller) -> None:
    body = freeze()
    send(lead, body)
    answer = send(caller("outsider"), body)
    assert answer.status_code == 403, "an answer is not shown to somebody else"


def test_a_refusal_is_the_same_refusal_again(lead: APIClient) -> None:
    body = freeze() | {"ends_at": "2020-01-01T00:00:00Z"}
    first, second = send(lead, body), send(lead, body)
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.json() == second.json()


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
def test_a_key_that_is_none_is_refused_with_its_limit(lead: APIClient, key: str) -> None:
    answer = send(lead, freeze(), key)
    assert answer.status_code == 422
    assert "1 to 255 visible ASCII characters" in answer.json()["detail"]
    assert not FreezeWindow.objects.exists()


def test_while_it_is_carried_out_and_after_its_answer_was_lost_it_is_a_conflict(
    lead: APIClient,
) -> None:
    body = freeze()
    send(lead, body)
    KeptAnswer.objects.update(status=None)
    assert "still being carried out" in send(lead, body).json()["detail"]
    KeptAnswer.objects.update(begun_at=database_now() - ANSWERED_WITHIN)
    lost = send(lead, body)
    assert lost.status_code == 409
    assert "was lost" in lost.json()["detail"]
    assert FreezeWindow.objects.count() == 1


def test_a_key_is_free_again_after_a_day(lead: APIClient) -> None:
    body = freeze()
    send(lead, body)
    KeptAnswer.objects.update(begun_at=database_now() - KEPT_FOR - timedelta(seconds=1))
    assert "Idempotency-Replayed" not in send(lead, body)
    assert FreezeWindow.objects.count() == 2


def test_what_failed_on_our_side_or_on_that_of_aws_may_be_tried_again(cast: Cast) -> None:
    kept, _ = begin_once(user_id=cast.lead.pk, key="one", fingerprint="f")
    keep_answer(kept, status=502, body={"code": "engine"})
    assert begin_once(user_id=cast.lead.pk, key="one", fingerprint="f")[1]


def test_a_stop_is_never_held_up_by_a_key(cast: Cast, caller: Caller) -> None:
    exercise, _ = build.live(cast)
    url = f"/api/v1/exercises/{exercise.slug}/stop/"
    for reason in ("pager", "pager again"):
        answer = caller("operator").post(
            url, {"reason": reason}, headers={"Idempotency-Key": "one"}
        )
        assert answer.status_code == 200, answer.content
    assert not KeptAnswer.objects.exists()
