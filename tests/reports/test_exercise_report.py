"""The report of one exercise: page, paper, CSV and API say the same, and name nobody."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from exercises.models import Exercise, Experiment, Finding, Run
from tests import build
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.findings.conftest import drafted, fallen
from tests.reports.test_pdf import needs_pango

pytestmark = pytest.mark.django_db
__all__ = ["caller", "drafted", "fallen"]


def of(run: Run, name: str = "exercise_report") -> str:
    return reverse(name, args=[run.experiment.exercise.slug])


def test_the_page_says_what_ran_when_it_was_seen_and_when_it_was_over(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    run = drafted.run
    assert run is not None
    client.force_login(cast.leadership)
    text = client.get(of(run)).content.decode()
    for words in ("0 of 1 hypothesis held", run.experiment.title, "1 m", "Evidence pack"):
        assert words in text
    assert drafted.title not in text, "a draft is nobody's finding yet"
    Finding.objects.filter(pk=drafted.pk).update(state="accepted", owner=cast.owner)
    assert drafted.title in client.get(of(run)).content.decode()


@needs_pango
def test_the_paper_is_one_page_the_same_each_time_and_names_nobody(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.leadership)
    first, second = (client.get(of(fallen, "exercise_report_pdf")).content for _ in range(2))
    assert first == second
    paper = PdfReader(io.BytesIO(first))
    assert len(paper.pages) == 1
    text = " ".join(paper.pages[0].extract_text().split())
    assert "0 of 1 hypothesis held" in text
    assert "DORA" in text
    for person in (cast.lead, cast.author, cast.owner):
        assert person.name not in text


def test_the_csv_has_the_numbers_and_no_formula(client: Client, cast: Cast, fallen: Run) -> None:
    Experiment.objects.filter(pk=fallen.experiment_id).update(title="=1+1")
    client.force_login(cast.leadership)
    text = client.get(of(fallen, "exercise_report_csv")).content.decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert ["number", "hypotheses", "not held", "1"] in rows
    assert ["run", fallen.experiment.code, "title", "'=1+1"] in rows


def test_a_program_reads_the_same(cast: Cast, fallen: Run, caller: Caller) -> None:
    slug = fallen.experiment.exercise.slug
    document = caller("leadership", ("read",)).get(f"/api/v1/exercises/{slug}/report/").json()
    assert (document["held"], document["not_held"]) == (0, 1)
    assert document["runs"][0]["seconds_to_detect"] == 60
    assert document["runs"][0]["seconds_to_recover"] == document["median_seconds_to_recover"]


def test_before_anything_ran_the_page_says_so(client: Client, cast: Cast) -> None:
    exercise = build.exercise(cast)
    client.force_login(cast.leadership)
    assert "Nothing ran yet" in client.get(f"/exercises/{exercise.slug}/report/").content.decode()


def test_a_teams_own_experiment_has_a_report_for_the_team_only(
    client: Client, cast: Cast, fallen: Run
) -> None:
    Exercise.objects.filter(pk=fallen.experiment.exercise_id).update(kind="self_service")
    client.force_login(cast.outsider)
    for name in ("exercise_report", "exercise_report_pdf", "exercise_report_csv"):
        assert client.get(of(fallen, name)).status_code == 404


def test_more_runs_take_no_more_queries(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.leadership)
    client.get(of(fallen))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(of(fallen))
        return len(seen)

    few = queries()
    for number in range(3):
        again = Run.objects.get(pk=fallen.pk)
        again.pk, again.token, again.experiment_ref = uuid.uuid4(), f"again-{number}", ""
        Run.objects.bulk_create([again])
    assert "0 of 4 hypotheses held" in client.get(of(fallen)).content.decode()
    assert queries() == few
