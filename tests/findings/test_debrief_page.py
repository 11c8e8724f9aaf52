"""The debrief: how it went, and closing only when every draft is decided on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.exercise_phases import Phase
from exercises.domain.finding_states import FindingState
from exercises.models import Exercise, Finding, Run
from exercises.queries.debrief import outcome_of
from exercises.queries.evidence import evidence_of
from exercises.services.exercises import add_note
from exercises.services.findings import move_finding
from exercises.services.run_events import append_event
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ANSWERS = {
    "was_resilient": "partly",
    "surprised_us": "Both clusters took clients.",
    "we_share": "Ask for a quorum before clients connect.",
    "to": "close",
}


def address(exercise: Exercise) -> str:
    return reverse("debrief", args=[exercise.slug])


def test_the_debrief_says_how_each_run_ended_and_what_was_drafted(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    page = client.get(address(drafted.exercise)).content.decode()
    for text in (
        "1 experiment by 1 team: 1 did not hold.",
        drafted.code,
        "3 m",
        'class="bad"',
        "nothing pinned",
    ):
        assert text in page


def test_pinned_lines_are_the_key_moments(client: Client, cast: Cast, drafted: Finding) -> None:
    add_note(
        actor=cast.actor("author"),
        exercise=drafted.exercise,
        text="Quorum held with six of nine",
        is_pinned=True,
    )
    client.force_login(cast.author)
    page = client.get(address(drafted.exercise)).content.decode()
    assert page.count("Quorum held with six of nine") == 1  # a moment, and not what went well
    assert "nothing pinned" not in page


def test_unpinned_the_log_tells_each_probe_once_and_each_verdict_shortly(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    run = drafted.run
    for _ in range(3):
        append_event(
            exercise=drafted.exercise,
            run=run,
            kind="probe.outside",
            text="Messages delivered outside: 97.00 %.",
            probe="delivered",
        )
    client.force_login(cast.author)
    page = client.get(address(drafted.exercise)).content.decode()
    moments = page.split('id="moments"', 1)[1]
    assert moments.count("Messages delivered outside") == 1
    assert "Stop one broker: hypothesis not held.</span>" in moments


def test_a_stop_is_counted_by_who_stopped(fallen: Run) -> None:
    fallen.state = "stopped"
    by_alarm = outcome_of([fallen])
    assert (by_alarm.stopped_by_alarm, by_alarm.stopped_by_people) == (1, 0)
    fallen.stop_requested_at = fallen.started_at
    by_a_person = outcome_of([fallen])
    assert (by_a_person.stopped_by_alarm, by_a_person.stopped_by_people) == (0, 1)


def test_a_draft_is_not_shown_to_another_team(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.outsider)
    answer = client.get(address(drafted.exercise))
    assert answer.status_code == 200
    assert drafted.code not in answer.content.decode()


def test_the_debrief_does_not_close_over_a_draft(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.lead)
    close = reverse("debrief_close", args=[drafted.exercise.slug])
    answer = client.post(close, ANSWERS)
    assert answer.status_code == 409
    assert "finding.undecided" in answer.content.decode()
    move_finding(actor=cast.actor("lead"), finding=drafted, to=FindingState.DISMISSED)
    assert client.post(close, ANSWERS)["Location"] == address(drafted.exercise)
    drafted.exercise.refresh_from_db()
    assert drafted.exercise.phase == Phase.CLOSED.value


def test_an_exercise_closes_with_three_answers(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.lead)
    move_finding(actor=cast.actor("lead"), finding=drafted, to=FindingState.DISMISSED)
    close = reverse("debrief_close", args=[drafted.exercise.slug])
    answer = client.post(close)
    assert answer.status_code == 409
    assert "debrief.unanswered" in answer.content.decode()
    answer = client.post(close, {**ANSWERS, "we_share": " "})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "“nothing” is an answer" in text
    assert ANSWERS["surprised_us"] in text
    client.post(close, ANSWERS)
    shown = client.get(address(drafted.exercise)).content.decode()
    assert ANSWERS["we_share"] in shown
    assert "In part" in shown
    assert client.post(close, {**ANSWERS, "to": "keep"}).status_code == 409


def test_answers_can_be_kept_while_the_debrief_goes_on(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.lead)
    close = reverse("debrief_close", args=[drafted.exercise.slug])
    client.post(close, {**ANSWERS, "to": "keep"})
    client.post(close, {**ANSWERS, "we_share": "The quorum.", "to": "keep"})
    drafted.exercise.refresh_from_db()
    assert drafted.exercise.phase == Phase.DEBRIEF.value
    assert "The quorum." in client.get(address(drafted.exercise)).content.decode()


def test_only_who_leads_closes_the_debrief(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("debrief_close", args=[drafted.exercise.slug]))
    assert answer.status_code == 403


def test_before_anything_ran_there_is_nothing_to_debrief(client: Client, cast: Cast) -> None:
    planned = build.exercise(cast)
    client.force_login(cast.author)
    assert "Nothing to debrief yet" in client.get(address(planned)).content.decode()


def test_an_exercise_nobody_knows_is_not_found(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    assert client.get("/exercises/never/debrief/").status_code == 404


def test_what_went_well_is_kept_and_an_empty_one_says_why_not(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.author)
    exercise = fallen.experiment.exercise
    note = reverse("debrief_note", args=[exercise.slug])
    assert client.post(note, {"text": "Failover took half of last year"}).status_code == 302
    kept = client.get(address(exercise)).content.decode()
    assert "Failover took half" in kept.split('id="notes"', 1)[1]
    answer = client.post(note, {"text": "x" * 1001})
    assert answer.status_code == 422
    assert "x" * 1001 in answer.content.decode()


def test_a_run_that_was_imported_is_drawn_at_the_speed_of_our_clocks(
    drafted: Finding, settings: Any
) -> None:
    settings.CHAOSPLANE_TIME_SPEED = 60
    drafted.pk, drafted.is_drafted, drafted._state.adding = None, False, True
    drafted.save()  # as one of which nothing was kept
    [sped] = evidence_of([drafted])[drafted.pk]
    assert drafted.run is not None
    drafted.run.is_imported = True
    [imported] = evidence_of([drafted])[drafted.pk]
    assert (sped.fault, imported.fault) == ((0, 300 * 60), (0, 300))
