"""Calendars that freezes are read from: add one, see its state, read it now, remove it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.models import FreezeSource
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.freezes import freezes_shown, row_of, scope_words
from exercises.services.freeze_sources import add_source, read_soon, remove_source
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.freezes import SourceForm
from exercises.web.forms.setup import add_problems

MOST_SHOWN = 20


@require_http_methods(["GET", "POST"])
@signed_in
def source_new(request: SignedInRequest) -> HttpResponse:
    """Name a calendar and whom its freezes concern."""
    authorize(request.actor, "freeze.import")
    form = SourceForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            source = add_source(actor=request.actor, **form.values())
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{source.name} is read within a minute.")
            return redirect("freeze_source", source.pk)
    context = {"form": form}
    return render(request, "freezes/source_new.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def source_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was read last and when, what is wrong, and the freezes ahead."""
    source = get_object_or_404(FreezeSource.objects.prefetch_related("accounts", "teams"), pk=pk)
    now = database_now()
    ahead = freezes_shown(show="", now=now).filter(
        source=source, ends_at__gt=now, lifted_at__isnull=True
    )
    may_import = may(request.actor, "freeze.import", source) and source.removed_at is None
    context = {
        "source": source,
        "scope": scope_words(source),
        "count": ahead.count(),
        "rows": [row_of(freeze, now=now) for freeze in ahead.order_by("starts_at")[:MOST_SHOWN]],
        "may_import": may_import,
        "host": source.url.split("/")[2] if source.url.count("/") > 1 else source.url,
    }
    return render(request, "freezes/source.html", context)


@require_POST
@signed_in
def source_read(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read it now rather than within the hour."""
    source = get_object_or_404(FreezeSource, pk=pk, removed_at__isnull=True)
    read_soon(actor=request.actor, source=source)
    messages.success(request, "It is read within seconds; reload to see what came of it.")
    return redirect("freeze_source", pk)


@require_POST
@signed_in
def source_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Stop reading it and lift what it froze."""
    source = get_object_or_404(FreezeSource, pk=pk, removed_at__isnull=True)
    remove_source(actor=request.actor, source=source)
    messages.success(request, f"{source.name} is no longer read; its freezes are lifted.")
    return redirect("freeze_list")


urlpatterns = [
    path("policy/freezes/calendars/new/", source_new, name="freeze_source_new"),
    path("policy/freezes/calendars/<int:pk>/", source_page, name="freeze_source"),
    path("policy/freezes/calendars/<int:pk>/read/", source_read, name="freeze_source_read"),
    path("policy/freezes/calendars/<int:pk>/remove/", source_remove, name="freeze_source_remove"),
]
