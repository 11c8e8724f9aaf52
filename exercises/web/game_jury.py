"""What people do in a game day: propose, vote, judge, say, see it, opt out, give points,
correct the ledger, freeze the final standings."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.denials import DENIALS
from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.game_rules import rules_from_json
from exercises.domain.score_ledger import WITHOUT_POINTS, EntryKind, worth
from exercises.models import GameDay, Improvement, ScoreEntry, Team
from exercises.permissions import authorize, may
from exercises.queries.game_board import ideas_of
from exercises.queries.game_ledger import entries_of, ledger_of, players
from exercises.services.game_days import opt, say, see_it
from exercises.services.game_scores import (
    correct,
    freeze_standings,
    give_points,
    reasons_not_to_freeze,
)
from exercises.services.improvements import is_own, judge_improvement, propose_improvement, vote
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.forms.game_days import CorrectionForm, IdeaForm, PointsForm
from exercises.web.forms.setup import add_problems
from exercises.web.game_days import board_page, find_game_day


def _playing(game_day: GameDay) -> list[Team]:
    """The teams on the board."""
    rows = ledger_of(game_day)
    plays = players(entries_of(rows))
    return list({row.team_id: row.team for row in rows if plays.get(row.team_id)}.values())


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_propose(request: SignedInRequest, slug: str) -> HttpResponse:
    """Propose an improvement for one's team."""
    game_day = find_game_day(request, slug)
    own = [t for t in _playing(game_day) if may(request.actor, "improvement.propose", t)]
    if not own:
        raise NotAllowed(DENIALS["improvement.propose"])
    form = IdeaForm(request.POST or None, teams=own)
    if request.method == "POST" and form.is_valid():
        try:
            idea = propose_improvement(actor=request.actor, game_day=game_day, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error, {})
        else:
            messages.success(request, "The jury reads it.")
            return redirect("gameday_idea", slug, idea.pk)
    context = {"game_day": game_day, "exercise": game_day.exercise, "form": form}
    status = 422 if form.errors else 200
    return render(request, "gamedays/propose.html", context, status=status)


@require_GET
@signed_in
def gameday_idea(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """One improvement: what it is, what the jury said, or the jury's form."""
    game_day = find_game_day(request, slug)
    return _idea_page(request, game_day, pk)


def _idea_page(
    request: SignedInRequest,
    game_day: GameDay,
    pk: int,
    *,
    reason: str = "",
    problems: dict[str, list[str]] | None = None,
) -> HttpResponse:
    found = ideas_of(game_day).select_related("proposed_by", "judgement__judged_by")
    idea = get_object_or_404(found, pk=pk)
    judged = getattr(idea, "judgement", None)
    own = is_own(request.actor, idea)
    is_jury = may(request.actor, "gameday.judge", game_day)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "idea": idea,
        "judged": judged,
        "points": rules_from_json(game_day.rules).idea,
        "may_judge": is_jury and judged is None and not own,
        "is_own_of_jury": is_jury and judged is None and own,
        "may_vote": idea.proposed_by_id != request.actor.user_id
        and not idea.votes.filter(voter=request.actor.user_id).exists(),
        "reason": reason,
        "problems": problems or {},
    }
    return render(request, "gamedays/idea.html", context, status=422 if problems else 200)


