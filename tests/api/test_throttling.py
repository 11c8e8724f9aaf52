"""So many requests a minute and token; a stop always, and everything when nobody can count."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from exercises.api import throttling
from exercises.models import Run
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NO_VALKEY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A minute of this test's own, of which 20 s are over."""
    began = secrets.randbelow(10**9) * throttling.WINDOW_S
    monkeypatch.setattr(throttling, "_now", lambda: began + 20.0)
    monkeypatch.setattr(throttling, "_quiet_until", 0.0)
    throttling._redis.cache_clear()
    yield
    throttling._redis.cache_clear()


def test_one_too_many_is_told_when_to_come_back(caller: Caller, settings: Any) -> None:
    settings.CHAOSPLANE_API_RATE = 2
    client, another = caller("lead"), caller("author")
    codes = [client.get("/api/v1/me/").status_code for _ in range(2)]
    refused = client.get("/api/v1/runs/")
    assert (codes, refused.status_code) == ([200, 200], 429)
    assert refused["Retry-After"] == "40"
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "throttled"
    assert another.get("/api/v1/me/").status_code == 200


def test_a_stop_is_never_refused_for_being_one_too_many(
    cast: Cast, caller: Caller, settings: Any
) -> None:
    settings.CHAOSPLANE_API_RATE = 1
    exercise, run = build.live(cast)
    client = caller("lead")
    client.get("/api/v1/me/")
    assert client.get("/api/v1/me/").status_code == 429
    for address in (f"/api/v1/runs/{run.pk}/stop/", f"/api/v1/exercises/{exercise.slug}/stop/"):
        assert client.post(address, {"reason": "pager"}).status_code == 200
    assert Run.objects.get(pk=run.pk).state == "cancelled"


def test_without_valkey_nobody_is_refused(
    caller: Caller, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHAOSPLANE_API_RATE = 1
    settings.REDIS_URL = NO_VALKEY
    client = caller("lead")
    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [200, 200, 200]
    assert [row.message for row in caplog.records].count("api.rate.not_counted") == 1


def test_nothing_is_counted_where_no_rate_is_set(caller: Caller, settings: Any) -> None:
    settings.CHAOSPLANE_API_RATE = 0
    settings.REDIS_URL = NO_VALKEY
    assert caller("lead").get("/api/v1/me/").status_code == 200
