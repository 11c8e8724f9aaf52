"""What a body of the API may name that is somebody else's, and how each attempt is made.

`relations` finds the fields; INJECTED and PUBLIC say of every one of them what comes of it.
Used by test_injection.py. A new relation without a row here fails there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from rest_framework import serializers

import exercises.api
from exercises.api.strict import StrictSerializer
from exercises.models import Exercise, Finding, GameDay
from exercises.models.due_work import database_now
from tests import build, past
from tests.authorization.planned import Thing
from tests.authorization.sent import SENT
from tests.authorization.world import World

NAMES_OF_THINGS: Final = frozenset(
    {
        "account", "account_id", "accounts", "application", "applications", "depends_on",
        "deployment", "exercise", "experiment", "finding", "owner", "places", "programme",
        "retest_of", "run", "template", "templates", "template_version", "webhook",
    }
)  # fmt: skip
"""A text or a number of this name is a relation, too, though no field of DRF says so."""

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Injection:
    """`address` is sent `own` by the owner of another team, which is taken; and `foreign`
    on top of it, which is refused. Where only a lead may ask at all, `by_lead` may name it."""

    address: str
    method: str
    thing: Callable[[World], Thing]
    own: Callable[[World], Body]
    foreign: Callable[[World], Body]
    by_lead: bool = False
    is_tried: bool = True  # False: what is taken would ask AWS, only the refusal is tried


def relations() -> Iterator[str]:
    """`Serializer.field` of everything that is written through the API and names a thing."""
    for module in pkgutil.iter_modules(exercises.api.__path__):
        importlib.import_module(f"{exercises.api.__name__}.{module.name}")
    for kind in _below(StrictSerializer):
        if kind.__module__.startswith("exercises."):
            for name, field in kind().fields.items():
                is_related = isinstance(
                    field, serializers.RelatedField | serializers.ManyRelatedField
                )
                if is_related or name in NAMES_OF_THINGS:
                    yield f"{kind.__name__}.{name}"


def _below(kind: type[StrictSerializer]) -> Iterator[type[StrictSerializer]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


# -- What is sent --------------------------------------------------------------------------


def _of_row(address: str, method: str, thing: str = "-") -> Callable[[World], Body]:
    """What the matrix sends there."""
    return lambda world: SENT[address, method](world.things, world.things[thing])


def _experiment(world: World) -> Body:
    """Of an application of the outsider's team, in the exercise of the organisation."""
    own = past.deployed(_own_application(world))
    build.ladder_opened(own.application, world.cast.lead)
    return _of_row("api-experiment-list", "POST")(world) | {"application": own.application.slug}


def _own_application(world: World) -> Any:
    return world.cast.other_team.applications.get(slug="charging-map")


def _own_finding(world: World) -> Body:
    """The outsider took part in an exercise that went live, and saw something."""
    run = past.run(world.cast, _own_application(world), past.version())
    return {
        "exercise": run.experiment.exercise.slug,
        "application": "charging-map",
        "title": "Retries have no limit",
        "failure_family": "instance-loss",
    }


def _no_body(world: World) -> Body:
    return {}


def _named(**body: Any) -> Callable[[World], Body]:
    return lambda world: body


def _thing(name: str) -> Callable[[World], Thing]:
    return lambda world: world.things[name]


_TEAM: Final = _named(team="vehicle-telemetry")
_OWN_TEAM: Final = {"team": "charging"}
_OWN_ROLES: Final[Body] = {
    f"{purpose}_role_arn": f"arn:aws:iam::111111111111:role/{purpose}"
    for purpose in ("read", "start", "stop", "fis")
} | {"regions": {build.REGION: {}}}
_NEW_APPLICATION: Final = _named(name="Another", tier=2, slug="another", **_OWN_TEAM)
_CHAT: Final = {
    "name": "Room",
    "address": f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{'x' * 24}",
}
_VIEW: Final = _named(name="Mine", **_OWN_TEAM)
_MAIL: Final = _of_row("api-report-mail-list", "POST")
_TOKEN: Final = _named(name="pipeline", scopes=["write"], days=1, **_OWN_TEAM)
_WEBHOOK: Final = _named(url="https://hooks.example.test/in", events=["run.ended"], **_OWN_TEAM)


def _own_game(world: World) -> Thing:
    game = GameDay.objects.get(exercise__slug="game")
    return {"slug": game.exercise.slug}


def _own_exercise(world: World) -> Thing:
    """The one that is ahead, led by the outsider, with nothing in it yet that is theirs."""
    exercise = build.exercise(world.cast, slug="led-by-the-outsider")
    Exercise.objects.filter(pk=exercise.pk).update(lead=world.cast.outsider)
    return {"slug": exercise.slug}


