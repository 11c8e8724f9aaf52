"""An alarm that a fault should have set off and did not is a drafted finding, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.engine_values import AlarmReading
from exercises.domain.errors import Invalid
from exercises.models import Experiment, Finding, Run, Sample
from exercises.models.due_work import database_now
from exercises.services.judge import judge_when_settled
from exercises.services.propose import edit_draft
from exercises.services.run_changes import record_alarms
from tests import build
from tests.cast import Cast
from tests.drive import fresh

pytestmark = pytest.mark.django_db

LOW, LATE = (
    f"arn:aws:cloudwatch:{build.REGION}:111111111111:alarm:{name}" for name in ("too-low", "late")
)


@pytest.fixture
def run(cast: Cast) -> Run:
    """One that began half an hour ago and expects two alarms."""
    _, found = build.live(cast, expected_alarms=[LOW, LATE])
    started_at = database_now() - timedelta(minutes=30)
    Run.objects.filter(pk=found.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=found.pk).update(state="running", started_at=started_at)
    for minute in range(-5, 15):
        for probe, value in (("delivered", 99.9), ("clusters", 1)):
            at = started_at + timedelta(minutes=minute)
            Sample.objects.create(run=found, probe=probe, at=at, value=value)
    return fresh(found)


def tell(run: Run, **states: str) -> None:
    arns = {"low": LOW, "late": LATE}
    told = {arns[k]: AlarmReading(arns[k], k, state, "") for k, state in states.items()}
    record_alarms(fresh(run), told, now=database_now())


def over(run: Run, state: str = "completed") -> Run:
    """Ended long enough ago to be judged, and judged."""
    now = database_now()
    ended_at = now - timedelta(minutes=20)
    Run.objects.filter(pk=run.pk).update(state=state, ended_at=ended_at, settle_until=ended_at)
    judge_when_settled(fresh(run), now=now, is_read=True)
    return fresh(run)


def test_each_alarm_that_stayed_silent_is_drafted_with_its_charts(run: Run) -> None:
    tell(run, low="OK", late="MISSING")
    assert over(run).verdict == "held"
    late, low = Finding.objects.order_by("title")
    assert low.title == "Mqtt Broker: too-low stayed silent during Stop one broker"
    assert low.body.splitlines() == ["Expected: too-low goes into alarm.", "It was OK all along."]
    assert "AWS knows no alarm of this name" in late.body
    assert (low.state, low.alarm, late.alarm) == ("draft", LOW, LATE)
    kept = low.kept_evidence.get()
    assert [chart["spec"]["key"] for chart in kept.charts] == ["delivered", "clusters"]
    assert len(kept.charts[0]["points"]) == 20


def test_an_alarm_that_fired_is_no_finding_also_when_it_is_ok_again(run: Run) -> None:
    tell(run, low="ALARM", late="OK")
    tell(run, low="OK", late="ALARM")
    over(run)
    assert not Finding.objects.exists()


def test_judging_again_drafts_nothing_more(run: Run) -> None:
    tell(run, low="OK", late="ALARM")
    over(run)
    Run.objects.filter(pk=run.pk).update(judged_at=None)
    over(run)
    assert Finding.objects.get().alarm == LOW


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_a_run_that_was_cut_short_proves_nothing_about_alarms(run: Run, state: str) -> None:
    tell(run, low="OK", late="OK")
    over(run, state)
    assert not Finding.objects.exists()


def test_an_alarm_that_aws_did_not_tell_of_is_no_finding(run: Run) -> None:
    tell(run, low="UNKNOWN", late="ALARM")
    over(run)
    assert not Finding.objects.exists()


def test_what_is_expected_is_part_of_what_is_approved(cast: Cast) -> None:
    where = build.exercise(cast)
    experiment = build.proposed(cast, where)
    assert experiment.revision is not None
    assert "expected_alarms" not in experiment.revision.plan
    before = experiment.revision.digest
    edit_draft(
        actor=cast.actor("author"),
        experiment=experiment,
        draft=build.draft(cast, expected_alarms=[LOW]),
    )
    after = Experiment.objects.get(pk=experiment.pk).revision
    assert after is not None
    assert after.plan["expected_alarms"] == [LOW]
    assert after.digest != before


@pytest.mark.parametrize(
    ("arns", "said"),
    [
        (["too-low"], "expected_alarms: line 1: a CloudWatch alarm ARN"),
        ([LOW, LATE.replace("1" * 12, "2" * 12)], "expected_alarms: line 2: is in eu-central-1 of"),
        ([f"{LOW}{n}" for n in range(6)], "expected_alarms: at most 5 alarms"),
        ([LOW, LOW], "expected_alarms: each alarm once"),
    ],
)
def test_what_cannot_be_expected_names_the_line(cast: Cast, arns: list[str], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        build.proposed(cast, expected_alarms=arns)


def test_the_form_keeps_what_is_expected(cast: Cast, client: Client) -> None:
    experiment = build.proposed(cast, expected_alarms=[LOW])
    client.force_login(cast.author)
    page = client.get(reverse("experiment_edit", args=[experiment.pk])).content.decode()
    assert LOW in page
    detail = client.get(reverse("experiment_detail", args=[experiment.pk])).content.decode()
    assert "an alarm that should fire" in detail
