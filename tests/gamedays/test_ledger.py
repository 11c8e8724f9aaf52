"""The points ledger of a game day: who may write what, and what PostgreSQL refuses of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.domain.score_ledger import EntryKind
from exercises.models import (
    AuditEntry,
    FinalStandings,
    GameRound,
    Improvement,
    ImprovementJudgement,
    Membership,
    ScoreEntry,
)
from exercises.models.due_work import database_now
from exercises.queries.game_ledger import ledger_of, standings_now
from exercises.services.game_days import change_rules, opt, say, see_it
from exercises.services.game_ledger import score_due_rounds, score_rounds, write
from exercises.services.game_scores import correct, freeze_standings, give_points
from exercises.services.improvements import judge_improvement, propose_improvement, vote
from tests.gamedays.conftest import Play

pytestmark = pytest.mark.django_db


def board(play: Play) -> list[tuple[int, str, int]]:
    rows = standings_now(ledger_of(play.game_day))
    return [(row["rank"], row["team"], row["points"]) for row in rows]


def round_of(play: Play, number: int) -> GameRound:
    return play.game_day.rounds.get(number=number)


def idea(play: Play, **changes: str) -> Improvement:
    values = {"title": "Alarm per endpoint", "helps": "detection"} | changes
    return propose_improvement(
        actor=play.cast.actor("author"), game_day=play.game_day, team=play.team, **values
    )


def table_top(play: Play, points: int = 70) -> None:
    for team in (play.team, play.other):
        give_points(
            actor=play.as_jury(), game_day=play.game_day, one=round_of(play, 2), team=team,
            points=points, reason="Found the number in two minutes.",
        )  # fmt: skip


def refused(actor: Actor, sentence: str, act: object, **values: object) -> None:
    with pytest.raises((NotAllowed, Refused), match=sentence):
        act(actor=actor, **values)  # type: ignore[operator]


# -- Measured --------------------------------------------------------------------------------


def test_points_follow_from_the_samples_once_every_run_of_the_team_is_judged(play: Play) -> None:
    play.run(play.team, "telemetry-store", outside=5)
    play.run(play.other, "charging-api", judged=False)
    assert score_due_rounds() == 3
    assert board(play) == [(1, "vehicle-telemetry", 45), (2, "charging", 0)]
    assert score_due_rounds() == 0
    [available, detected, recovered] = ledger_of(play.game_day)[2:]
    assert (available.points, available.inside_ms, available.window_ms) == (30, 300_000, 600_000)
    assert (detected.points, detected.took_s) == (0, None)
    assert (recovered.points, recovered.took_s) == (15, 300)
    assert AuditEntry.objects.filter(action="game.score").count() == 1


def test_a_team_says_once_in_a_round_that_it_sees_the_fault(play: Play) -> None:
    author = play.cast.actor("author")
    with pytest.raises(Conflict, match="no round of injection"):
        see_it(actor=author, game_day=play.game_day, team=play.team)
    run = play.run(play.team, "telemetry-store", outside=5, judged=False)
    run.settle_until = database_now() + timedelta(minutes=5)
    run.save(update_fields=["settle_until"])
    see_it(actor=author, game_day=play.game_day, team=play.team)
    with pytest.raises(Conflict, match="already"):
        see_it(actor=author, game_day=play.game_day, team=play.team)
    refused(play.as_jury(), "members of the team", see_it, game_day=play.game_day, team=play.team)


def test_table_top_rounds_are_scored_by_the_jury_once_and_then_get_a_bonus(play: Play) -> None:
    play.phase("debrief")
    table_top(play)
    given = give_points(
        actor=play.as_jury(), game_day=play.game_day, one=round_of(play, 2), team=play.team,
        points=5, reason="Found the second fault.",
    )  # fmt: skip
    assert given.kind == "bonus"
    assert board(play) == [(1, "vehicle-telemetry", 75), (2, "charging", 70)]


def test_points_beyond_the_rules_name_the_limit(play: Play) -> None:
    play.phase("debrief")
    for points in (0, 91):
        with pytest.raises(Invalid, match="points: 1 to 90 for a table-top round"):
            table_top(play, points)
    with pytest.raises(Invalid, match="reason: say why"):
        give_points(
            actor=play.as_jury(), game_day=play.game_day, one=round_of(play, 2), team=play.team,
            points=5, reason=" ",
        )  # fmt: skip


def test_nobody_scores_a_round_that_is_sealed_or_still_measured(play: Play) -> None:
    values = {"points": 5, "reason": "Early.", "team": play.team, "game_day": play.game_day}
    with pytest.raises(Conflict, match="has not begun"):
        give_points(actor=play.as_jury(), one=round_of(play, 1), **values)  # type: ignore[arg-type]
    play.run(play.team, "telemetry-store", judged=False)
    with pytest.raises(Conflict, match="still to be measured"):
        give_points(actor=play.as_jury(), one=round_of(play, 1), **values)  # type: ignore[arg-type]


def test_nobody_gives_points_to_their_own_team(play: Play) -> None:
    play.phase("debrief")
    Membership.objects.create(user=play.jury, team=play.team, role="member")
    with pytest.raises(Refused, match="nobody gives points to their own team"):
        table_top(play)


# -- Improvements ----------------------------------------------------------------------------


def test_an_accepted_improvement_earns_its_points_once(play: Play) -> None:
    proposed = idea(play)
    judge_improvement(actor=play.as_jury(), improvement=proposed, accept=True)
    assert board(play)[0] == (1, "vehicle-telemetry", 10)
    with pytest.raises(Conflict, match="judged this improvement already"):
        judge_improvement(actor=play.as_jury(), improvement=proposed, accept=True)


def test_an_improvement_that_is_not_accepted_says_why_and_earns_nothing(play: Play) -> None:
    proposed = idea(play)
    with pytest.raises(Invalid, match="reason: say why not"):
        judge_improvement(actor=play.as_jury(), improvement=proposed, accept=False)
    judge_improvement(actor=play.as_jury(), improvement=proposed, accept=False, reason="Is live.")
    assert board(play)[0][2] == 0


def test_nobody_judges_their_own_improvement_whatever_roles_they_hold(play: Play) -> None:
    Membership.objects.create(user=play.cast.author, team=play.chaos, role="owner")
    proposed = idea(play)
    refused(
        play.cast.actor("author"), "nobody judges their own", judge_improvement,
        improvement=proposed, accept=True,
    )  # fmt: skip
    Membership.objects.create(user=play.jury, team=play.team, role="member")
    refused(
        play.as_jury(), "nobody judges their own", judge_improvement,
        improvement=proposed, accept=True,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="nobody judges their own"), transaction.atomic():
        ImprovementJudgement.objects.create(
            improvement=proposed, is_accepted=True, judged_by=play.cast.author,
            judged_at=database_now(),
        )  # fmt: skip


@pytest.mark.parametrize("who", ["owner", "outsider", "safety", "auditor"])
def test_only_the_jury_judges(play: Play, who: str) -> None:
    refused(
        play.cast.actor(who), "Only the jury", judge_improvement,
        improvement=idea(play), accept=True,
    )  # fmt: skip


def test_no_token_judges_scores_corrects_or_freezes(play: Play) -> None:
    token, proposed = play.as_jury(Door.API), idea(play)
    refused(token, "signed in on the page", judge_improvement, improvement=proposed, accept=True)
    lead, day = play.cast.actor("lead", Door.API), play.game_day
    refused(lead, "on the page", freeze_standings, game_day=day)
    refused(lead, "on the page", correct, game_day=day, seq=1, points=1, reason="Why.")
    refused(
        lead, "on the page", give_points, game_day=day, one=round_of(play, 2), team=play.team,
        points=1, reason="Why.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": " "}, "title: 1 to 160 characters"),
        ({"title": "x" * 161}, "title: 1 to 160 characters"),
        ({"body": "x" * 2001}, "body: at most 2,000 characters"),
        ({"helps": "morale"}, "helps: one of availability, detection, recovery"),
    ],
)
def test_a_bad_improvement_names_the_field_and_the_limit(
    play: Play, changes: dict[str, str], problem: str
) -> None:
    with pytest.raises(Invalid, match=problem):
        idea(play, **changes)


def test_improvements_are_proposed_for_ones_own_team_while_it_is_played(play: Play) -> None:
    refused(
        play.cast.actor("outsider"), "a team that plays", propose_improvement,
        game_day=play.game_day, team=play.team, title="Ours", helps="recovery",
    )  # fmt: skip
    play.phase("approve")
    with pytest.raises(Conflict, match="from the moment the game day is live"):
        idea(play)


def test_one_person_is_one_vote_and_never_for_their_own(play: Play) -> None:
    proposed = idea(play)
    for _ in range(2):
        vote(actor=play.cast.actor("outsider"), improvement=proposed)
    assert proposed.votes.count() == 1
    refused(play.cast.actor("author"), "your own", vote, improvement=proposed)


# -- Opting out, corrections, the end ---------------------------------------------------------


def test_a_team_opts_out_of_the_board_and_back(play: Play) -> None:
    owner, day = play.cast.actor("owner"), play.game_day
    opt(actor=owner, game_day=day, team=play.team, out=True)
    assert board(play) == [(1, "charging", 0)]
    with pytest.raises(Conflict, match="off the board already"):
        opt(actor=owner, game_day=day, team=play.team, out=True)
    with pytest.raises(Conflict, match="not on the board"):
        idea(play)
    opt(actor=owner, game_day=day, team=play.team, out=False)
    assert len(board(play)) == 2
    refused(
        play.cast.actor("author"), "operator or owner", opt, game_day=day, team=play.team, out=True
    )


def test_a_team_that_opted_out_is_not_measured_until_it_is_back(play: Play) -> None:
    owner, day = play.cast.actor("owner"), play.game_day
    play.run(play.team, "telemetry-store")
    opt(actor=owner, game_day=day, team=play.team, out=True)
    assert score_rounds(game_day_id=day.pk) == 0
    opt(actor=owner, game_day=day, team=play.team, out=False)
    assert score_rounds(game_day_id=day.pk) == 3


def test_a_wrong_entry_is_corrected_by_another_one(play: Play) -> None:
    play.run(play.team, "telemetry-store", outside=5)
    score_due_rounds()
    entry = correct(
        actor=play.cast.actor("lead"), game_day=play.game_day, seq=3, points=60,
        reason="The probe was broken for five minutes.",
    )  # fmt: skip
    assert (entry.points, entry.corrects_id) == (30, ledger_of(play.game_day)[2].pk)
    assert board(play)[0][2] == 75
    refused(
        play.as_jury(),
        "Only the lead",
        correct,
        game_day=play.game_day,
        seq=3,
        points=1,
        reason="x",
    )


def finished(play: Play) -> FinalStandings:
    play.run(play.team, "telemetry-store", outside=5)
    play.run(play.other, "charging-api", outside=1)
    score_due_rounds()
    play.phase("debrief")
    table_top(play)
    return freeze_standings(actor=play.cast.actor("lead"), game_day=play.game_day)


def test_standings_freeze_only_when_no_points_can_come_any_more(play: Play) -> None:
    play.run(play.team, "telemetry-store")
    score_due_rounds()
    idea(play)
    with pytest.raises(Refused) as caught:
        freeze_standings(actor=play.cast.actor("lead"), game_day=play.game_day)
    rules = [refusal.rule for refusal in caught.value.refusals]
    assert rules == ["game.not_over", "game.ideas_wait", "game.rounds_open"]


def test_after_the_freezing_only_corrections_follow_and_freeze_once_more(play: Play) -> None:
    first = finished(play)
    assert first.standings == standings_now(ledger_of(play.game_day))
    with pytest.raises(Conflict, match="frozen"):
        table_top(play)
    with pytest.raises(Conflict, match="frozen"):
        opt(actor=play.cast.actor("owner"), game_day=play.game_day, team=play.team, out=True)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        write(play.game_day, EntryKind.BONUS, team=play.team, points=5)
    correct(
        actor=play.cast.actor("lead"), game_day=play.game_day, seq=3, points=40, reason="Late data."
    )
    second, kept = play.game_day.finals.all()
    assert (second.edition, second.reason, kept.standings) == (2, "Late data.", first.standings)
    assert second.standings == standings_now(ledger_of(play.game_day)) != first.standings


def test_entries_are_numbered_without_a_gap(play: Play) -> None:
    finished(play)
    seqs = [entry.seq for entry in ledger_of(play.game_day)]
    assert seqs == list(range(1, len(seqs) + 1))


def test_the_ledger_and_the_final_standings_stand_against_sql(play: Play) -> None:
    finished(play)
    for table in ("exercises_scoreentry", "exercises_finalstandings"):
        for sql in (f"UPDATE {table} SET id = id + 1000", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(sql)


def test_only_a_correction_takes_points_away(play: Play) -> None:
    with pytest.raises(DatabaseError, match="only_corrections_take_points"), transaction.atomic():
        ScoreEntry.objects.create(
            game_day=play.game_day, seq=99, at=database_now(), kind="availability",
            team=play.team, points=-1,
        )  # fmt: skip


def test_rules_are_fixed_from_the_moment_it_is_live(play: Play) -> None:
    lead = play.cast.actor("lead")
    with pytest.raises(Refused, match="fixed once the game day is live"):
        change_rules(actor=lead, game_day=play.game_day, rules={"idea": 20})
    play.phase("approve")
    changed = change_rules(actor=lead, game_day=play.game_day, rules={"idea": 20})
    assert changed.rules["idea"] == 20
    with pytest.raises(Invalid, match="idea: a whole number from 0 to 1,000"):
        change_rules(actor=lead, game_day=play.game_day, rules={"idea": -1})


def test_the_chaos_crew_says_a_word_to_all(play: Play) -> None:
    event = say(actor=play.as_jury(), game_day=play.game_day, text="Look at what is cached.")
    assert (event.kind, event.source) == ("game.word", "Chaos crew")
    with pytest.raises(Invalid, match="text: 1 to 500 characters"):
        say(actor=play.as_jury(), game_day=play.game_day, text="")
    refused(play.cast.actor("author"), "chaos team", say, game_day=play.game_day, text="Hello.")