def _own_draft_finding(world: World) -> Thing:
    """Of the outsider's application, seen in an exercise of all."""
    run = past.run(world.cast, _own_application(world), past.version())
    finding = Finding.objects.create(
        exercise=run.experiment.exercise,
        run=run,
        application=run.experiment.application,
        title="Retries have no limit",
        severity=2,
        failure_family="instance-loss",
        state="draft",
        created_at=database_now(),
    )
    return {"pk": finding.pk}


def _private_place(world: World) -> Body:
    experiment = world.things["private"]["pk"]
    return {"places": [{"experiment": experiment, "wave": 1, "slot_offset_s": 0}]}


INJECTED: Final[dict[str, Injection]] = {
    "AccountIn.team": Injection(
        "api-account-list", "POST", _thing("-"), _no_body,
        lambda w: _of_row("api-account-list", "POST")(w) | _TEAM(w), by_lead=True,
    ),
    "AccountIn.account_id": Injection(
        "api-account-list", "POST", _thing("-"), _no_body,
        _of_row("api-account-list", "POST"), by_lead=True,
    ),
    "AccountChange.team": Injection(
        "api-account-detail", "PUT", _thing("account"), _no_body,
        lambda w: _of_row("api-account-detail", "PUT")(w) | _OWN_ROLES | _TEAM(w), by_lead=True,
    ),
    "ApplicationIn.team": Injection(
        "api-application-list", "POST", _thing("-"), _NEW_APPLICATION, _TEAM
    ),
    "ApplicationChange.team": Injection(
        "api-application-detail", "PUT", _named(slug="charging-map"),
        _named(name="Charging map", **_OWN_TEAM), _TEAM,
    ),
    "ChannelIn.team": Injection(
        "api-channel-list", "POST", _thing("-"),
        _named(**_CHAT, **_OWN_TEAM), _TEAM,
    ),
    "SavedViewIn.team": Injection("api-finding-view-list", "POST", _thing("-"), _VIEW, _TEAM),
    "ImprovementIn.team": Injection(
        "api-game-day-improvements", "POST", _own_game,
        _named(title="Retry with jitter", helps="availability", **_OWN_TEAM), _TEAM,
    ),
    "OptIn.team": Injection(
        "api-game-day-opt", "PUT", _own_game, _named(is_on=False, **_OWN_TEAM), _TEAM
    ),
    "NoteIn.experiment": Injection(
        "api-exercise-note", "POST", _thing("ahead"), _named(text="A word on it."),
        lambda w: {"experiment": w.things["private"]["pk"]},
    ),
    "FreezeIn.teams": Injection(
        "api-freeze-list", "POST", _thing("-"),
        lambda w: _of_row("api-freeze-list", "POST")(w) | {"teams": ["charging"]},
        _named(teams=["charging", "vehicle-telemetry"]),
    ),
    "IncidentIn.teams": Injection(
        "api-incident-list", "POST", _thing("-"),
        _named(external_id="outside", title="Broker lost", severity="low", teams=["charging"]),
        _named(teams=["charging", "vehicle-telemetry"]),
    ),
    "FreezeCalendarIn.teams": Injection(
        "api-freeze-calendar-list", "POST", _thing("-"), _no_body,
        lambda w: _of_row("api-freeze-calendar-list", "POST")(w) | {"teams": ["charging"]},
        by_lead=True,
    ),
    "FreezeCalendarIn.accounts": Injection(
        "api-freeze-calendar-list", "POST", _thing("-"), _no_body,
        lambda w: _of_row("api-freeze-calendar-list", "POST")(w) | {"accounts": ["111111111111"]},
        by_lead=True,
    ),
    "ExerciseIn.lead": Injection(
        "api-exercise-list", "POST", _thing("-"), _no_body,
        _of_row("api-exercise-list", "POST"), by_lead=True,
    ),
    "ExerciseIn.safety_officer": Injection(
        "api-exercise-list", "POST", _thing("-"), _no_body,
        _of_row("api-exercise-list", "POST"), by_lead=True,
    ),
    "GameDayIn.lead": Injection(
        "api-game-day-list", "POST", _thing("-"), _no_body,
        _of_row("api-game-day-list", "POST"), by_lead=True,
    ),
    "GameDayIn.safety_officer": Injection(
        "api-game-day-list", "POST", _thing("-"), _no_body,
        _of_row("api-game-day-list", "POST"), by_lead=True,
    ),
    "GameDayIn.chaos_team": Injection(
        "api-game-day-list", "POST", _thing("-"), _no_body,
        _of_row("api-game-day-list", "POST"), by_lead=True,
    ),
    "GameDayIn.teams": Injection(
        "api-game-day-list", "POST", _thing("-"), _no_body,
        _of_row("api-game-day-list", "POST"), by_lead=True,
    ),
    "ScheduleIn.programme": Injection(
        "api-schedule-list", "POST", _thing("-"), _no_body,
        _of_row("api-schedule-list", "POST"), by_lead=True,
    ),
    "ReportMailIn.recipients": Injection(
        "api-report-mail-list", "POST", _thing("-"), _MAIL,
        lambda w: {"recipients": [w.cast.author.email]},
    ),
    "ExperimentIn.application": Injection(
        "api-experiment-list", "POST", _thing("-"), _experiment,
        lambda w: {"application": w.things["application"]["slug"]},
    ),
    "ExperimentIn.account_id": Injection(
        "api-experiment-list", "POST", _thing("-"), _experiment, _named(account_id=past.STAGING)
    ),
    "ExperimentIn.exercise": Injection(
        "api-experiment-list", "POST", _thing("-"), _experiment,
        lambda w: {"exercise": w.things["private"]["slug"]},
    ),
    "ExperimentIn.retest_of": Injection(
        "api-experiment-list", "POST", _thing("-"), _experiment,
        lambda w: {"retest_of": f"F-{w.things['private-finding-draft']['pk']}"},
    ),
    "FindingIn.exercise": Injection(
        "api-finding-list", "POST", _thing("-"), _own_finding,
        lambda w: {"exercise": w.things["private-past"]["slug"]},
    ),
    "FindingIn.application": Injection(
        "api-finding-list", "POST", _thing("-"), _own_finding, _named(application="telemetry-store")
    ),
    "KnowledgeIn.finding": Injection(
        "api-knowledge-list", "POST", _thing("-"), _named(title="A page", body="Words"),
        lambda w: {"finding": f"F-{w.things['private-finding-draft']['pk']}"},
    ),
    "TokenIn.team": Injection("api-token-list", "POST", _thing("-"), _TOKEN, _TEAM),
    "WebhookIn.team": Injection("api-webhook-list", "POST", _thing("-"), _WEBHOOK, _TEAM),
    "FindingChange.owner": Injection(
        "api-finding-detail", "PUT", _own_draft_finding, _named(title="Retries have no limit"),
        lambda w: {"owner": w.cast.author.email},
    ),
    "RunSheetIn.places": Injection(
        "api-exercise-run-sheet", "PUT", _own_exercise, _named(places=[]), _private_place
    ),
    "PlaceIn.experiment": Injection(
        "api-exercise-run-sheet", "PUT", _own_exercise, _named(places=[]), _private_place
    ),
    "BeginIn.account_id": Injection(
        "api-template-beginnings", "POST", _thing("-"), _no_body,
        _named(account_id="111111111111", region=build.REGION, action="aws:fis:wait"),
        by_lead=True, is_tried=False,
    ),
}  # fmt: skip

