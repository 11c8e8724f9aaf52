"""Things of the matrix that are planned ahead: freezes, schedules, game days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from exercises.domain.exercise_phases import Phase
from exercises.domain.game_rules import STANDARD, rules_to_json
from exercises.domain.score_ledger import EntryKind
from exercises.models import (
    AccountRegion,
    Exercise,
    Experiment,
    FreezeException,
    FreezeSource,
    Improvement,
    Schedule,
    Team,
)
from exercises.models.due_work import database_now
from exercises.services.freezes import Scope, declare_freeze
from exercises.services.game_days import RoundPlan, set_up
from exercises.services.game_ledger import write
from exercises.services.schedules import create_programme
from tests import build
from tests.cast import Cast

SECRET: Final = "quillwort"

Thing = dict[str, Any]


def game_days(cast: Cast) -> dict[str, Thing]:
    """One that is live, played by the team against the outsider's, who proposed an idea; one
    that is ahead. The owner of the team is of the chaos team of neither."""
    teams = [cast.team, cast.other_team]
    chaos = Team.objects.create(slug="chaos-crew", name="Chaos crew")
    things = {}
    for name, phase in (("game", Phase.LIVE), ("game-ahead", Phase.APPROVE)):
        exercise = build.exercise(cast, slug=name, phase=phase, opens_in=-timedelta(minutes=10))
        day = set_up(
            exercise_id=exercise.pk,
            chaos_team=chaos,
            teams=teams,
            rounds=[RoundPlan("Who is called?", 0, 3600)],
            rules=rules_to_json(STANDARD),
        )
        Exercise.objects.filter(pk=exercise.pk).update(kind="game_day")
        idea = Improvement.objects.create(
            game_day=day,
            team=cast.other_team,
            title="An alarm per endpoint",
            helps="detection",
            proposed_by=cast.outsider,
            proposed_at=database_now(),
        )
        given = write(day, EntryKind.BONUS, team=cast.other_team, points=5)
        things[name] = {"slug": name, "pk": idea.pk, "seq": given.seq}
    return things


def freezes(cast: Cast) -> dict[str, Thing]:
    soon = database_now() + timedelta(minutes=30)
    window: dict[str, Any] = {"starts_at": soon, "ends_at": soon + timedelta(hours=3)}
    lead = cast.actor("lead")
    of_all = declare_freeze(actor=lead, name="Year end", reason="Books close.", **window)
    of_team = declare_freeze(
        actor=lead,
        name="Move of the team",
        reason="They move.",
        scope=Scope(teams=[cast.team]),
        **window,
    )
    private = Experiment.objects.get(
        exercise__kind="self_service", author=cast.author, wave=1, is_imported=False
    )
    exception = FreezeException.objects.create(
        freeze=of_all,
        experiment=private,
        digest="0" * 64,
        reason=f"The {SECRET} cannot wait.",
        granted_by=cast.lead,
        granted_at=database_now(),
        valid_until=window["ends_at"],
    )
    source = FreezeSource.objects.create(
        name="Change calendar", url="https://calendar.example.test/a.ics", added_by=cast.lead
    )
    return {
        "freeze": {
            "pk": of_all.pk,
            "name": of_all.name,
            "exception_id": exception.pk,
            "experiment_id": private.pk,
        },
        "freeze-of-team": {
            "pk": of_team.pk,
            "name": of_team.name,
            "experiment_id": private.pk,
        },
        "calendar": {"pk": source.pk},
    }


def places(application: str, place: AccountRegion) -> dict[str, Thing]:
    """An account in one Region, and where an application is deployed in it."""
    account: Thing = {"account_id": place.account.account_id, "region": place.region}
    return {
        "account": account | {"place": place.pk},
        "deployment": account | {"slug": application},
    }


def schedule(cast: Cast) -> dict[str, Thing]:
    programme = create_programme(
        actor=cast.actor("lead"),
        name="Cloud ITEE",
        lead=cast.lead,
        safety_officer=cast.safety,
    )
    schedule = Schedule.objects.create(
        slug=programme.slug,
        programme=programme,
        rrule="FREQ=MONTHLY;BYDAY=2TU",
        timezone="Europe/Berlin",
        local_start="2026-10-13T09:00:00",
        duration_s=4 * 3600,
        region=build.REGION,
        is_suspended=True,
        suspended_at=database_now(),
    )
    return {"schedule": {"pk": schedule.pk, "slug": programme.slug}}
