"""The pages of the report: the same numbers for everyone, rows only for who sees them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from exercises.models import Finding, LadderOverride, ReportBrief, Run
from exercises.models.due_work import database_now
from exercises.queries.organisation_day import organisation_zone
from exercises.services.reports import Ask, write_brief
from tests import build
from tests.cast import Cast
from tests.findings.conftest import drafted, fallen, finish

pytestmark = pytest.mark.django_db
__all__ = ["drafted", "fallen"]


def key() -> str:
    """The three months up to this one, by the clock of the database."""
    return f"{database_now():%Y-%m}"


def page(client: Client, name: str = "report", query: str = "") -> str:
    answer = client.get(reverse(name, args=[key()]) + query, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_run_the_report_says_how_it_fills(client: Client, cast: Cast) -> None:
    client.force_login(cast.leadership)
    assert "The first report is there as soon as" in client.get("/reports/").content.decode()
    assert "Nothing ran in these twelve months" in page(client)


def test_leadership_reads_four_numbers_and_who_exercised(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.leadership)
    text = page(client)
    for words in ("Hypotheses held", "0 of 1 runs", "Vehicle Telemetry", "1 of 1"):
        assert words in text
    assert "Edit words" not in text


def test_a_run_that_came_back_gives_the_time_to_steady_state(cast: Cast, fallen: Run) -> None:
    from exercises.domain.report_periods import period_from
    from exercises.queries.report import facts_of

    facts = facts_of(period_from(key()), zone=organisation_zone(), now=database_now())
    outside = max(p["longest_outside_s"] for p in fallen.judgement["probes"])
    assert [run.outside_s for run in facts.runs] == [outside]


def test_a_rehearsal_is_no_run_of_the_report(client: Client, cast: Cast, fallen: Run) -> None:
    Run.objects.filter(pk=fallen.pk).update(is_rehearsal=True)
    client.force_login(cast.leadership)
    assert "Nothing ran in these twelve months" in page(client)


def test_a_drafted_finding_is_not_told_to_leadership(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.leadership)
    assert drafted.title not in page(client)
    Finding.objects.filter(pk=drafted.pk).update(state="accepted", owner=cast.owner)
    assert drafted.title in page(client)


def test_the_rows_behind_a_number_are_those_that_a_person_sees(
    client: Client, cast: Cast, fallen: Run
) -> None:
    title = fallen.experiment.title
    client.force_login(cast.leadership)
    assert title in page(client, "report_runs", "?verdict=not_held&tier=&team=")
    assert "No run matches" in page(client, "report_runs", "?verdict=held")
    assert title in page(client, "report_runs", "?team=²"), "no team is meant"
    type(fallen.experiment.exercise).objects.filter(pk=fallen.experiment.exercise_id).update(
        kind="self_service"
    )
    client.force_login(cast.outsider)
    assert title not in page(client, "report_runs")


def test_the_csv_holds_the_numbers_of_the_page_and_no_formula(
    client: Client, cast: Cast, fallen: Run
) -> None:
    team = fallen.experiment.application.team
    type(team).objects.filter(pk=team.pk).update(name="=cmd|' /C calc'!A0")
    client.force_login(cast.leadership)
    rows = list(csv.reader(io.StringIO(page(client, "report_csv"))))
    assert ["number", "hypotheses held", "of", "1"] in rows
    assert any(row[1].startswith("'=cmd") for row in rows)
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_the_same_data_gives_the_same_bytes(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.leadership)
    first, second = (page(client, "report_csv") for _ in range(2))
    assert first == second


def test_a_quarter_has_one_address(client: Client, cast: Cast) -> None:
    client.force_login(cast.leadership)
    answer = client.get(reverse("report", args=["2026-09"]))
    assert answer["Location"] == reverse("report", args=["2026-q3"])
    assert client.get("/reports/2026-q7/").status_code == 404


def test_more_runs_take_no_more_queries(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.leadership)
    page(client)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page(client)
        return len(seen)

    before = queries()
    experiment = build.approved(
        cast,
        build.exercise(cast, slug="another", opens_in=timedelta(minutes=5)),
        deployment=fallen.experiment.deployment,
        template_version=fallen.experiment.template_version,
    )
    assert experiment.revision is not None
    run = Run.objects.create(
        experiment=experiment,
        revision=experiment.revision,
        token="another",
        scheduled_at=database_now(),
    )
    finish(run, lowest=99.9, started_ago=timedelta(hours=2))
    assert queries() <= before


def test_words_are_kept_beside_the_numbers_and_earlier_ones_stay(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.lead)
    address = reverse("report_words", args=[key()])
    form = {"headline": "Brokers need a quorum", "based_on": 0, "title_0": "Fund the quorum"}
    assert client.post(address, form).status_code == 302
    text = page(client)
    assert '<h1 class="rt">Brokers need a quorum</h1>' in text
    assert "Fund the quorum" in text
    client.post(address, {"headline": "", "based_on": 1})
    assert ReportBrief.objects.count() == 2
    assert "Brokers need a quorum" not in page(client)


def test_words_written_meanwhile_are_not_overwritten(client: Client, cast: Cast) -> None:
    actor = cast.actor("lead")
    write_brief(
        actor=actor, period=key(), headline="Mine", decisions=[], decide_by=None, based_on=0
    )
    client.force_login(cast.lead)
    answer = client.post(
        reverse("report_words", args=[ReportBrief.objects.get().period]),
        {"headline": "Theirs", "based_on": 0},
    )
    assert answer.status_code == 409
    assert ReportBrief.objects.get().headline == "Mine"


def test_a_decision_without_a_title_names_its_row(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    answer = client.post(
        reverse("report_words", args=["2026-q3"]), {"based_on": 0, "detail_0": "Because."}
    )
    assert answer.status_code == 422
    assert "say what is to be decided" in answer.content.decode()


@pytest.mark.parametrize("who", ["owner", "leadership", "auditor", "safety"])
def test_only_a_programme_lead_words_a_report(client: Client, cast: Cast, who: str) -> None:
    client.force_login(getattr(cast, who))
    assert client.get(reverse("report_words", args=["2026-q3"])).status_code == 403


def test_words_are_shown_as_text(client: Client, cast: Cast, fallen: Run) -> None:
    write_brief(
        actor=cast.actor("lead"),
        period=key(),
        headline="<script>alert(1)</script>",
        decisions=[Ask("<b>bold</b>")],
        decide_by=None,
        based_on=0,
    )
    client.force_login(cast.leadership)
    text = page(client)
    assert "<script>alert(1)" not in text
    assert "&lt;b&gt;bold" in text


def test_an_override_of_the_ladder_is_printed_with_who_why_and_until(
    client: Client, cast: Cast, fallen: Run
) -> None:
    application = fallen.experiment.application
    granted = LadderOverride.objects.filter(application=application).latest("id")
    client.force_login(cast.leadership)
    text = page(client)
    assert reverse("ladder_detail", args=[application.slug, granted.failure_family]) in text
    assert f"Up to level 5, by {cast.lead.name} on" in text
    assert f"until {granted.valid_until.astimezone(organisation_zone()):%-d %b %Y}: " in text
    assert escape(granted.reason) in text
    rows = list(csv.reader(io.StringIO(page(client, "report_csv"))))
    assert ["ladder override 1", application.name, "reason", granted.reason] in rows


def test_the_score_of_an_application_says_what_it_is_made_of(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.leadership)
    before = client.get(reverse("score")).content.decode()
    assert "did not hold in production" in before
    assert "halves every 180 days" in before
    assert "Resilience score: 0" in before
    Run.objects.filter(pk=fallen.pk).update(verdict="held")
    answer = client.get(reverse("score"), {"team": fallen.experiment.application.team_id})
    after = answer.content.decode()
    assert "Resilience score of Vehicle Telemetry: 100" in after
    assert reverse("score") in page(client)


def test_the_time_to_detect_is_from_the_fault_to_the_first_reading_outside(fallen: Run) -> None:
    from exercises.domain.report_periods import period_from
    from exercises.queries.report import report_page

    numbers = report_page(period_from(key()), now=database_now()).numbers
    assert (numbers.detection.now, numbers.detections) == (60, 1)
