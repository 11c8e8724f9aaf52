"""Who may freeze what, what a freeze does to runs, and what an exception lifts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from exercises.domain.actors import Door
from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.models import AuditEntry, FreezeException, FreezeWindow, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.models.runs import Run as RunModel
from exercises.queries.freezes import freeze_detail, held_by_freeze
from exercises.queries.readiness import ReadinessItem, readiness_of
from exercises.queries.start_gate import refusals
from exercises.services.freezes import (
    Scope,
    change_freeze,
    declare_freeze,
    except_from_freeze,
    lift_freeze,
    revoke_exception,
)
from exercises.services.guardrails import hold_freezes
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def declare(
    cast: Cast, by: str = "lead", scope: Scope | None = None, **changes: object
) -> FreezeWindow:
    now = database_now()
    values = {"name": "Model launch", "starts_at": now, "ends_at": now + HOUR} | changes
    return declare_freeze(actor=cast.actor(by), scope=scope, **values)  # type: ignore[arg-type]


def rules(run: Run) -> set[str]:
    now = database_now()
    Run.objects.filter(pk=run.pk).update(scheduled_at=now)
    run = RunModel.objects.get(pk=run.pk)
    return {r.rule for r in refusals(run, now=now, target_count=1)}


@pytest.mark.parametrize("who", ["lead", "safety"])
def test_leads_and_safety_officers_freeze_everything(cast: Cast, who: str) -> None:
    assert declare(cast, who).declared_by == getattr(cast, who)


def test_an_owner_freezes_their_own_team_only(cast: Cast) -> None:
    assert declare(cast, "owner", Scope(teams=[cast.team])).teams.get() == cast.team
    for scope in (Scope(), Scope(teams=[cast.team, cast.other_team])):
        with pytest.raises(NotAllowed):
            declare(cast, "owner", scope)
    with pytest.raises(NotAllowed):
        lift_freeze(actor=cast.actor("owner"), freeze=declare(cast), reason="We need it.")


@pytest.mark.parametrize("who", ["author", "operator", "leadership", "auditor", "outsider"])
def test_nobody_else_freezes_anything(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        declare(cast, who, Scope(teams=[cast.team]))


def test_what_is_wrong_is_named_field_by_field(cast: Cast) -> None:
    now = database_now()
    with pytest.raises(Invalid) as error:
        declare(cast, name=" ", ends_at=now - HOUR, scope=Scope(environments=["prod"]))
    assert [field for field, _ in error.value.problems] == ["name", "ends_at", "environments"]
    with pytest.raises(Invalid, match="366 days"):
        declare(cast, ends_at=now + timedelta(days=400))


def test_a_freeze_says_in_the_log_which_experiments_it_holds(cast: Cast) -> None:
    experiment = build.approved(cast, build.exercise(cast, opens_in=HOUR))
    now = database_now()
    freeze = declare(cast, ends_at=now + 3 * HOUR)
    assert experiment.title in RunEvent.objects.get(kind="freeze.holds").text
    assert [f.name for f in held_by_freeze([experiment], now=now)[experiment.pk]] == [freeze.name]
    assert freeze_detail(cast.actor("lead"), freeze, now=now).held == (experiment,)
    assert AuditEntry.objects.filter(action="freeze.declare").exists()


def test_nothing_starts_when_the_freeze_begins_before_the_longest_it_can_take(cast: Cast) -> None:
    _, run = build.live(cast)
    assert "freeze.active" not in rules(run)
    now = database_now()
    soon = declare(cast, starts_at=now + timedelta(minutes=2), ends_at=now + HOUR)
    assert "freeze.active" in rules(run)
    change_freeze(
        actor=cast.actor("lead"),
        freeze=soon,
        name=soon.name,
        starts_at=now + 2 * HOUR,
        ends_at=now + 3 * HOUR,
    )
    assert "freeze.active" not in rules(run)


def test_a_freeze_that_begins_under_a_run_stops_it_by_rule(cast: Cast) -> None:
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(state="starting")
    Run.objects.filter(pk=run.pk).update(state="running", started_at=database_now())
    run = Run.objects.get(pk=run.pk)
    assert not hold_freezes(run, now=database_now())
    declare(cast)
    assert hold_freezes(run, now=database_now())
    asked = RunEvent.objects.get(run=run, kind="stop.requested")
    assert asked.source == "freeze"
    assert "Model launch has begun" in asked.text
    assert AuditEntry.objects.get(action="run.stop").actor_name == "chaosplane"


@pytest.fixture
def held(cast: Cast) -> tuple[FreezeWindow, Run]:
    _, run = build.live(cast)
    return declare(cast), run


def grant(cast: Cast, freeze: FreezeWindow, run: Run, **changes: object) -> FreezeException:
    values = {
        "actor": cast.actor("lead"),
        "reason": "The launch depends on this proof.",
        "valid_until": database_now() + HOUR,
    } | changes
    return except_from_freeze(freeze=freeze, experiment=run.experiment, **values)  # type: ignore[arg-type]


def test_an_exception_lifts_one_freeze_for_one_experiment_until_it_expires(
    cast: Cast, held: tuple[FreezeWindow, Run]
) -> None:
    freeze, run = held
    assert "freeze.active" in rules(run)
    exception = grant(cast, freeze, run)
    assert "freeze.active" not in rules(run)
    assert RunEvent.objects.filter(kind="freeze.excepted").exists()
    FreezeException.objects.update(valid_until=database_now())
    assert "freeze.active" in rules(run)
    FreezeException.objects.update(valid_until=database_now() + HOUR)
    revoke_exception(actor=cast.actor("lead"), exception=exception)
    assert "freeze.active" in rules(run)


def test_an_exception_is_void_after_any_edit(cast: Cast, held: tuple[FreezeWindow, Run]) -> None:
    freeze, run = held
    grant(cast, freeze, run)
    FreezeException.objects.update(digest="0" * 64)
    assert "freeze.active" in rules(run)


def test_another_freeze_still_binds(cast: Cast, held: tuple[FreezeWindow, Run]) -> None:
    freeze, run = held
    grant(cast, freeze, run)
    declare(cast, name="Peak")
    assert "freeze.active" in rules(run)


def test_only_a_programme_lead_who_did_not_propose_it_excepts_and_only_by_hand(
    cast: Cast, held: tuple[FreezeWindow, Run]
) -> None:
    freeze, run = held
    for who in ("safety", "owner", "author"):
        with pytest.raises(NotAllowed):
            grant(cast, freeze, run, actor=cast.actor(who))
    with pytest.raises(NotAllowed):
        grant(cast, freeze, run, actor=cast.actor("lead", Door.API))
    run.experiment.proposed_by = cast.lead
    run.experiment.save(update_fields=["proposed_by"])
    with pytest.raises(Refused):
        grant(cast, freeze, run)


def test_an_exception_needs_a_reason_and_an_end_and_a_freeze_that_holds(
    cast: Cast, held: tuple[FreezeWindow, Run]
) -> None:
    freeze, run = held
    with pytest.raises(Invalid, match="reason"):
        grant(cast, freeze, run, reason="")
    end: datetime = database_now() + timedelta(days=30)
    with pytest.raises(Invalid, match="14 days"):
        grant(cast, freeze, run, valid_until=end)
    elsewhere = declare(cast, scope=Scope(teams=[cast.other_team]))
    with pytest.raises(Conflict, match="does not hold"):
        grant(cast, elsewhere, run)


def test_a_lifted_freeze_holds_nothing_and_is_not_lifted_twice(
    cast: Cast, held: tuple[FreezeWindow, Run]
) -> None:
    freeze, run = held
    lift_freeze(actor=cast.actor("safety"), freeze=freeze, reason="The launch is over.")
    assert "freeze.active" not in rules(run)
    with pytest.raises(Conflict, match="lifted"):
        lift_freeze(actor=cast.actor("safety"), freeze=freeze, reason="The launch is over.")


def test_the_readiness_list_says_who_granted_an_exception_and_why(
    cast: Cast, held: tuple[FreezeWindow, Run]
) -> None:
    freeze, run = held

    def line() -> ReadinessItem:
        found = readiness_of(run.experiment.exercise, now=database_now())
        return next(item for item in found if item.key == "freeze.active")

    assert (line().status, line().detail) == ("fail", "Model launch")
    grant(cast, freeze, run)
    excepted = line()
    assert (excepted.status, excepted.blocks) == ("ok", False)
    assert excepted.label == "Every freeze in the window has its exceptions"
    assert f"“{run.experiment.title}” may run in Model launch until" in excepted.detail
    assert "by Programme lead: The launch depends on this proof." in excepted.detail
    declare(cast, name="Peak")
    assert line().status == "fail"
    assert line().detail.startswith("Peak. “")
    FreezeException.objects.update(digest="0" * 64)
    assert line().detail == "Model launch, Peak"
