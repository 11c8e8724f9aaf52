"""Could this hit you? Asking the look-alikes of a finding, and a team's answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from exercises.domain.errors import Invalid
from exercises.models import Application, FindingQuestion
from exercises.queries.findings import findings_of
from exercises.queries.propagation import questions_for
from exercises.services.propagation import answer_question, ask_look_alikes
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.findings import finding_page


@signed_in
@require_POST
def finding_ask(request: SignedInRequest, number: int) -> HttpResponse:
    """Ask the chosen look-alikes."""
    finding = findings_of(request.actor).filter(pk=number).first()
    if finding is None:
        raise Http404("no such finding")
    chosen = Application.objects.filter(slug__in=request.POST.getlist("applications")[:200])
    try:
        asked = ask_look_alikes(actor=request.actor, finding=finding, applications=list(chosen))
    except Invalid as error:
        return finding_page(request, number, error)
    teams = len({question.application.team_id for question in asked})
    messages.success(
        request,
        f"{finding.code} is asked of {len(asked)} application{'s' if len(asked) > 1 else ''}"
        f" of {teams} team{'s' if teams > 1 else ''}.",
    )
    return redirect(f"{reverse('finding_detail', args=[number])}#asked")


@signed_in
@require_POST
def question_answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Answer for one's own application, on the page of the finding."""
    question: FindingQuestion | None = questions_for(request.actor).filter(pk=pk).first()
    if question is None:
        raise Http404("no such question")
    try:
        answer_question(
            actor=request.actor,
            question=question,
            answer=request.POST.get("answer", ""),
            because=request.POST.get("because", ""),
        )
    except Invalid as error:
        return finding_page(request, question.finding_id, error, answering=pk)
    messages.success(request, f"{question.application.name}: answered.")
    return redirect(f"{reverse('finding_detail', args=[question.finding_id])}#asked")


urlpatterns = [
    path("findings/F-<int:number>/ask/", finding_ask, name="finding_ask"),
    path("findings/questions/<int:pk>/answer/", question_answer, name="question_answer"),
]
