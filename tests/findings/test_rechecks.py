"""A run that has held so far has no verdict before it was checked again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.engine_values import EngineStatus, Observation
from exercises.domain.errors import Invalid
from exercises.models import Experiment, Finding, Run, Sample
from exercises.models.due_work import database_now
from exercises.services.judge import judge_when_settled
from exercises.services.propose import edit_draft
from exercises.services.run_changes import record_observation
from tests import build
from tests.cast import Cast
from tests.drive import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(cast: Cast) -> Run:
    """It ended an hour ago, after ten minutes, and is checked again half an hour later."""
    _, found = build.live(cast, recheck_after_min=30)
    began = database_now() - timedelta(minutes=70)
    Run.objects.filter(pk=found.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=found.pk).update(
        state="running", started_at=began, experiment_ref="EXP1", engine_status="running"
    )
    measured(found, minutes=range(-5, 17))
    ended_at = began + timedelta(minutes=10)
    over = Observation("EXP1", EngineStatus.COMPLETED, "", began, ended_at, ())
    record_observation(fresh(found), over, now=database_now())
    return fresh(found)


def measured(run: Run, *, minutes: range, delivered: float = 99.9) -> None:
    began = fresh(run).started_at
    assert began is not None
    Sample.objects.bulk_create(
        Sample(run=run, probe=probe, at=began + timedelta(minutes=minute), value=value)
        for minute in minutes
        for probe, value in (("delivered", delivered), ("clusters", 1))
    )


def judged(run: Run, *, minute: int) -> Run:
    assert run.started_at is not None
    judge_when_settled(fresh(run), now=run.started_at + timedelta(minutes=minute), is_read=True)
    return fresh(run)


def lines(run: Run) -> list[str]:
    return list(run.events.filter(kind__startswith="verdict.").values_list("kind", flat=True))


def test_the_verdict_waits_for_the_delayed_check(run: Run) -> None:
    assert run.recheck_at == run.ended_at + timedelta(minutes=30)  # type: ignore[operator]
    waiting = judged(judged(run, minute=20), minute=25)
    assert waiting.judged_at is None
    assert run in Run.objects.watched()
    assert lines(run) == ["verdict.waits"]
    measured(run, minutes=range(35, 41))
    held = judged(run, minute=44)
    assert held.verdict == "held"
    assert held.verdict_reason.endswith("Checked again 30 min after the fault: steady.")
    assert [probe["was_steady_later"] for probe in held.judgement["probes"]] == [True, True]
    checked = run.events.get(kind="verdict.rechecked")
    assert (checked.at, checked.text) == (run.recheck_at, "Stop one broker: checked again, steady.")


def test_what_is_not_steady_any_more_is_a_finding(run: Run) -> None:
    judged(run, minute=20)
    measured(run, minutes=range(35, 41), delivered=80)
    found = judged(run, minute=44)
    assert found.verdict == "not_held"
    assert "Messages delivered not steady when checked again" in found.verdict_reason
    assert "not steady when checked again" in Finding.objects.get().body


def test_silence_at_the_delayed_check_is_not_steady(run: Run) -> None:
    assert judged(run, minute=44).verdict == "not_held"


def test_what_fell_is_said_at_once(run: Run) -> None:
    Sample.objects.filter(run=run, probe="delivered").update(value=50)
    began = run.started_at
    Sample.objects.filter(run=run, probe="delivered", at__lt=began).update(value=99.9)
    found = judged(run, minute=20)
    assert found.verdict == "not_held"
    assert found.judgement["probes"][0]["was_steady_later"] is None
    assert "verdict.rechecked" not in lines(found)


def test_the_delayed_check_is_part_of_what_is_approved(cast: Cast) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    assert "recheck_after_min" not in experiment.revision.plan
    before = experiment.revision.digest
    draft = build.draft(cast, recheck_after_min=30)
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=draft)
    after = Experiment.objects.get(pk=experiment.pk).revision
    assert after is not None
    assert (after.plan["recheck_after_min"], after.digest != before) == (30, True)


@pytest.mark.parametrize("minutes", [9, 241])
def test_a_check_too_early_or_too_late_names_the_limit(cast: Cast, minutes: int) -> None:
    with pytest.raises(Invalid, match="recheck_after_min: 10 to 240 minutes, or 0"):
        build.proposed(cast, recheck_after_min=minutes)


def test_the_pages_say_when_it_is_checked_again(cast: Cast, client: Client) -> None:
    experiment = build.proposed(cast, recheck_after_min=30)
    client.force_login(cast.author)
    form = client.get(reverse("experiment_edit", args=[experiment.pk])).content.decode()
    assert 'name="recheck_after_min" value="30"' in form
    shown = client.get(reverse("experiment_detail", args=[experiment.pk])).content.decode()
    assert "Checked again 30 min after the fault" in shown
