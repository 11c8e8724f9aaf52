"""Knowledge pages: the list and search, one page with its versions, writing and editing."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import ChaosplaneError, Conflict, Invalid
from exercises.domain.failure_families import words_of
from exercises.models import Finding, KnowledgePage, KnowledgeVersion, Template
from exercises.models.due_work import database_now
from exercises.permissions import authorize, may
from exercises.queries.findings import card_of, findings_of
from exercises.queries.knowledge import LONGEST_SEARCH, families_known, findings_about, pages
from exercises.queries.naming import names_now
from exercises.queries.organisation_day import organisation_day
from exercises.services.knowledge import MAX_BODY, Writing, write_anew, write_page
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.markdown import markdown
from exercises.web.numbers import whole

ON_A_PAGE: Final = 25
FINDINGS_SHOWN: Final = 10


@signed_in
@require_GET
def knowledge_list(request: SignedInRequest) -> HttpResponse:
    """What is known, narrowed; a search looks into findings too."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    family = request.GET.get("family", "")[:60]
    found = pages(text=text, family=family)
    today = organisation_day(database_now())
    findings = findings_about(request.actor, text)[:FINDINGS_SHOWN] if text else ()
    context = {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "q": text,
        "family": family,
        "families": [(name, words_of(name)) for name in families_known()],
        "findings": [card_of(finding, today=today) for finding in findings],
        "may_write": may(request.actor, "knowledge.write"),
    }
    return render(request, "knowledge/list.html", context)


@signed_in
@require_GET
def knowledge_detail(request: SignedInRequest, slug: str) -> HttpResponse:
    """One page as it is, or with `v` as it was."""
    page = _page(slug)
    versions = list(page.versions.select_related("author").order_by("-number"))
    shown = _chosen(versions, request.GET.get("v", ""))
    context = {
        "knowledge": page,
        "version": shown,
        "is_current": shown.pk == page.current_id,
        "html": markdown(names_now().text(shown.body)),
        "versions": versions,
        "families": [(name, words_of(name)) for name in shown.families],
        "templates": Template.objects.filter(slug__in=shown.templates).order_by("name"),
        "finding": findings_of(request.actor).filter(pk=page.finding_id or 0).first(),
        "may_write": may(request.actor, "knowledge.write"),
    }
    return render(request, "knowledge/detail.html", context)


def _page(slug: str) -> KnowledgePage:
    return get_object_or_404(pages(), slug=slug)


def _chosen(versions: list[KnowledgeVersion], number: str) -> KnowledgeVersion:
    if not number:
        return versions[0]
    found = next((v for v in versions if v.number == whole(number)), None)
    if found is None:
        raise Http404("no such version")
    return found


@signed_in
@require_http_methods(["GET", "POST"])
def knowledge_new(request: SignedInRequest) -> HttpResponse:
    """Write a page freely, or with `finding` from what it taught."""
    authorize(request.actor, "knowledge.write")
    finding = _finding(request)
    if request.method == "GET":
        return _form(request, _first(request, finding), finding=finding)
    writing = _read(request)
    try:
        page = write_page(actor=request.actor, writing=writing, finding=finding)
    except Invalid as error:
        return _form(request, writing, finding=finding, error=error)
    messages.success(request, "The page is written. Everybody can find it.")
    return redirect("knowledge_detail", slug=page.slug)


@signed_in
@require_http_methods(["GET", "POST"])
def knowledge_edit(request: SignedInRequest, slug: str) -> HttpResponse:
    """Write another version; the ones before stay."""
    authorize(request.actor, "knowledge.write")
    page = _page(slug)
    current = page.current
    assert current is not None, "asked for by pages()"
    if request.method == "GET":
        now = Writing(current.title, current.body, current.families, current.templates)
        return _form(request, now, page=page, seen=current.number)
    writing, seen = _read(request), whole(request.POST.get("seen", "")) or 0
    try:
        write_anew(actor=request.actor, page=page, writing=writing, seen=seen)
    except (Invalid, Conflict) as error:
        return _form(request, writing, page=page, seen=current.number, error=error)
    messages.success(request, "The new version is saved; the ones before stay.")
    return redirect("knowledge_detail", slug=slug)


def _finding(request: SignedInRequest) -> Finding | None:
    given = request.POST.get("finding") or request.GET.get("finding") or ""
    if not given:
        return None
    found = (
        findings_of(request.actor).filter(pk=whole(given.upper().removeprefix("F-")) or 0).first()
    )
    if found is None:
        raise Http404("no such finding")
    return found


def _first(request: SignedInRequest, finding: Finding | None) -> Writing:
    """The words of the finding, or an empty page about what was asked for."""
    template, family = request.GET.get("template", ""), request.GET.get("family", "")
    if finding is None:
        return Writing("", "", [family] if family else [], [template] if template else [])
    lines = ["## What happened", "", finding.body, "", "## What to do", "", ""]
    return Writing(finding.title[:160], "\n".join(lines), [finding.failure_family])


def _read(request: SignedInRequest) -> Writing:
    return Writing(
        title=request.POST.get("title", "").replace("\x00", ""),
        body=request.POST.get("body", "").replace("\x00", "").replace("\r\n", "\n"),
        families=request.POST.getlist("families"),
        templates=request.POST.getlist("templates"),
        note=request.POST.get("note", "").replace("\x00", ""),
    )


def _form(
    request: SignedInRequest,
    writing: Writing,
    *,
    page: KnowledgePage | None = None,
    finding: Finding | None = None,
    seen: int = 0,
    error: ChaosplaneError | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "knowledge": page,
        "writing": writing,
        "finding": finding,
        "seen": seen,
        "errors": form_errors(error) if isinstance(error, Invalid) else {},
        "conflict": str(error) if isinstance(error, Conflict) else "",
        "families": [(name, words_of(name)) for name in families_known()],
        "templates": Template.objects.filter(retired_at__isnull=True).order_by("name"),
        "most": MAX_BODY,
    }
    status = {Invalid: 422, Conflict: 409}.get(type(error), 200) if error else 200
    return render(request, "knowledge/form.html", context, status=status)


urlpatterns = [
    path("knowledge/", knowledge_list, name="knowledge_list"),
    path("knowledge/new/", knowledge_new, name="knowledge_new"),
    path("knowledge/<slug:slug>/", knowledge_detail, name="knowledge_detail"),
    path("knowledge/<slug:slug>/edit/", knowledge_edit, name="knowledge_edit"),
]
