"""The debrief: what happened, what was found, and the decision on each drafted finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.models import DebriefAnswers, Exercise
from exercises.models.debriefs import RESILIENT
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.debrief import Debrief, RunOutcome, debrief_of
from exercises.queries.findings import FindingCard
from exercises.queries.organisation_day import organisation_day
from exercises.services.debrief import answer_debrief
from exercises.services.exercises import add_note, move_exercise
from exercises.web import charts
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.exercise_head import find_exercise
from exercises.web.findings import figures_of

ANSWERS = ("was_resilient", "surprised_us", "we_share")
EARLY = BEFORE_LIVE | {Phase.CANCELLED}


@signed_in
@require_GET
def debrief(request: SignedInRequest, slug: str) -> HttpResponse:
    return _page(request, find_exercise(request.actor, slug))


def _page(
    request: SignedInRequest,
    exercise: Exercise,
    *,
    note: str = "",
    answers: Mapping[str, str] | None = None,
    problems: dict[str, list[str]] | None = None,
) -> HttpResponse:
    found = debrief_of(request.actor, exercise, today=organisation_day(database_now()))
    phase = Phase(exercise.phase)
    figures = figures_of([card.finding for card in (*found.drafts, *found.findings)])
    leads = may(request.actor, "exercise.advance", exercise)
    context: dict[str, Any] = {
        "exercise": exercise,
        "debrief": found,
        "drafts": [_shown(request, card, figures, found) for card in found.drafts],
        "findings": [_shown(request, card, figures, found) for card in found.findings],
        "finding_count": len(found.drafts) + len(found.findings),
        "summary": summary(found),
        "predictions": found.predictions,
        "split": _split(found),
        "to_clean_up": [row.clean_up for row in found.runs if row.clean_up and _is_open(row)],
        "is_early": phase in EARLY,
        "is_live": phase is Phase.LIVE,
        "may_close": leads and phase is Phase.DEBRIEF,
        "note": note,
        "answers": answers
        or DebriefAnswers.objects.filter(exercise=exercise).select_related("answered_by").first(),
        "resilient": RESILIENT,
        "problems": problems or {},
    }
    return render(request, "debrief/page.html", context, status=422 if problems else 200)


def _is_open(outcome: RunOutcome) -> bool:
    return outcome.clean_up is not None and not outcome.clean_up.state.is_settled


def _shown(
    request: SignedInRequest, card: FindingCard, figures: dict[int, list[Any]], found: Debrief
) -> dict[str, Any]:
    finding = card.finding
    return {
        "card": card,
        "figures": figures.get(finding.pk, []),
        "owners": found.owners.get(finding.pk, []),
        "may_work": may(request.actor, "finding.work", finding),
    }


def summary(found: Debrief) -> str:
    """One sentence: how many, by how many teams, and how it went."""
    count, teams = len(found.runs), found.teams
    if not count:
        return "No experiment ran."
    outcome = found.outcome
    words = [
        f"{number} {what}"
        for number, what in (
            (outcome.held, "held"),
            (outcome.not_held, "did not hold"),
            (outcome.inconclusive, "inconclusive"),
            (count - outcome.judged, "without a verdict"),
        )
        if number
    ]
    return f"{_plural(count, 'experiment')} by {_plural(teams, 'team')}: {', '.join(words)}."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _split(found: Debrief) -> Any:
    outcome = found.outcome
    label = f"{outcome.held} held, {outcome.not_held} not held, {outcome.inconclusive} inconclusive"
    parts = (
        (outcome.held, "m-ok"),
        (outcome.not_held, "m-learn"),
        (outcome.inconclusive, "m-idle"),
    )
    return charts.split_bar(parts, label=label) if outcome.judged else ""


@signed_in
@require_POST
def debrief_note(request: SignedInRequest, slug: str) -> HttpResponse:
    """Write down what went well."""
    exercise = find_exercise(request.actor, slug)
    text = request.POST.get("text", "")
    try:
        add_note(actor=request.actor, exercise=exercise, text=text, went_well=True)
    except Invalid as error:
        return _page(request, exercise, note=text, problems=form_errors(error))
    return redirect("debrief", slug=slug)


@signed_in
@require_POST
def debrief_close(request: SignedInRequest, slug: str) -> HttpResponse:
    """Keep the three answers, and end the exercise when that button was pressed; refused
    while a drafted finding waits for a decision."""
    exercise = find_exercise(request.actor, slug)
    given = {name: request.POST.get(name, "") for name in ANSWERS}
    if any(given.values()):
        try:
            answer_debrief(actor=request.actor, exercise=exercise, **given)
        except Invalid as error:
            return _page(request, exercise, answers=given, problems=form_errors(error))
    if request.POST.get("to") == "keep":
        messages.success(request, "The answers are kept.")
        return redirect("debrief", slug=slug)
    move_exercise(actor=request.actor, exercise=exercise, to=Phase.CLOSED)
    messages.success(request, f"{exercise.name} is closed. Its findings stay open.")
    return redirect("debrief", slug=slug)


urlpatterns = [
    path("exercises/<slug:slug>/debrief/", debrief, name="debrief"),
    path("exercises/<slug:slug>/debrief/note/", debrief_note, name="debrief_note"),
    path("exercises/<slug:slug>/debrief/close/", debrief_close, name="debrief_close"),
]
