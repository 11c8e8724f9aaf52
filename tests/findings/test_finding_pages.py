"""The pages of findings: what they show, to whom, and what they say no to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exercises.domain.finding_states import FindingState, Severity
from exercises.models import Finding, Run
from exercises.models.due_work import database_now
from exercises.services.findings import edit_finding, move_finding
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def page_of(finding: Finding) -> str:
    return reverse("finding_detail", args=[finding.pk])


def test_a_drafted_finding_shows_what_was_measured(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    answer = client.get(page_of(drafted))
    assert answer.status_code == 200
    for text in ("Messages delivered", "at least 99.5", "97.00", 'class="bad"', "As a table"):
        assert text in answer.content.decode()


def test_a_draft_of_another_team_does_not_exist(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.outsider)
    assert client.get(page_of(drafted)).status_code == 404
    assert drafted.title not in client.get(reverse("finding_list")).content.decode()


def test_nobody_signed_in_is_sent_to_sign_in_and_back(client: Client, drafted: Finding) -> None:
    answer = client.get(page_of(drafted))
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={page_of(drafted)}"


def test_accepting_without_an_owner_says_that_one_is_needed(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("finding_move", args=[drafted.pk]), {"to": "accepted"})
    assert answer.status_code == 422
    assert "name an owner" in answer.content.decode()
    drafted.refresh_from_db()
    assert drafted.state == FindingState.DRAFT.value


def test_accepting_with_an_owner_in_the_same_press_leads_back_to_the_debrief(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    answer = client.post(
        reverse("finding_move", args=[drafted.pk]),
        {
            "to": "accepted",
            "owner": str(cast.owner.pk),
            "due_on": "2026-12-04",
            "back": "debrief",
        },
    )
    assert answer["Location"] == reverse("debrief", args=[drafted.exercise.slug])
    drafted.refresh_from_db()
    assert (drafted.state, drafted.owner) == ("accepted", cast.owner)
    assert drafted.due_on == date(2026, 12, 4)


def test_a_day_that_is_none_is_named_and_nothing_is_accepted(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.owner)
    answer = client.post(
        reverse("finding_move", args=[drafted.pk]),
        {"to": "accepted", "owner": str(cast.owner.pk), "due_on": "Friday"},
    )
    assert answer.status_code == 422
    assert "a date, such as" in answer.content.decode()
    drafted.refresh_from_db()
    assert (drafted.state, drafted.owner) == ("draft", None)


def test_an_owner_from_outside_the_team_is_refused(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    answer = client.post(
        reverse("finding_move", args=[drafted.pk]),
        {"to": "accepted", "owner": str(cast.outsider.pk)},
    )
    assert answer.status_code == 422
    drafted.refresh_from_db()
    assert drafted.owner is None


def accepted(cast: Cast, finding: Finding) -> Finding:
    actor = cast.actor("author")
    edit_finding(
        actor=actor,
        finding=finding,
        title=finding.title,
        body=finding.body,
        severity=Severity(finding.severity),
        owner=cast.owner,
        due_on=None,
    )
    return move_finding(actor=actor, finding=finding, to=FindingState.ACCEPTED)


def test_verified_is_refused_until_a_later_run_held(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    finding = accepted(cast, drafted)
    move_finding(actor=cast.actor("author"), finding=finding, to=FindingState.FIX_LIVE)
    client.force_login(cast.author)
    answer = client.post(reverse("finding_move", args=[finding.pk]), {"to": "verified"})
    assert answer.status_code == 409
    assert "has held since the fix" in answer.content.decode()
    page = client.get(page_of(finding)).content.decode()
    assert 'value="verified" disabled' in page


def test_planning_the_retest_opens_the_propose_page_with_the_finding(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    finding = accepted(cast, drafted)
    move_finding(actor=cast.actor("author"), finding=finding, to=FindingState.FIX_LIVE)
    client.force_login(cast.author)
    answer = client.post(reverse("finding_move", args=[finding.pk]), {"to": "retest"})
    assert answer["Location"] == f"{reverse('experiment_new')}?retest={finding.code}"


def test_a_step_that_is_not_in_the_life_of_a_finding_is_a_conflict(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("finding_move", args=[drafted.pk]), {"to": "fix_live"})
    assert answer.status_code == 409


def test_a_step_nobody_knows_is_not_found(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.author)
    answer = client.post(reverse("finding_move", args=[drafted.pk]), {"to": "gone"})
    assert answer.status_code == 404


def test_bad_input_keeps_what_was_typed(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.author)
    answer = client.post(
        reverse("finding_edit", args=[drafted.pk]),
        {"title": "No", "body": "What I typed", "severity": "2", "due_on": "yesterday"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "What I typed" in page
    assert "Enter a valid date" in page
    drafted.refresh_from_db()
    assert drafted.title != "No"


def test_who_may_not_work_on_a_finding_sees_it_without_its_forms(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    accepted(cast, drafted)
    client.force_login(cast.outsider)
    page = client.get(page_of(drafted)).content.decode()
    assert reverse("finding_edit", args=[drafted.pk]) not in page
    answer = client.post(reverse("finding_move", args=[drafted.pk]), {"to": "fix_agreed"})
    assert answer.status_code == 403


def test_a_word_on_a_finding_is_kept_in_its_history(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    client.post(reverse("finding_comment", args=[drafted.pk]), {"text": "Discovery list was old"})
    assert "Discovery list was old" in client.get(page_of(drafted)).content.decode()


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("?state=verified", False),
        ("?state=nonsense&severity=9&page=x", True),
        ("?severity=1", False),
        ("?team=vehicle-telemetry", True),
        ("?team=charging", False),
        ("?q=messages", True),
        ("?q=no+such+thing", False),
        ("?overdue=1", True),
    ],
)
def test_the_list_is_narrowed_by_its_address(
    client: Client, cast: Cast, drafted: Finding, query: str, is_there: bool
) -> None:
    yesterday = database_now().date() - timedelta(days=1)
    Finding.objects.filter(pk=drafted.pk).update(due_on=yesterday)
    client.force_login(cast.lead)
    page = client.get(reverse("finding_list") + query).content.decode()
    assert (drafted.title in page) is is_there


def test_a_finding_is_found_by_its_number(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.lead)
    page = client.get(f"{reverse('finding_list')}?q={drafted.code}").content.decode()
    assert drafted.title in page


def test_a_longer_list_costs_no_more_queries(client: Client, cast: Cast, drafted: Finding) -> None:
    client.force_login(cast.lead)
    client.get(reverse("finding_list"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("finding_list"))
    for number in range(19):
        Finding.objects.create(
            exercise=drafted.exercise,
            application=drafted.application,
            title=f"Finding {number}",
            failure_family="instance-loss",
            state="found",
            created_at=database_now(),
        )
    with CaptureQueriesContext(connection) as twenty:
        client.get(reverse("finding_list"))
    assert len(twenty) == len(one)


def test_a_person_writes_down_what_no_probe_saw(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.author)
    address = reverse("finding_new", args=[fallen.experiment.exercise.slug])
    assert client.get(address).status_code == 200
    answer = client.post(
        address,
        {
            "application": str(fallen.experiment.application_id),
            "failure_family": "instance-loss",
            "title": "The runbook names a closed channel",
            "body": "",
            "severity": "1",
        },
    )
    found = Finding.objects.get(title="The runbook names a closed channel")
    assert answer["Location"] == page_of(found)
    assert not found.is_drafted


def test_only_who_took_part_writes_findings(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.outsider)
    address = reverse("finding_new", args=[fallen.experiment.exercise.slug])
    assert "did not take part" in client.get(address).content.decode()
    answer = client.post(
        address,
        {
            "application": str(fallen.experiment.application_id),
            "failure_family": "instance-loss",
            "title": "Not mine to write",
            "severity": "1",
        },
    )
    assert answer.status_code == 422
    assert not Finding.objects.filter(title="Not mine to write").exists()


def test_saving_the_form_as_it_is_shown_changes_nothing(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    due_on = database_now().date()
    Finding.objects.filter(pk=drafted.pk).update(due_on=due_on, owner=cast.owner)
    client.force_login(cast.author)
    shown = client.get(page_of(drafted)).context["form"]
    sent = {name: shown[name].value() or "" for name in shown.fields}
    sent["owner"] = cast.owner.pk
    assert f'value="{due_on:%Y-%m-%d}"' in str(shown["due_on"])
    assert client.post(reverse("finding_edit", args=[drafted.pk]), sent).status_code == 302
    before = (drafted.title, drafted.body, drafted.severity)
    drafted.refresh_from_db()
    assert (drafted.title, drafted.body, drafted.severity) == before
    assert (drafted.due_on, drafted.owner) == (due_on, cast.owner)
