"""Game days: the list, planning one, the board, the wall display, rules and ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import BEFORE_LIVE
from exercises.domain.game_rules import rules_from_json
from exercises.domain.score_ledger import WITHOUT_POINTS
from exercises.models import FinalStandings, GameDay, Team
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.game_board import Board, BoardView, board_of, game_days, ledger_shown
from exercises.queries.naming import names_now
from exercises.services.game_days import change_rules, plan_game_day, said_in
from exercises.services.game_scores import reasons_not_to_freeze
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.csv_text import csv_text
from exercises.web.forms.game_days import FIELD_OF, GameDayForm, RoundForms, RulesForm, plans_of
from exercises.web.forms.setup import add_problems
from exercises.web.game_fragments import board_context, draw
from exercises.web.stream import events, visible_id

PAGE: Final = 25
IDEA_FILTERS: Final = ("", "new", "accepted")
CSV_HEAD: Final = (
    "entry", "at", "kind", "team", "round", "points", "inside_ms", "window_ms", "took_s",
    "corrects", "reason", "by",
)  # fmt: skip


def find_game_day(request: SignedInRequest, slug: str) -> GameDay:
    """The game day, or "not found": what one may not see does not exist."""
    found = GameDay.objects.visible_to(request.actor).select_related("exercise", "chaos_team")
    return get_object_or_404(found, exercise__slug=slug)


@require_GET
@signed_in
def gameday_list(request: SignedInRequest) -> HttpResponse:
    """Every game day one may see, newest first."""
    context = {
        "page": Paginator(game_days(request.actor), PAGE).get_page(request.GET.get("page")),
        "may_plan": may(request.actor, "gameday.plan"),
    }
    return render(request, "gamedays/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_new(request: SignedInRequest) -> HttpResponse:
    """Plan a game day: the window, who plays, who makes the chaos, the rounds."""
    authorize(request.actor, "gameday.plan")
    form = GameDayForm(request.POST or None, initial={"lead": request.actor.user_id})
    rounds = RoundForms(request.POST or None, prefix="rounds")
    if request.method == "POST" and form.is_valid() and rounds.is_valid():
        try:
            game_day = plan_game_day(actor=request.actor, rounds=plans_of(rounds), **form.values())
        except Invalid as error:
            add_problems(form, error, FIELD_OF)
        else:
            messages.success(request, f"{game_day} is planned. Its teams are on the board.")
            return redirect("gameday", game_day.exercise.slug)
    status = 422 if form.errors or rounds.total_error_count() else 200
    context = {"form": form, "rounds": rounds}
    return render(request, "gamedays/new.html", context, status=status)


def view_asked(request: HttpRequest, game_day: GameDay, actor: Actor, *, wall: bool) -> BoardView:
    """The view that a query string asks for; what it cannot mean is as if not said."""
    ideas = request.GET.get("ideas", "")
    return BoardView(
        exercise_id=game_day.exercise_id,
        ideas=ideas if ideas in IDEA_FILTERS and not wall else "",
        # What is sealed stays so on the wall, whoever stands before it.
        is_jury=not wall and may(actor, "gameday.jury", game_day),
        is_wall=wall,
    )


@require_GET
@signed_in
def gameday(request: SignedInRequest, slug: str) -> HttpResponse:
    """The board, as it is drawn again and again by the stream."""
    return board_page(request, find_game_day(request, slug))


def board_page(
    request: SignedInRequest, game_day: GameDay, *, said: str = "", problems: Any = None
) -> HttpResponse:
    """The page of the board, also when a word of the chaos crew was refused."""
    view = view_asked(request, game_day, request.actor, wall=False)
    board = board_of(view, now=database_now())
    context = (
        board_context(board, view)
        | _own(request.actor, board)
        | {
            "game_day": game_day,
            "is_jury": view.is_jury,
            "said": said,
            "problems": problems or {},
            "may_give": view.is_jury and board.final is None and board.on is not None,
            "may_freeze": board.final is None
            and may(request.actor, "gameday.freeze", game_day)
            and not reasons_not_to_freeze(game_day),
            "filters": [
                ("", "All", board.ideas_count),
                ("new", "New", board.idea_counts["new"]),
                ("accepted", "Accepted", board.idea_counts["accepted"]),
            ],
        }
    )
    return render(request, "gamedays/board.html", context, status=422 if problems else 200)


def _own(actor: Actor, board: Board) -> dict[str, Any]:
    """What this person may do for their own teams."""
    own = [team for pk, team in board.teams.items() if pk in actor.team_roles]
    is_open = board.final is None
    on = board.on
    sees = on is not None and on.state == "now" and not on.round.is_table_top and board.is_live
    return {
        "own": [
            {
                "team": team,
                "is_out": team.pk in board.out,
                "may_opt": is_open and may(actor, "gameday.opt", team),
                "may_see": sees
                and team.pk in board.playing
                and may(actor, "gameday.see", team)
                and on is not None
                and not said_in(board.game_day, team.pk, on.number),
            }
            for team in own
        ],
        "may_propose": is_open
        and board.game_day.exercise.phase in ("live", "debrief", "closed")
        and any(t.pk in board.playing and may(actor, "improvement.propose", t) for t in own),
    }


@require_GET
@signed_in
def gameday_wall(request: SignedInRequest, slug: str) -> HttpResponse:
    """The board alone, large, for a display that everybody sees."""
    game_day = find_game_day(request, slug)
    view = view_asked(request, game_day, request.actor, wall=True)
    board = board_of(view, now=database_now())
    return render(request, "gamedays/wall.html", board_context(board, view))


@require_GET
async def gameday_stream(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Follow a board for as long as one may see it."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return HttpResponse("Sign in to watch.", status=401, content_type="text/plain")
    view = await sync_to_async(_stream_view)(request, actor, slug)
    if view is None:
        raise Http404("no such game day")
    response = StreamingHttpResponse(
        events(view, actor, request.session, slug, draw=draw), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _stream_view(request: HttpRequest, actor: Actor, slug: str) -> BoardView | None:
    """The view, if it may be seen. `visible_id` gives the connection back."""
    game_day = (
        GameDay.objects.visible_to(actor).select_related("exercise").filter(exercise__slug=slug)
    ).first()
    view = view_asked(request, game_day, actor, wall="wall" in request.GET) if game_day else None
    return view if visible_id(actor, slug) is not None else None


@require_http_methods(["GET", "POST"])
@signed_in
def gameday_rules(request: SignedInRequest, slug: str) -> HttpResponse:
    """Points and thresholds; the lead changes them until the game day is live."""
    game_day = find_game_day(request, slug)
    rules = rules_from_json(game_day.rules)
    may_change = may(request.actor, "gameday.change", game_day)
    is_open = game_day.exercise.phase in BEFORE_LIVE
    form = RulesForm(request.POST or None, rules=rules)
    if request.method == "POST":
        authorize(request.actor, "gameday.change", game_day)
        if form.is_valid():
            try:
                change_rules(actor=request.actor, game_day=game_day, rules=form.document())
            except Invalid as error:
                add_problems(form, error, form.field_of)
            else:
                messages.success(request, "The rules are changed.")
                return redirect("gameday_rules", slug)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "rules": rules,
        "thresholds": form.rows(),
        "form": form,
        "may_change": may_change and is_open,
    }
    status = 422 if form.errors else 200
    return render(request, "gamedays/rules.html", context, status=status)


@require_GET
@signed_in
def gameday_ledger(request: SignedInRequest, slug: str) -> HttpResponse:
    """Every entry, newest first, and every edition of the final standings."""
    game_day = find_game_day(request, slug)
    context = {
        "game_day": game_day,
        "exercise": game_day.exercise,
        "zone": game_day.exercise.timezone,
        "page": Paginator(ledger_shown(game_day), 50).get_page(request.GET.get("page")),
        "finals": _named(game_day.finals.select_related("frozen_by")),
        "without_points": [kind.value for kind in WITHOUT_POINTS],
        "may_correct": may(request.actor, "gameday.correct", game_day),
    }
    return render(request, "gamedays/ledger.html", context)


def _named(finals: Iterable[FinalStandings]) -> list[tuple[FinalStandings, list[dict[str, Any]]]]:
    """Each edition with the names that its teams have now; the rows keep their short names."""
    names = dict(Team.objects.values_list("slug", "name"))
    return [
        (final, [row | {"name": names.get(row["team"], row["team"])} for row in final.standings])
        for final in finals
    ]


@require_GET
@signed_in
def gameday_ledger_csv(request: SignedInRequest, slug: str) -> HttpResponse:
    """The ledger to count again elsewhere, oldest first."""
    game_day, names = find_game_day(request, slug), names_now()
    rows = [
        (
            row.seq, row.at.isoformat(), row.kind, row.team.slug,
            row.round.number if row.round else None, row.points, row.inside_ms, row.window_ms,
            row.took_s, row.corrects.seq if row.corrects else None,
            names.text(row.reason), names.of(row.author) or "chaosplane",
        )
        for row in reversed(ledger_shown(game_day))
    ]  # fmt: skip
    response = HttpResponse(csv_text(CSV_HEAD, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-ledger.csv"'
    return response


urlpatterns = [
    path("gamedays/", gameday_list, name="gameday_list"),
    path("gamedays/new/", gameday_new, name="gameday_new"),
    path("gamedays/<slug:slug>/", gameday, name="gameday"),
    path("gamedays/<slug:slug>/wall/", gameday_wall, name="gameday_wall"),
    path("gamedays/<slug:slug>/stream", gameday_stream, name="gameday_stream"),
    path("gamedays/<slug:slug>/rules/", gameday_rules, name="gameday_rules"),
    path("gamedays/<slug:slug>/ledger/", gameday_ledger, name="gameday_ledger"),
    path("gamedays/<slug:slug>/ledger.csv", gameday_ledger_csv, name="gameday_ledger_csv"),
]
