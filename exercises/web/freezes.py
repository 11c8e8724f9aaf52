"""Freezes: the list, one freeze with what it holds, declaring, changing, lifting, exceptions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.freezes import FreezeScope
from exercises.models import Experiment, FreezeException, FreezeSource, FreezeWindow
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.freezes import (
    freeze_counts,
    freeze_detail,
    freezes_shown,
    reason_shown,
    row_of,
)
from exercises.services.freezes import (
    change_freeze,
    declare_freeze,
    except_from_freeze,
    lift_freeze,
    revoke_exception,
    scope_of,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.freezes import ExceptionForm, FreezeForm, typed_of
from exercises.web.forms.setup import add_problems

PAGE = 25
SHOWN = (("now", "Now"), ("coming", "Coming"), ("past", "Past"))


@require_GET
@signed_in
def freeze_list(request: SignedInRequest) -> HttpResponse:
    """What is frozen now, what is coming, what was."""
    now = database_now()
    counts = freeze_counts(now=now)
    show = request.GET.get("show", "")
    if show not in counts:
        show = "now" if counts["now"] else "coming"
    page = Paginator(freezes_shown(show=show, now=now), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [row_of(freeze, now=now) for freeze in page],
        "show": show,
        "shown": [(key, label, counts[key]) for key, label in SHOWN],
        "total": sum(counts.values()),
        "may_declare": _may_declare(request.actor),
        "sources": FreezeSource.objects.filter(removed_at__isnull=True),
        "may_import": may(request.actor, "freeze.import"),
    }
    return render(request, "freezes/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def freeze_new(request: SignedInRequest) -> HttpResponse:
    """Declare a freeze."""
    authorize(request.actor, "freeze.declare", _own_scope(request.actor))
    form = FreezeForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            freeze = declare_freeze(actor=request.actor, **form.values())
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{freeze.name} is declared.")
            return redirect("freeze_detail", freeze.pk)
    context = {"form": form, "freeze": None}
    return render(request, "freezes/form.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def freeze_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One freeze: whom it concerns, what it holds, and who may run in it all the same."""
    return _detail(request, _find(pk))


@require_http_methods(["GET", "POST"])
@signed_in
def freeze_change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another window or scope."""
    freeze = _find(pk)
    authorize(request.actor, "freeze.declare", scope_of(freeze))
    typed = typed_of(freeze, timezone.get_current_timezone_name())
    form = FreezeForm(request.POST or None, actor=request.actor, initial=typed)
    if request.method == "POST" and form.is_valid():
        try:
            change_freeze(actor=request.actor, freeze=freeze, **form.values())
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, "The freeze is changed.")
            return redirect("freeze_detail", pk)
    context = {"form": form, "freeze": freeze}
    return render(request, "freezes/form.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def freeze_lift(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let things start again."""
    freeze = _find(pk)
    try:
        lift_freeze(actor=request.actor, freeze=freeze, reason=request.POST.get("reason", ""))
    except Invalid as error:
        return _detail(request, freeze, lift_problem=error)
    messages.success(request, f"{freeze.name} is lifted.")
    return redirect("freeze_detail", pk)


@require_http_methods(["GET", "POST"])
@signed_in
def freeze_except(request: SignedInRequest, pk: int, experiment_id: int) -> HttpResponse:
    """Let one experiment run in this freeze, with a reason and for a while."""
    freeze = _find(pk)
    authorize(request.actor, "freeze.except", freeze)
    seen = Experiment.objects.visible_to(request.actor).select_related("exercise", "application")
    experiment = get_object_or_404(seen, pk=experiment_id)
    form = ExceptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            except_from_freeze(
                actor=request.actor,
                freeze=freeze,
                experiment=experiment,
                reason=form.cleaned_data["reason"],
                valid_until=form.valid_until(database_now()),
            )
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{experiment.title} may run in {freeze.name}.")
            return redirect("freeze_detail", pk)
    context = {"form": form, "freeze": freeze, "experiment": experiment}
    return render(request, "freezes/except.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def exception_revoke(request: SignedInRequest, pk: int, exception_id: int) -> HttpResponse:
    """The freeze binds the experiment again."""
    rows = FreezeException.objects.select_related("freeze", "experiment")
    exception = get_object_or_404(rows, pk=exception_id, freeze_id=pk)
    revoke_exception(actor=request.actor, exception=exception)
    messages.success(request, f"The freeze binds {exception.experiment.title} again.")
    return redirect("freeze_detail", pk)


def _find(pk: int) -> FreezeWindow:
    rows = FreezeWindow.objects.select_related("declared_by", "lifted_by", "source")
    return get_object_or_404(rows.prefetch_related("accounts", "teams"), pk=pk)


def _detail(
    request: SignedInRequest, freeze: FreezeWindow, *, lift_problem: Invalid | None = None
) -> HttpResponse:
    detail = freeze_detail(request.actor, freeze, now=database_now())
    stands = detail.row.status in {"now", "coming"}
    scope = scope_of(freeze)
    context: dict[str, Any] = {
        "freeze": freeze,
        "detail": detail,
        "reason": reason_shown(request.actor, freeze),
        "may_change": stands
        and not scope.is_imported
        and may(request.actor, "freeze.declare", scope),
        "may_lift": stands and may(request.actor, "freeze.lift", scope),
        "may_except": stands and may(request.actor, "freeze.except", freeze),
        "lift_errors": [text for _, text in lift_problem.problems] if lift_problem else [],
        "typed_reason": request.POST.get("reason", ""),
    }
    return render(request, "freezes/detail.html", context, status=422 if lift_problem else 200)


def _own_scope(actor: Actor) -> FreezeScope:
    """What somebody could freeze at most when they cannot freeze everything."""
    owned = frozenset(t for t, role in actor.team_roles.items() if role == "owner")
    return FreezeScope(owned)


def _may_declare(actor: Actor) -> bool:
    return may(actor, "freeze.declare", _own_scope(actor))


urlpatterns = [
    path("policy/freezes/", freeze_list, name="freeze_list"),
    path("policy/freezes/new/", freeze_new, name="freeze_new"),
    path("policy/freezes/<int:pk>/", freeze_page, name="freeze_detail"),
    path("policy/freezes/<int:pk>/change/", freeze_change, name="freeze_change"),
    path("policy/freezes/<int:pk>/lift/", freeze_lift, name="freeze_lift"),
    path(
        "policy/freezes/<int:pk>/except/<int:experiment_id>/", freeze_except, name="freeze_except"
    ),
    path(
        "policy/freezes/<int:pk>/exceptions/<int:exception_id>/revoke/",
        exception_revoke,
        name="freeze_exception_revoke",
    ),
]
