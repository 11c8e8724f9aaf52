"""What a person sees counts as any probe: kept with who and when, and silence is never steady."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Conflict, Invalid
from exercises.models import Run
from exercises.models.due_work import database_now
from exercises.services.guardrails import hold_guardrails
from exercises.services.judge import judgement_of
from exercises.services.judgements import say_how_it_is
from tests import build
from tests.cast import Cast
from tests.drive import fresh, work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db

SEEN = {
    "kind": "judgement",
    "key": "seen",
    "name": "Drivers see their vehicles",
    "is_business": False,
    "unit": "",
    "period_s": 300,
    "grace_s": 0,
    "low": 1,
    "stop_low": 1,
    "stop_after": 1,
}


@pytest.fixture
def run(cast: Cast) -> Run:
    """One with its slot ahead, judged by somebody's eyes beside its metrics."""
    return build.live(cast, steady_state=[*build.PROBES, SEEN])[1]


def say(cast: Cast, run: Run, is_steady: bool, note: str = "") -> None:
    say_how_it_is(
        actor=cast.actor("author"), run=fresh(run), probe="seen", is_steady=is_steady, note=note
    )


def began(run: Run, at: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=run.pk).update(state="running", started_at=at)


def test_it_is_a_reading_with_who_said_it_and_when(cast: Cast, run: Run) -> None:
    say(cast, run, True)
    say(cast, run, False, "The map is empty.")
    values = list(run.samples.order_by("at").values_list("probe", "value"))
    assert values == [("seen", 1.0), ("seen", 0.0)]
    line = run.events.filter(kind="probe.judged").order_by("id").last()
    assert line is not None
    assert line.text == "Drivers see their vehicles: not steady. The map is empty."
    assert line.author_id == cast.actor("author").user_id
    assert line.at == run.samples.order_by("at").last().at  # type: ignore[union-attr]


def test_the_last_word_before_the_fault_is_the_baseline_and_silence_is_none(
    cast: Cast, run: Run
) -> None:
    def seen(settled_at: datetime) -> tuple[bool, bool]:
        Run.objects.filter(pk=run.pk).update(settle_until=settled_at)
        judged = {p.key: p for p in judgement_of(fresh(run), now=settled_at).probes}["seen"]
        return judged.baseline_ok, judged.is_beyond

    at = database_now() + timedelta(minutes=1)
    began(run, at)
    assert seen(at + timedelta(minutes=5)) == (False, True)
    say(cast, run, False)
    assert not seen(at + timedelta(minutes=5))[0]
    say(cast, run, True)
    assert seen(at + timedelta(minutes=5))[0]


def test_not_steady_stops_a_run_as_any_probe_beyond_its_limit(cast: Cast, run: Run) -> None:
    began(run, database_now())
    say(cast, run, True)
    assert not hold_guardrails(fresh(run), now=database_now())
    say(cast, run, False)
    assert hold_guardrails(fresh(run), now=database_now())
    reason = run.events.get(kind="stop.requested").text
    assert "Drivers see their vehicles is at not steady, beyond its stop limit" in reason


def test_nothing_starts_before_somebody_said_that_it_is_steady(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast, steady_state=[*build.PROBES, {**SEEN, "period_s": 3600}])
    if_silent = "Drivers see their vehicles: no data in the last 120 min, expected steady."
    work_off()
    assert (fresh(run).state, if_silent in fresh(run).state_reason) == ("skipped", True)


def test_it_starts_once_somebody_said_so(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast, steady_state=[*build.PROBES, {**SEEN, "period_s": 3600}])
    say(cast, run, True)
    work_off()
    assert fresh(run).started_at is not None


def test_after_the_verdict_nobody_is_asked(cast: Cast, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(judged_at=database_now())
    with pytest.raises(Conflict, match="over and judged"):
        say(cast, run, True)


def test_only_a_judgement_that_is_asked_for_is_taken(cast: Cast, run: Run) -> None:
    actor = cast.actor("author")
    with pytest.raises(Invalid, match="probe: is no judgement"):
        say_how_it_is(actor=actor, run=run, probe="delivered", is_steady=True)
    with pytest.raises(Invalid, match="note: at most 500 characters"):
        say(cast, run, True, "x" * 501)
    assert not run.samples.exists()


def test_the_room_asks_and_shows_what_was_said(cast: Cast, run: Run, client: Client) -> None:
    client.force_login(cast.author)
    room = reverse("live_room", args=[run.experiment.exercise.slug])
    assert "Not steady</button>" in client.get(f"{room}?run={run.pk}").content.decode()
    url = reverse("run_judge", args=[run.pk])
    answer = client.post(url, {"not_steady": "seen", "note": "The map is empty."}, follow=True)
    assert "not steady. The map is empty." in answer.content.decode()


def test_the_form_needs_no_number_for_it(cast: Cast, run: Run, client: Client) -> None:
    from exercises.domain.steady_state import probes_from_json
    from exercises.web.forms.probe_rows import read_row, rows_from

    typed = {
        "probe-0-name": str(SEEN["name"]),
        "probe-0-kind": "judgement",
        "probe-0-period_s": "300",
    }
    problems: list[tuple[str, str]] = []
    read = read_row(rows_from(typed, most=1)[0], problems)
    assert not problems
    assert probes_from_json([read])[0].low == 1
