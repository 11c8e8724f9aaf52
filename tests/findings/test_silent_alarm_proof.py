"""An alarm that stayed silent is mended when a re-run sets it off, and by nothing less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.engine_values import AlarmReading
from exercises.domain.errors import Refused
from exercises.domain.finding_states import FindingState
from exercises.models import Exercise, Experiment, Finding, Run
from exercises.models.due_work import database_now
from exercises.services.findings import move_finding
from exercises.services.run_changes import UNAPPROVED, record_alarms
from exercises.services.run_events import append_event
from tests import build
from tests.cast import Cast
from tests.findings.conftest import FIXED_AGO, finish, with_a_live_fix

pytestmark = pytest.mark.django_db

RUN_AGO = timedelta(minutes=40)
ALARM = f"arn:aws:cloudwatch:{build.REGION}:111111111111:alarm:too-low"


def run_it(cast: Cast, *, fires: datetime | None = None, lowest: float = 99.9) -> Run:
    """The fault that is to set the alarm off; `fires` is when it did."""
    number = Exercise.objects.count()
    Exercise.objects.filter(slug="2026-11").update(slug=f"edition-{number}")
    _, run = build.live(cast, expected_alarms=[ALARM])
    return finish_with(run, "ALARM" if fires else "OK", fires, lowest)


def finish_with(run: Run, state: str, since: datetime | None, lowest: float) -> Run:
    started_at = database_now() - RUN_AGO
    Run.objects.filter(pk=run.pk).update(started_at=started_at)
    told = {ALARM: AlarmReading(ALARM, "too-low", state, "", since=since)}
    record_alarms(Run.objects.get(pk=run.pk), told, now=database_now())
    return finish(run, lowest=lowest, started_ago=RUN_AGO)


@pytest.fixture
def silent(cast: Cast) -> Finding:
    """It stayed silent, somebody mended it, and the fix is live."""
    run_it(cast)
    return with_a_live_fix(Finding.objects.get(alarm=ALARM), cast)


def verified(cast: Cast, finding: Finding) -> Finding:
    return move_finding(actor=cast.actor("owner"), finding=finding, to=FindingState.VERIFIED)


def in_the_fault() -> datetime:
    return database_now() - RUN_AGO + timedelta(minutes=2)


@pytest.mark.parametrize("lowest", [99.9, 96.0])
def test_a_run_that_sets_it_off_verifies_it_whatever_the_verdict(
    cast: Cast, silent: Finding, lowest: float
) -> None:
    run = run_it(cast, fires=in_the_fault(), lowest=lowest)
    done = verified(cast, silent)
    assert (done.state, done.verified_by_run) == (FindingState.VERIFIED.value, run)


def test_a_run_that_held_without_it_does_not(cast: Cast, silent: Finding, client: Client) -> None:
    Exercise.objects.filter(slug="2026-11").update(slug="between")
    _, run = build.live(cast)  # expects no alarm, so nothing comes back
    assert finish(run, lowest=99.9, started_ago=RUN_AGO).verdict == "held"
    with pytest.raises(Refused, match="has set this alarm off since the fix"):
        verified(cast, silent)
    client.force_login(cast.owner)
    page = client.get(reverse("finding_detail", args=[silent.pk])).content.decode()
    assert "Verified only by a run that set this alarm off after the fix went live" in page


def test_an_alarm_from_before_the_fault_verifies_nothing(cast: Cast, silent: Finding) -> None:
    run_it(cast, fires=database_now() - RUN_AGO - timedelta(minutes=1))
    with pytest.raises(Refused, match="has set this alarm off since the fix"):
        verified(cast, silent)


def of_a_rehearsal(run: Run, cast: Cast) -> None:
    Run.objects.filter(pk=run.pk).update(is_rehearsal=True)


def not_as_approved(run: Run, cast: Cast) -> None:
    append_event(exercise=run.experiment.exercise, run=run, kind=UNAPPROVED, text="Another.")


def before_the_fix(run: Run, cast: Cast) -> None:
    at = database_now() - FIXED_AGO - timedelta(minutes=5)
    Run.objects.filter(pk=run.pk).update(started_at=at)


def on_another_family(run: Run, cast: Cast) -> None:
    Finding.objects.filter(alarm=ALARM).update(failure_family="storage-loss")


@pytest.mark.parametrize(
    "made", [of_a_rehearsal, not_as_approved, before_the_fix, on_another_family]
)
def test_no_other_alarm_line_verifies_it(
    cast: Cast, silent: Finding, made: Callable[[Run, Cast], None]
) -> None:
    run = run_it(cast, fires=in_the_fault())
    made(run, cast)
    with pytest.raises(Refused, match="has set this alarm off since the fix"):
        verified(cast, silent)


@pytest.mark.parametrize(
    ("before", "after"),
    [(FindingState.FIX_LIVE, FindingState.FIX_AGREED), (FindingState.VERIFIED, "accepted")],
)
def test_silent_once_more_it_is_open_again_and_no_draft_stands_beside_it(
    cast: Cast, silent: Finding, before: FindingState, after: str
) -> None:
    Finding.objects.filter(pk=silent.pk).update(state=before.value)
    run_it(cast)
    found = Finding.objects.get()
    assert (found.pk, found.state) == (silent.pk, after)
    assert found.notes.last().text.endswith("Stop one broker. too-low stayed silent.")  # type: ignore[union-attr]


def test_what_else_a_retest_of_it_shows_is_a_finding_of_its_own(
    cast: Cast, silent: Finding
) -> None:
    Exercise.objects.filter(slug="2026-11").update(slug="again")
    _, run = build.live(cast, expected_alarms=[ALARM])
    Experiment.objects.filter(pk=run.experiment_id).update(retest_of=silent)
    finish_with(Run.objects.get(pk=run.pk), "ALARM", in_the_fault(), 96.0)
    silent.refresh_from_db()
    assert silent.state == FindingState.FIX_LIVE.value
    assert Finding.objects.get(alarm="").state == FindingState.DRAFT.value
