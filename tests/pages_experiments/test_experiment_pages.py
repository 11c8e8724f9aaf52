"""The list of experiments and the page of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.domain.exercise_phases import Phase
from exercises.models import Exercise, Experiment
from exercises.models.due_work import database_now
from exercises.queries.approvals import approvals_of, approvals_shown
from exercises.queries.plans import problems_of
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_list_filters_by_state_team_and_code(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.owner)
    for query in ("", "?status=proposed", f"?q=EXP-{experiment.pk}", "?team=vehicle-telemetry"):
        assert "Stop one broker" in client.get(f"/experiments/{query}").content.decode()
    for query in ("?status=draft", "?verdict=held", "?team=charging", "?q=cache"):
        assert "Nothing matches" in client.get(f"/experiments/{query}").content.decode()


def test_the_list_asks_the_same_number_of_questions_for_more_rows(
    client: Client, cast: Cast
) -> None:
    where = build.exercise(cast)
    build.proposed(cast, where)
    client.force_login(cast.owner)
    client.get("/experiments/")
    with CaptureQueriesContext(connection) as few:
        client.get("/experiments/")
    for _ in range(9):
        build.proposed(cast, where)
    with CaptureQueriesContext(connection) as many:
        client.get("/experiments/")
    assert len(many) == len(few)


def test_the_page_shows_plan_approvals_and_revisions(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.author)
    page = client.get(f"/experiments/EXP-{experiment.pk}/").content.decode()
    assert "Service owner" in page
    assert "Revision 1" in page
    assert "Messages delivered: at least 99.5 %" in page
    assert "Withdraw" in page


def test_a_reader_sees_no_button_that_changes_it(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    client.force_login(cast.outsider)
    page = client.get(f"/experiments/EXP-{experiment.pk}/").content.decode()
    assert "Withdraw" not in page
    assert "/edit/" not in page


def test_an_unknown_experiment_is_not_found(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    assert client.get("/experiments/EXP-999999/").status_code == 404


def test_one_must_be_signed_in(client: Client, cast: Cast) -> None:
    for place in ("/experiments/", "/experiments/new/", "/approvals/", "/templates/", "/teams/"):
        assert client.get(place).status_code == 302


def test_what_ran_stays_approved_when_its_approvals_have_lapsed(client: Client, cast: Cast) -> None:
    experiment = build.approved(cast)
    Exercise.objects.filter(pk=experiment.exercise_id).update(
        phase=Phase.CLOSED.value, went_live_at=database_now()
    )
    status = approvals_shown([reread(experiment)], now=database_now() + timedelta(days=90))
    assert status[experiment.pk].is_complete
    assert not approvals_of([experiment], now=database_now() + timedelta(days=90))[
        experiment.pk
    ].is_complete
    client.force_login(cast.outsider)
    assert "Approved" in client.get("/experiments/").content.decode()


def reread(experiment: Experiment) -> Experiment:
    return Experiment.objects.select_related("exercise").get(pk=experiment.pk)


def test_the_slot_counts_from_go_even_when_the_window_is_open(cast: Cast) -> None:
    experiment = build.proposed(cast, slot_offset_s=0)
    later = experiment.exercise.starts_at + timedelta(hours=1)
    assert not problems_of(experiment, now=later)
    too_late = experiment.exercise.ends_at - timedelta(seconds=5)
    assert "slot" in dict(problems_of(experiment, now=too_late))
