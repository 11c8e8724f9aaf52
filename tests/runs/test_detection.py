"""A fault is followed from its injection to the steady state, and nothing of it is overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.engine_values import AlarmReading
from exercises.domain.errors import Conflict
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.queries.detection import chain_rows, detection_of
from exercises.services.detection import acknowledge_run
from exercises.services.run_changes import record_alarms
from tests import build
from tests.cast import Cast
from tests.drive import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(cast: Cast) -> Run:
    """One that was started a minute ago."""
    _, found = build.live(cast)
    started_at = database_now() - timedelta(seconds=60)
    Run.objects.filter(pk=found.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=found.pk).update(state="running", started_at=started_at)
    return Run.objects.select_related("revision", "experiment__exercise").get(pk=found.pk)


def told(run: Run, state: str, after_s: float = 40) -> dict[str, AlarmReading]:
    [arn] = run.experiment.deployment.alarm_arns
    assert run.started_at is not None
    since = run.started_at + timedelta(seconds=after_s)
    return {arn: AlarmReading(arn, "too-few", state, "Crossed.", since=since)}


def alarm_log(run: Run) -> list[str]:
    return list(
        run.events.filter(kind__startswith="alarm.").order_by("id").values_list("text", flat=True)
    )


def test_every_change_of_an_alarm_is_a_line_and_the_same_state_is_none(run: Run) -> None:
    for state in ("OK", "ALARM", "ALARM", "UNKNOWN", "INSUFFICIENT_DATA", "OK", "ALARM"):
        record_alarms(run, told(run, state), now=database_now())
    assert alarm_log(run) == [
        "too-few went into alarm. Crossed.",
        "too-few has no data. Crossed.",
        "too-few is OK again. Crossed.",
        "too-few went into alarm. Crossed.",
    ]


def test_an_alarm_counts_from_when_aws_says_and_after_the_end_too(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(ended_at=database_now())
    record_alarms(fresh(run), told(run, "ALARM"), now=database_now())
    chain = detection_of(fresh(run))
    assert chain is not None
    assert chain.alarmed is not None
    assert (chain.alarmed.what, chain.alarmed.after_s) == ("too-few", 40)
    assert fresh(run).alarms == [], "what stopped a run is kept as it was at its end"


def test_a_fault_is_acknowledged_once_by_whoever_sees_it_first(cast: Cast, run: Run) -> None:
    acknowledge_run(actor=cast.actor("author"), run=run)
    acknowledge_run(actor=cast.actor("owner"), run=run)
    [line] = run.events.filter(kind="run.acknowledged")
    assert line.author_id == cast.actor("author").user_id
    chain = detection_of(fresh(run))
    assert chain is not None
    assert [row.state for row in chain_rows(chain)] == ["came", "waits", "waits", "came", "waits"]


def test_nothing_is_acknowledged_before_the_start_or_after_the_verdict(
    cast: Cast, run: Run
) -> None:
    for change, said in (
        ({"judged_at": database_now()}, "over and judged"),
        ({"judged_at": None, "started_at": None}, "not started"),
    ):
        Run.objects.filter(pk=run.pk).update(**change)
        with pytest.raises(Conflict, match=said):
            acknowledge_run(actor=cast.actor("author"), run=run)


def test_the_room_and_the_debrief_show_the_chain(cast: Cast, run: Run, client: Client) -> None:
    client.force_login(cast.author)
    room = reverse("live_room", args=[run.experiment.exercise.slug])
    assert "Press when you see the fault" in client.get(room).content.decode()
    record_alarms(run, told(run, "ALARM"), now=database_now())
    answer = client.post(reverse("run_acknowledge", args=[run.pk]), follow=True)
    page = answer.content.decode()
    assert "too-few" in page
    assert "Press when you see the fault" not in page
    debrief = client.get(reverse("debrief", args=[run.experiment.exercise.slug]))
    assert "Acknowledged:" in debrief.content.decode()
