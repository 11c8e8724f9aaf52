"""A page costs the same number of queries whether an exercise has one experiment or many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models.due_work import database_now
from exercises.queries.inbox import waiting_count
from tests import build
from tests.cast import Cast

PAGES = (
    "/",
    "/exercises/",
    "/exercises/2026-11/",
    "/exercises/2026-11/participants/",
    "/exercises/2026-11/experiments/",
    "/exercises/2026-11/approvals/",
    "/exercises/2026-11/preflight/",
    "/exercises/2026-11/run-sheet/",
    "/exercises/2026-11/poll/",
    "/exercises/2026-11/activity/",
    "/exercises/2026-11/go/",
)


@pytest.mark.parametrize("page", PAGES)
def test_pages_do_not_ask_more_for_more_experiments(
    cast: Cast, as_person: Callable[[str], Client], page: str
) -> None:
    exercise = build.exercise(cast)
    lead = as_person("lead")

    def add(slug: str) -> None:
        experiment = build.proposed(
            cast, exercise, deployment=build.deployment(cast, slug=slug), title=f"Stop {slug}"
        )
        build.approve(cast, experiment, "owner")
        build.passed_preflight(experiment)

    add("mqtt-broker")
    few = _queries(lead, page)
    for number in range(6):
        add(f"application-{number}")
    assert _queries(lead, page) == few


def test_the_count_beside_approvals_asks_as_much_for_one_as_for_many(cast: Cast) -> None:
    exercise = build.exercise(cast)
    lead = cast.actor("lead")
    build.proposed(cast, exercise)
    now = database_now()
    with CaptureQueriesContext(connection) as few:
        assert waiting_count(lead, now=now) == 1
    for number in range(6):
        build.proposed(cast, exercise, title=f"Stop broker {number}")
    with CaptureQueriesContext(connection) as many:
        assert waiting_count(lead, now=now) == 7
    assert len(many) == len(few)


def _queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(page).status_code == 200
    return len(found)
