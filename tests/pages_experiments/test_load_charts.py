"""The page of an experiment charts the load that its newest run put on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from exercises.models import Run
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast
from tests.domain.test_load_series import DEFINITION, sample

pytestmark = pytest.mark.django_db


def test_requests_failures_and_latency_are_charts_and_tables(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    revision = experiment.revision
    assert revision is not None
    began = database_now() - timedelta(days=1)

    def run(days: int, *events: dict[str, Any]) -> None:
        at = began - timedelta(days=days)
        Run.objects.create(
            experiment=experiment,
            revision=revision,
            state="completed",
            token=f"token-{days}",
            scheduled_at=at,
            started_at=at,
            ended_at=at + timedelta(minutes=2),
            archive={"experiment": DEFINITION, "events": list(events)},
        )

    def looked(seconds: int, **more: Any) -> dict[str, Any]:
        return sample(at=(began + timedelta(seconds=seconds)).isoformat(), **more)

    run(0)
    run(1, looked(15), looked(30, failures_s=3.5, p95_ms=None), looked(45, p95_ms=412.0))
    run(2, sample(users=999))
    client.force_login(cast.author)

    page = client.get(f"/experiments/{experiment.code}/").content.decode()

    assert "attack-by-10" in page
    assert "up to 10 users" in page
    assert "999" not in page
    for words in ("Requests", "Failures", "Latency, 95th percentile"):
        assert f"{words} of attack-by-10" in page
    assert "3.5 /s" in page
    assert "412 ms" in page
    assert 'id="load-0-p95_ms-t"' in page


def test_without_load_there_is_nothing_of_it(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.author)
    page = client.get(f"/experiments/{experiment.code}/").content.decode()
    assert "as Locust measured it" not in page
