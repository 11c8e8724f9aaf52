"""Who may do what: deny by default, the only place that decides.

Services call `authorize` before they touch anything; pages ask `may` for what to show.
Stop is for everyone who can see the exercise: hesitation costs more than a wrong stop.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from exercises.domain.actors import Actor, Door
from exercises.domain.capacities import OrgRole, TeamRole, capacities_of
from exercises.domain.denials import DENIALS
from exercises.domain.doors import BY_HAND, OF_A_SERVICE, SCOPE_OF
from exercises.domain.errors import NotAllowed
from exercises.domain.freezes import FreezeScope
from exercises.models import (
    Application,
    Channel,
    CloudAccount,
    Exercise,
    Experiment,
    Finding,
    FindingQuestion,
    GameDay,
    MentorRequest,
    Participation,
    Run,
    Team,
    User,
    WebhookEndpoint,
)
from exercises.stopping.capability import capability_of

Rule = Callable[[Actor, object], bool]

_WRITERS = frozenset({TeamRole.MEMBER.value, TeamRole.OPERATOR.value, TeamRole.OWNER.value})
_OPERATORS = frozenset({TeamRole.OPERATOR.value, TeamRole.OWNER.value})
_OWNERS = frozenset({TeamRole.OWNER.value})
_READS_AUDIT = frozenset({OrgRole.AUDITOR.value, OrgRole.LEADERSHIP.value})


def actor_for(
    user: User, door: Door, scopes: frozenset[str] | None = None, *, until: datetime | None = None
) -> Actor:
    """The actor a person, or the service of a team, is right now: rights are read anew for each
    request. A service is a member of its team and holds no more than the scopes it came with."""
    team_id = user.service_of_id
    roles = {each.team_id: each.role for each in user.memberships.all()} if team_id is None else {}
    return Actor(
        user_id=user.pk,
        name=user.name,
        door=door,
        org_roles=frozenset(each.role for each in user.organisation_roles.all()),
        team_roles=roles if team_id is None else {team_id: TeamRole.MEMBER.value},
        scopes=scopes if team_id is None else scopes or frozenset(),
        is_active=user.is_active,
        is_service=team_id is not None,
        until=until,
    )


def _is_lead_role(actor: Actor, thing: object = None) -> bool:
    return OrgRole.PROGRAMME_LEAD.value in actor.org_roles


def _team_role(actor: Actor, application: Application) -> str | None:
    return actor.team_roles.get(application.team_id)


def _runs_exercise(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Exercise)
    return _is_lead_role(actor) or thing.lead_id == actor.user_id


def _confirms_go(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Exercise)
    return OrgRole.SAFETY_OFFICER.value in actor.org_roles or (
        thing.safety_officer_id is not None and thing.safety_officer_id == actor.user_id
    )


def _acknowledges(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Participation)
    if thing.on_call_person_id is not None and thing.on_call_person_id == actor.user_id:
        return True
    return _team_role(actor, thing.application) in _OPERATORS


def _cancels(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Experiment)
    return _runs_exercise(actor, thing.exercise) or (
        _team_role(actor, thing.application) in _OPERATORS
    )


def _answers_for(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Application)
    return _team_role(actor, thing) in _OPERATORS or _is_lead_role(actor)


def _shows_badge(actor: Actor, thing: object) -> bool:
    """What the world sees of it is the word of its own team."""
    assert isinstance(thing, Application)
    return _team_role(actor, thing) in _OPERATORS


def _proposes_for(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Application)
    return _team_role(actor, thing) in _WRITERS


def _edits(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Experiment)
    return _proposes_for(actor, thing.application)


def _decides(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Experiment)
    others = thing.application.dependents.values_list("team_id", flat=True)
    team_id = thing.application.team_id
    return bool(
        capacities_of(
            actor, owner_team_id=team_id, dependent_team_ids=frozenset(others) - {team_id}
        )
    )


def _preflights(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Experiment)
    return _is_lead_role(actor) or _team_role(actor, thing.application) in _WRITERS


def _sees_exercise(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Exercise)
    return Exercise.objects.visible_to(actor).filter(pk=thing.pk).exists()


def _reads_evidence(actor: Actor, thing: object) -> bool:
    """A pack holds the words and names of everyone in it, so it is for who answers for all."""
    assert isinstance(thing, Exercise)
    answers = bool(actor.org_roles) or thing.lead_id == actor.user_id
    return answers and _sees_exercise(actor, thing)


def _predicts(actor: Actor, thing: object) -> bool:
    """Everybody who takes part: a member of any team, or somebody who runs exercises."""
    assert isinstance(thing, Experiment)
    works = bool(actor.team_roles) or _answers_for_everyone(actor, thing)
    return works and Experiment.objects.visible_to(actor).filter(pk=thing.pk).exists()


def _sees_run(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Run)
    return _sees_exercise(actor, thing.experiment.exercise)


def _answers_for_everyone(actor: Actor, thing: object) -> bool:
    return bool({OrgRole.PROGRAMME_LEAD.value, OrgRole.SAFETY_OFFICER.value} & actor.org_roles)


def _works_on_finding(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Finding)
    return _is_lead_role(actor) or _team_role(actor, thing.application) in _WRITERS


def _takes_risk_of_finding(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Finding)
    return _owns_or_leads(actor, thing.application.team_id)


def _cleans_up(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Run)
    return _preflights(actor, thing.experiment)


def _leaves_as_it_is(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Run)
    return _owns_or_leads(actor, thing.experiment.application.team_id)


def _answers_question(actor: Actor, thing: object) -> bool:
    """Who could be hit answers, nobody for them."""
    assert isinstance(thing, FindingQuestion)
    return _team_role(actor, thing.application) in _WRITERS


def _writes_knowledge(actor: Actor, thing: object) -> bool:
    """Whoever does the work may write down what it taught."""
    return _answers_for_everyone(actor, thing) or not _WRITERS.isdisjoint(actor.team_roles.values())


def _traces_finding(actor: Actor, thing: object) -> bool:
    """What was learned is for all; the experiment of a team's own that taught it is not."""
    assert isinstance(thing, Finding)
    is_own = thing.exercise.kind == "self_service"
    return not is_own or bool(actor.org_roles) or thing.application.team_id in actor.team_roles


