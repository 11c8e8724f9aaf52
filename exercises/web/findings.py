"""Findings: the list, one finding with its evidence and its life, and writing a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.actors import Actor
from exercises.domain.attachments import PICTURES
from exercises.domain.errors import Invalid
from exercises.domain.finding_states import FindingState, Severity
from exercises.domain.tracker_links import host_of
from exercises.models import Finding, FindingNote, FindingQuestion, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.attachments import attachments_of
from exercises.queries.debrief import applications_to_report_on, families_in
from exercises.queries.evidence import evidence_of, kept_lines
from exercises.queries.findings import (
    LOOK_OF,
    SEVERITIES,
    STATES,
    Filters,
    address_of_filters,
    card_of,
    filtered,
    findings_of,
    next_steps,
    possible_owners,
    read_filters,
    retests_of,
    saved_views,
    teams_with_findings,
)
from exercises.queries.knowledge import known_of_finding
from exercises.queries.naming import names_now
from exercises.queries.organisation_day import organisation_day, organisation_zone
from exercises.queries.propagation import ASKED_FROM, propagation_of
from exercises.services import findings as services
from exercises.web import finding_csv
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.evidence import figure
from exercises.web.exercise_head import find_exercise
from exercises.web.forms.findings import FindingForm, NewFindingForm

PAGE_SIZE: Final = 25


@signed_in
@require_GET
def finding_list(request: SignedInRequest) -> HttpResponse:
    return findings_page(request)


def findings_page(
    request: SignedInRequest, *, problems: dict[str, list[str]] | None = None, status: int = 200
) -> HttpResponse:
    """The list as its address narrows it; with what was wrong with a view to be saved."""
    filters = read_filters(request.GET)
    today = organisation_day(database_now())
    page = Paginator(filtered(request.actor, filters, today=today), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "cards": [card_of(finding, today=today) for finding in page],
        "filters": filters,
        "is_narrowed": filters != Filters(),
        "states": STATES,
        "severities": SEVERITIES,
        "teams": teams_with_findings(request.actor),
        "views": saved_views(request.actor, filters),
        "here": address_of_filters(filters),
        "my_teams": Team.objects.filter(pk__in=list(request.actor.team_roles)),
        "problems": problems or {},
    }
    return render(request, "findings/list.html", context, status=status)


@signed_in
@require_GET
def finding_detail(request: SignedInRequest, number: int) -> HttpResponse:
    finding = find_finding(request.actor, number)
    return _detail(request, finding, FindingForm(finding=finding))


def finding_page(
    request: SignedInRequest, number: int, error: Invalid, *, answering: int = 0
) -> HttpResponse:
    """The page once more, with what was wrong. `answering` is the question it was about."""
    finding = find_finding(request.actor, number)
    form = FindingForm(finding=finding)
    return _detail(
        request, finding, form, problems=form_errors(error), status=422, answering=answering
    )


def find_finding(actor: Actor, number: int) -> Finding:
    """The finding as this person may see it; Http404 otherwise."""
    finding = findings_of(actor).filter(pk=number).first()
    if finding is None:
        raise Http404("no such finding")
    return finding


def _detail(
    request: SignedInRequest,
    finding: Finding,
    form: FindingForm,
    *,
    problems: dict[str, list[str]] | None = None,
    status: int = 200,
    answering: int = 0,
) -> HttpResponse:
    today = organisation_day(database_now())
    steps = next_steps(FindingState(finding.state))
    verifies = any(to is FindingState.VERIFIED for to, _ in steps)
    traces = may(request.actor, "finding.trace", finding)
    context: dict[str, Any] = {
        "card": card_of(finding, today=today),
        "finding": finding,
        "history": [(note, _words(note)) for note in finding.notes.all()],
        "ticket_host": host_of(finding.tracker_url),
        "figures": figures_of([finding]).get(finding.pk, []),
        "retests": retests_of(request.actor, finding),
        "steps": steps,
        "proof": services.proof_of(finding) if verifies else None,
        "verifies": verifies,
        "owners": _owners_to_name(finding),
        "form": form,
        "problems": problems or {},
        "asked": propagation_of(request.actor, finding),
        "known": known_of_finding(finding),
        "know_query": urlencode({"finding": finding.code}),
        "may_know": finding.state in ASKED_FROM and may(request.actor, "knowledge.write"),
        "answering": answering,
        "answers": FindingQuestion.ANSWERS,
        "may_trace": traces,
        "log_lines": kept_lines(finding) if traces else [],
        "files": attachments_of(finding) if traces else (),
        "pictures": PICTURES,
        "may_work": may(request.actor, "finding.work", finding),
        "may_waive": FindingState(finding.state) in services.WAIVABLE
        and may(request.actor, "finding.waive", finding),
        "is_waived": bool(finding.waived_until and finding.waived_until >= today),
        "posted": request.POST,
    }
    return render(request, "findings/detail.html", context, status=status)


def _owners_to_name(finding: Finding) -> Sequence[User]:
    """Who the step may be given to, while nobody owns the finding."""
    return () if finding.owner_id else possible_owners(finding)


def _words(note: FindingNote) -> str:
    """The state a note led to; empty for a mere word."""
    return LOOK_OF[FindingState(note.to_state)][1] if note.to_state else ""


def figures_of(findings: list[Finding]) -> dict[int, list[Any]]:
    """The charts of several findings, by finding id."""
    zones = {finding.pk: finding.exercise.timezone for finding in findings}
    return {
        pk: [
            figure(evidence, chart_id=f"f{pk}-{place}", zone=zones[pk])
            for place, evidence in enumerate(found)
        ]
        for pk, found in evidence_of(findings).items()
    }


@signed_in
@require_POST
def finding_edit(request: SignedInRequest, number: int) -> HttpResponse:
    finding = find_finding(request.actor, number)
    form = FindingForm(request.POST, finding=finding)
    if form.is_valid():
        try:
            services.edit_finding(actor=request.actor, finding=finding, **form.cleaned_data)
        except Invalid as error:
            _show(form, error)
        else:
            messages.success(request, f"{finding.code} is saved.")
            return redirect("finding_detail", number=number)
    return _detail(request, find_finding(request.actor, number), form, status=422)


def _show(form: Any, error: Invalid) -> None:
    for field, problem in error.problems:
        form.add_error(field if field in form.fields else None, problem)


@signed_in
@require_POST
def finding_move(request: SignedInRequest, number: int) -> HttpResponse:
    """Take the next step; from the debrief with the owner in the same press."""
    finding = find_finding(request.actor, number)
    try:
        to = FindingState(request.POST.get("to", ""))
        with transaction.atomic():
            if request.POST.get("owner"):
                _give(request, finding)
            services.move_finding(
                actor=request.actor, finding=finding, to=to, text=request.POST.get("text", "")
            )
    except Invalid as error:
        return finding_page(request, number, error)
    except ValueError:
        raise Http404("no such step") from None
    messages.success(request, f"{finding.code}: {LOOK_OF[to][1].lower()}.")
    if to is FindingState.RETEST:
        return HttpResponseRedirect(retest_address(finding))
    if request.POST.get("back") == "debrief":
        return redirect("debrief", slug=finding.exercise.slug)
    return redirect("finding_detail", number=number)


def retest_address(finding: Finding) -> str:
    """The propose page with everything of this finding filled in."""
    return f"{reverse('experiment_new')}?{urlencode({'retest': finding.code})}"


def _give(request: SignedInRequest, finding: Finding) -> None:
    """Name the owner, and the day by which the fix is due when one was chosen."""
    people = {str(user.pk): user for user in possible_owners(finding)}
    chosen = people.get(request.POST.get("owner", ""))
    if chosen is None:
        raise Invalid("owner", "choose a member of the application's team")
    due = request.POST.get("due_on", "")
    services.edit_finding(
        actor=request.actor,
        finding=finding,
        title=finding.title,
        body=finding.body,
        severity=Severity(finding.severity),
        owner=chosen,
        due_on=_day(due) if due else finding.due_on,
        tracker_url=finding.tracker_url,
    )


def _day(text: str, field: str = "due_on") -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field, "a date, such as 2026-12-04") from error


@signed_in
@require_POST
def finding_waive(request: SignedInRequest, number: int) -> HttpResponse:
    """Leave it as it is until a day, in one's own name."""
    finding = find_finding(request.actor, number)
    try:
        services.waive_finding(
            actor=request.actor,
            finding=finding,
            until=_day(request.POST.get("until", ""), "until"),
            because=request.POST.get("because", ""),
        )
    except Invalid as error:
        return finding_page(request, number, error)
    messages.success(request, f"{finding.code} is waived, in your name.")
    return redirect("finding_detail", number=number)