_CATALOGUE: Final = "the catalogue is everybody's"
PUBLIC: Final[dict[str, str]] = {
    "PolicyIn.account_id": "narrows rights to an account's roles, which all see; no external id",
    "IncidentIn.accounts": "narrows an incident of one's own teams to an account, as a freeze",
    "AskIn.applications": "asks other teams, which is its purpose; whose finding, is asked",
    "DependenciesIn.depends_on": "what one depends on is mostly of other teams, and seen by all",
    "ExperimentIn.template": _CATALOGUE,
    "ExperimentIn.template_version": _CATALOGUE,
    "DeploymentIn.account_id": "says where one's own application runs; accounts are shared",
    "InviteIn.applications": "asks other teams whether they take part, which is its purpose",
    "MemberIn.email": "takes anybody into one's own team, which is its purpose",
    "FeedIn.team": "narrows what its person may see to one team",
    "MentorIn.mentor": "asks somebody of another team, which is its purpose",
    "FreezeIn.accounts": "narrows a freeze of one's own teams to an account, which all see",
    "KnowledgeChange.templates": _CATALOGUE,
    "KnowledgeEdit.templates": _CATALOGUE,
    "KnowledgeIn.templates": _CATALOGUE,
    "ScopeIn.accounts": "the base of FreezeIn and FreezeCalendarIn; sent nowhere itself",
    "ScopeIn.teams": "the base of FreezeIn and FreezeCalendarIn; sent nowhere itself",
}