def _runs_game(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, GameDay)
    return _runs_exercise(actor, thing.exercise)


def _is_jury(actor: Actor, thing: object) -> bool:
    """The chaos team, which never plays, and the leads; own ideas are refused by the service."""
    assert isinstance(thing, GameDay)
    return thing.chaos_team_id in actor.team_roles or _runs_exercise(actor, thing.exercise)


def _sees_game(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, GameDay)
    return _sees_exercise(actor, thing.exercise)


def _holding(roles: frozenset[str]) -> Rule:
    """Who holds one of these roles in the team itself."""

    def holds(actor: Actor, thing: object) -> bool:
        assert isinstance(thing, Team)
        return actor.team_roles.get(thing.pk) in roles

    return holds


def _publishes_templates(actor: Actor, thing: object) -> bool:
    return _is_lead_role(actor) or not _OPERATORS.isdisjoint(actor.team_roles.values())


def _manages_team(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Team)
    return _owns_or_leads(actor, thing.pk)


def _owns_or_leads(actor: Actor, team_id: int | None) -> bool:
    """An owner of that team, or a programme lead, whose is what is no team's, too."""
    is_owner = team_id is not None and actor.team_roles.get(team_id) == TeamRole.OWNER.value
    return is_owner or _is_lead_role(actor)


def _sets_account_up(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, CloudAccount)
    return _is_lead_role(actor) or actor.team_roles.get(thing.team_id or 0) in _OPERATORS


def _was_asked(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, MentorRequest)
    return thing.mentor_id == actor.user_id


def _is_of_another_team(actor: Actor, thing: object) -> bool:
    """Four eyes are those of another team; that they have seen enough is asked by the service."""
    assert isinstance(thing, Application)
    return bool(actor.team_roles) and thing.team_id not in actor.team_roles


def _overrides_ladder(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Application)
    return _is_lead_role(actor) and thing.team_id not in actor.team_roles


def _manages_channel(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, Channel)
    if thing.person_id is not None:
        return thing.person_id == actor.user_id
    return _owns_or_leads(actor, thing.team_id)


def _manages_webhook(actor: Actor, thing: object) -> bool:
    assert isinstance(thing, WebhookEndpoint)
    return _owns_or_leads(actor, thing.team_id)


def _freezes(actor: Actor, thing: object) -> bool:
    """The organisation's freezes are those of its leads and safety officers; owners freeze
    their own teams."""
    assert isinstance(thing, FreezeScope)
    if _answers_for_everyone(actor, thing):
        return True
    owned = {t for t, role in actor.team_roles.items() if role == TeamRole.OWNER.value}
    return bool(thing.team_ids) and thing.team_ids <= owned and not thing.is_imported


def _signed_in(actor: Actor, thing: object) -> bool:
    return actor.user_id is not None