@signed_in
@require_GET
def finding_csv_file(request: SignedInRequest) -> HttpResponse:
    """The list as it is narrowed now, one finding a line."""
    now, zone = database_now(), organisation_zone()
    rows = filtered(request.actor, read_filters(request.GET), today=now.astimezone(zone).date())
    response = HttpResponse(
        finding_csv.lines(rows, now=now, zone=zone, names=names_now()),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="findings.csv"'
    return response


@signed_in
@require_POST
def finding_comment(request: SignedInRequest, number: int) -> HttpResponse:
    finding = find_finding(request.actor, number)
    try:
        services.comment_on_finding(
            actor=request.actor, finding=finding, text=request.POST.get("text", "")
        )
    except Invalid as error:
        return finding_page(request, number, error)
    return redirect("finding_detail", number=number)


@signed_in
@require_http_methods(["GET", "POST"])
def finding_new(request: SignedInRequest, slug: str) -> HttpResponse:
    """Write down what a person saw in an exercise."""
    exercise = find_exercise(request.actor, slug)
    applications = applications_to_report_on(request.actor, exercise)
    form = NewFindingForm(
        request.POST or None,
        applications=applications,
        families=families_in(exercise),
        initial={"application": request.GET.get("application", "")},
    )
    if form.is_valid():
        try:
            finding = services.raise_finding(
                actor=request.actor, exercise=exercise, **form.cleaned_data
            )
        except Invalid as error:
            _show(form, error)
        else:
            messages.success(request, f"{finding.code} is written down. Name its owner next.")
            return redirect("finding_detail", number=finding.pk)
    context = {"exercise": exercise, "form": form, "applications": applications}
    return render(request, "findings/new.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("findings/", finding_list, name="finding_list"),
    path("findings/findings.csv", finding_csv_file, name="finding_csv"),
    path("findings/F-<int:number>/", finding_detail, name="finding_detail"),
    path("findings/F-<int:number>/edit/", finding_edit, name="finding_edit"),
    path("findings/F-<int:number>/move/", finding_move, name="finding_move"),
    path("findings/F-<int:number>/waive/", finding_waive, name="finding_waive"),
    path("findings/F-<int:number>/comment/", finding_comment, name="finding_comment"),
    path("exercises/<slug:slug>/findings/new/", finding_new, name="finding_new"),
]