@require_POST
@signed_in
def gameday_judge(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    game_day = find_game_day(request, slug)
    idea = _idea(game_day, pk)
    reason, accept = request.POST.get("reason", ""), "accept" in request.POST
    try:
        judge_improvement(actor=request.actor, improvement=idea, accept=accept, reason=reason)
    except Invalid as error:
        return _idea_page(request, game_day, pk, reason=reason, problems=form_errors(error))
    messages.success(request, "Accepted." if accept else "Not accepted.")
    return redirect("gameday_idea", slug, pk)


@require_POST
@signed_in
def gameday_vote(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    vote(actor=request.actor, improvement=_idea(find_game_day(request, slug), pk))
    return redirect("gameday_idea", slug, pk)


def _idea(game_day: GameDay, pk: int) -> Improvement:
    return get_object_or_404(
        Improvement.objects.select_related("game_day__exercise"), game_day=game_day, pk=pk
    )


@require_POST
@signed_in
def gameday_say(request: SignedInRequest, slug: str) -> HttpResponse:
    """A word of the chaos crew."""
    game_day = find_game_day(request, slug)
    text = request.POST.get("text", "")
    try:
        say(actor=request.actor, game_day=game_day, text=text)
    except Invalid as error:
        return board_page(request, game_day, said=text, problems=form_errors(error))
    return redirect("gameday", slug)


@require_POST
@signed_in
def gameday_see(request: SignedInRequest, slug: str) -> HttpResponse:
    """The team sees the fault."""
    game_day = find_game_day(request, slug)
    see_it(actor=request.actor, game_day=game_day, team=_team(request, game_day))
    messages.success(request, "Noted, with the time.")
    return redirect("gameday", slug)


@require_POST
@signed_in
def gameday_opt(request: SignedInRequest, slug: str) -> HttpResponse:
    """Off the board, or back onto it."""
    game_day = find_game_day(request, slug)
    team, out = _team(request, game_day), request.POST.get("to") == "out"
    opt(actor=request.actor, game_day=game_day, team=team, out=out)
    messages.success(request, f"{team.name} is {'off the board' if out else 'on the board'}.")
    return redirect("gameday", slug)


def _team(request: SignedInRequest, game_day: GameDay) -> Team:
    known = ScoreEntry.objects.filter(game_day=game_day).values("team")
    return get_object_or_404(Team, pk__in=known, slug=request.POST.get("team", ""))


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_points(request: SignedInRequest, slug: str) -> HttpResponse:
    """Score a table-top round, or give a bonus."""
    game_day = find_game_day(request, slug)
    authorize(request.actor, "gameday.judge", game_day)
    rounds = {str(one.number): one for one in game_day.rounds.order_by("number")}
    form = PointsForm(
        request.POST or None,
        teams=_playing(game_day),
        rounds=[(number, str(one)) for number, one in rounds.items()],
    )
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            entry = give_points(
                actor=request.actor, game_day=game_day, one=rounds[data.pop("round")], **data
            )
        except Invalid as error:
            add_problems(form, error, {})
        else:
            messages.success(request, f"{entry.points} points for {entry.team.name}.")
            return redirect("gameday_points", slug)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "form": form,
        "rules": rules_from_json(game_day.rules),
    }
    status = 422 if form.errors else 200
    return render(request, "gamedays/points.html", context, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_correct(request: SignedInRequest, slug: str, seq: int) -> HttpResponse:
    """Put an entry right by another one."""
    game_day = find_game_day(request, slug)
    authorize(request.actor, "gameday.correct", game_day)
    rows = ledger_of(game_day)
    entry = next((row for row in rows if row.seq == seq), None)
    if entry is None or EntryKind(entry.kind) in {*WITHOUT_POINTS, EntryKind.CORRECTION}:
        raise Http404("no entry that carries points")
    now = worth(entries_of(rows), seq)
    form = CorrectionForm(request.POST or None, initial={"points": now})
    if request.method == "POST" and form.is_valid():
        try:
            correct(actor=request.actor, game_day=game_day, seq=seq, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error, {"entry": "points"})
        else:
            messages.success(request, f"Entry {seq} is corrected.")
            return redirect("gameday_ledger", slug)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "entry": entry,
        "worth": now,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "gamedays/correct.html", context, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_freeze(request: SignedInRequest, slug: str) -> HttpResponse:
    """Freeze the final standings; says first what stands in the way."""
    game_day = find_game_day(request, slug)
    authorize(request.actor, "gameday.freeze", game_day)
    if request.method == "POST":
        freeze_standings(actor=request.actor, game_day=game_day)
        messages.success(request, "The final standings are frozen.")
        return redirect("gameday", slug)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "refusals": reasons_not_to_freeze(game_day),
        "is_frozen": game_day.finals.exists(),
    }
    return render(request, "gamedays/freeze.html", context)


urlpatterns = [
    path("gamedays/<slug:slug>/propose/", gameday_propose, name="gameday_propose"),
    path("gamedays/<slug:slug>/ideas/<int:pk>/", gameday_idea, name="gameday_idea"),
    path("gamedays/<slug:slug>/ideas/<int:pk>/judge/", gameday_judge, name="gameday_judge"),
    path("gamedays/<slug:slug>/ideas/<int:pk>/vote/", gameday_vote, name="gameday_vote"),
    path("gamedays/<slug:slug>/words/", gameday_say, name="gameday_say"),
    path("gamedays/<slug:slug>/seen/", gameday_see, name="gameday_see"),
    path("gamedays/<slug:slug>/opt/", gameday_opt, name="gameday_opt"),
    path("gamedays/<slug:slug>/points/", gameday_points, name="gameday_points"),
    path("gamedays/<slug:slug>/ledger/<int:seq>/", gameday_correct, name="gameday_correct"),
    path("gamedays/<slug:slug>/freeze/", gameday_freeze, name="gameday_freeze"),
]