RULES: Final[dict[str, Rule]] = {
    "exercise.plan": _is_lead_role,
    "exercise.advance": _runs_exercise,
    "exercise.go": _runs_exercise,
    "exercise.confirm_go": _confirms_go,
    "exercise.continue": _runs_exercise,
    "exercise.view": _sees_exercise,
    "exercise.note": _sees_exercise,
    "exercise.stop": _sees_exercise,
    "participation.answer": _answers_for,
    "participation.poll": _answers_for,
    "participation.acknowledge": _acknowledges,
    "experiment.propose": _proposes_for,
    "experiment.edit": _edits,
    "experiment.decide": _decides,
    "experiment.preflight": _preflights,
    "experiment.cancel": _cancels,
    "experiment.predict": _predicts,
    "blameless.set": _is_lead_role,
    "view.save": _signed_in,
    "experiment.go": _cancels,
    "run.stop": _sees_run,
    "cleanup.report": _cleans_up,
    "cleanup.waive": _leaves_as_it_is,
    "account.stop": lambda actor, thing: capability_of(actor).may_stop_accounts,
    "lever.release": _answers_for_everyone,
    "schedule.resume": _answers_for_everyone,
    "recovery.confirm": _is_lead_role,
    "schedule.manage": _is_lead_role,
    "policy.propose": _is_lead_role,
    "policy.activate": _answers_for_everyone,
    "freeze.declare": _freezes,
    "freeze.lift": _freezes,
    "freeze.except": _is_lead_role,
    "freeze.import": _answers_for_everyone,
    "incident.report": _freezes,
    "incident.stop": _freezes,
    "finding.work": _works_on_finding,
    "finding.waive": _takes_risk_of_finding,
    "finding.trace": _traces_finding,
    "finding.answer": _answers_question,
    "knowledge.write": _writes_knowledge,
    "gameday.plan": _is_lead_role,
    "gameday.change": _runs_game,
    "gameday.opt": _holding(_OPERATORS),
    "gameday.see": _holding(_WRITERS),
    "gameday.jury": _is_jury,
    "gameday.judge": _is_jury,
    "gameday.correct": _runs_game,
    "gameday.freeze": _runs_game,
    "improvement.propose": _holding(_WRITERS),
    "improvement.vote": _sees_game,
    "state.declare": _signed_in,
    "template.publish": _publishes_templates,
    "team.create": _is_lead_role,
    "team.manage": _manages_team,
    "account.register": _is_lead_role,
    "application.register": _manages_team,
    "application.badge": _shows_badge,
    "report.write": _is_lead_role,
    "report.subscribe": _signed_in,
    "report.mail_others": _is_lead_role,
    "report.see_mails": _is_lead_role,
    "evidence.export": _reads_evidence,
    "token.issue": _signed_in,
    "service.issue": _holding(_OWNERS),
    "service.end": _manages_team,
    "service.resume": _holding(_OWNERS),
    "ci.configure": _is_lead_role,
    "feed.create": _signed_in,
    "notice.own": _signed_in,
    "channel.manage": _manages_channel,
    "webhook.manage": _manages_webhook,
    "delivery.view": _is_lead_role,
    "delivery.replay": _is_lead_role,
    "notice.policy": _is_lead_role,
    "audit.read": lambda actor, thing: not _READS_AUDIT.isdisjoint(actor.org_roles),
    "account.check": _sets_account_up,
    "account.look": _sets_account_up,
    "mentor.ask": _proposes_for,
    "mentor.answer": _was_asked,
    "mentor.sign_off": _is_of_another_team,
    "ladder.override": _overrides_ladder,
    "person.forget": lambda actor, thing: _is_lead_role(actor) or "auditor" in actor.org_roles,
    # Only whoever runs the installation, on its machine.
    "role.grant": lambda actor, thing: False,
}


def may(actor: Actor, action: str, thing: object = None) -> bool:
    """Whether this actor may do this to this thing. Unknown actions raise KeyError."""
    rule = RULES[action]
    if actor.is_system:
        return True
    if not actor.is_active or actor.user_id is None:
        return False
    if action in BY_HAND and actor.door is not Door.PAGE:
        return False
    if actor.is_service and action not in OF_A_SERVICE:
        return False
    if actor.scopes is not None and SCOPE_OF.get(action, "write") not in actor.scopes:
        return False
    return rule(actor, thing)


def authorize(actor: Actor, action: str, thing: object = None) -> None:
    """Raise NotAllowed unless this actor may do this to this thing."""
    if not may(actor, action, thing):
        raise NotAllowed(DENIALS.get(action, "You may not do this."))
