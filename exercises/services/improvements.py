"""Improvements of a game day: proposed by a team that plays, judged once by the jury."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises import hints
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.game_rules import rules_from_json
from exercises.domain.score_ledger import EntryKind
from exercises.models import (
    GameDay,
    Improvement,
    ImprovementJudgement,
    ImprovementVote,
    Membership,
    Team,
)
from exercises.models.due_work import database_now
from exercises.models.game_days import HELPS
from exercises.permissions import authorize
from exercises.queries.game_ledger import entries_of, ledger_of, players
from exercises.queries.game_rounds import current_round, rounds_of
from exercises.services.audit import record
from exercises.services.game_ledger import is_frozen, lock_game_day, write

LONGEST_TITLE: Final = 160
LONGEST_BODY: Final = 2000
LONGEST_REASON: Final = 500
PLAYED: Final = frozenset({Phase.LIVE.value, Phase.DEBRIEF.value, Phase.CLOSED.value})


def propose_improvement(
    *, actor: Actor, game_day: GameDay, team: Team, title: str, helps: str, body: str = ""
) -> Improvement:
    """Put an idea before the jury. Raises NotAllowed, Invalid, Conflict (not played, frozen)."""
    authorize(actor, "improvement.propose", team)
    title, body = title.strip(), body.strip()
    problems = []
    if not 1 <= len(title) <= LONGEST_TITLE:
        problems.append(("title", f"1 to {LONGEST_TITLE} characters"))
    if len(body) > LONGEST_BODY:
        problems.append(("body", f"at most {LONGEST_BODY:,} characters"))
    if helps not in dict(HELPS):
        problems.append(("helps", f"one of {', '.join(dict(HELPS))}"))
    if problems:
        raise Invalid.of(problems)
    now = database_now()
    with transaction.atomic():
        locked = lock_game_day(game_day.pk)
        _refuse_closed(locked)
        if not players(entries_of(ledger_of(locked))).get(team.pk):
            raise Conflict(f"{team.name} is not on the board")
        on = current_round(rounds_of(locked, now=now))
        idea = Improvement.objects.create(
            game_day=locked,
            round=on.round if on else None,
            team=team,
            title=title,
            body=body,
            helps=helps,
            proposed_by_id=actor.person_id,
            proposed_at=now,
        )
        hints.tell_pages(locked.exercise_id)
        record(actor, "improvement.propose", idea, title=title, team=team.slug)
    return idea


def _refuse_closed(game_day: GameDay) -> None:
    if is_frozen(game_day):
        raise Conflict("the final standings are frozen: no idea counts any more")
    if game_day.exercise.phase not in PLAYED:
        raise Conflict("ideas are taken from the moment the game day is live")


def vote(*, actor: Actor, improvement: Improvement) -> ImprovementVote:
    """Find an idea good; twice is once. Raises NotAllowed, Refused (one's own)."""
    authorize(actor, "improvement.vote", improvement.game_day)
    if improvement.proposed_by_id == actor.user_id:
        raise Refused(
            Refusal(
                "improvement.own",
                "This improvement is your own.",
                "Others vote for it.",
            )
        )
    found, is_new = ImprovementVote.objects.get_or_create(
        improvement=improvement,
        voter_id=actor.person_id,
        defaults={"voted_at": database_now()},
    )
    if is_new:
        hints.tell_pages(improvement.game_day.exercise_id)
        record(actor, "improvement.vote", improvement)
    return found


def judge_improvement(
    *, actor: Actor, improvement: Improvement, accept: bool, reason: str = ""
) -> ImprovementJudgement:
    """Accept an idea, with its points, or do not; once.

    Raises NotAllowed, Refused (one's own or one's own team's), Invalid, Conflict.
    """
    authorize(actor, "gameday.judge", improvement.game_day)
    refuse_own(actor, improvement)
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or (not accept and not reason):
        raise Invalid("reason", f"say why not, in 1 to {LONGEST_REASON} characters")
    now = database_now()
    with transaction.atomic():
        locked = lock_game_day(improvement.game_day_id)
        _refuse_closed(locked)
        if ImprovementJudgement.objects.filter(improvement=improvement).exists():
            raise Conflict("the jury has judged this improvement already")
        judgement = ImprovementJudgement.objects.create(
            improvement=improvement,
            is_accepted=accept,
            reason=reason,
            judged_by_id=actor.person_id,
            judged_at=now,
        )
        if accept:
            write(
                locked,
                EntryKind.IDEA,
                team_id=improvement.team_id,
                round_id=improvement.round_id,
                improvement=improvement,
                points=rules_from_json(locked.rules).idea,
                reason=improvement.title,
                author_id=actor.user_id,
            )
        hints.tell_pages(locked.exercise_id)
        record(actor, "improvement.judge", improvement, accepted=accept, reason=reason)
    return judgement


def is_own(actor: Actor, improvement: Improvement) -> bool:
    """Whether this person proposed it, or is of the team that did, right now."""
    if improvement.proposed_by_id == actor.user_id:
        return True
    return Membership.objects.filter(user=actor.user_id, team=improvement.team_id).exists()


def refuse_own(actor: Actor, improvement: Improvement) -> None:
    """Raises Refused: nobody judges their own."""
    if is_own(actor, improvement):
        raise Refused(
            Refusal(
                "improvement.own",
                "This improvement is yours or your team's, and nobody judges their own.",
                "Somebody of the jury who is not of that team judges it.",
            )
        )
