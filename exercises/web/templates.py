"""The template catalogue: the list, one template with its versions, and publishing one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.blast_radius import Rung
from exercises.domain.engine_documents import FIS, KINDS
from exercises.domain.errors import Invalid
from exercises.domain.git_sources import read_origin
from exercises.domain.iam_policies import as_json, managed_policies
from exercises.domain.lambda_documents import written
from exercises.domain.template_entry import entry_document
from exercises.domain.timeline import PlannedAction
from exercises.models import Template, TemplateVersion
from exercises.permissions import authorize, may
from exercises.queries.account_roles import action_ids_of, start_policy_of
from exercises.queries.catalogue import (
    TemplateView,
    cards,
    entry_of,
    example_definition,
    family_counts,
    template_view,
    version_changes,
    version_digest,
    version_lines,
)
from exercises.queries.knowledge import known_about
from exercises.queries.lint import problems_of_version
from exercises.queries.template_uses import uses_of
from exercises.services.catalogue import add_template_with_version, publish_version
from exercises.web import charts
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.templates import (
    Typed,
    errors_by_control,
    pretty,
    typed_for_new_template,
    typed_for_next_version,
    typed_from_post,
    version_of,
)
from exercises.web.numbers import whole


@dataclass(frozen=True)
class ActionRow:
    """One action on the planned timeline."""

    action: PlannedAction
    bar: SafeString


@signed_in
@require_GET
def template_list(request: SignedInRequest) -> HttpResponse:
    """The catalogue, filtered; with `propose` it is the first step of a proposal.

    Keeps `exercise`, `retest` and `asked` for the propose links.
    """
    rungs = [int(text) for text in request.GET.getlist("rung") if text in {"1", "2", "3", "4", "5"}]
    families = request.GET.getlist("family")
    engines = [name for name in request.GET.getlist("engine") if name in KINDS]
    text = request.GET.get("q", "")
    names = ("exercise", "retest", "asked", "propose")
    kept = {k: request.GET[k] for k in names if request.GET.get(k)}
    context = {
        "cards": cards(request.actor, text=text, families=families, rungs=rungs, engines=engines),
        "families": family_counts(),
        "chosen_families": families,
        "rungs": list(Rung),
        "chosen_rungs": rungs,
        "engines": KINDS.values(),
        "chosen_engines": engines,
        "q": text,
        "kept": kept,
        "kept_query": urlencode(kept),
        "may_publish": may(request.actor, "template.publish"),
    }
    return render(request, "catalogue/template_list.html", context)


@signed_in
@require_GET
def template_detail(request: SignedInRequest, slug: str) -> HttpResponse:
    """One version in full; `v` picks it, `compare` names the version to compare it with."""
    view = _view(request, slug)
    compared = _numbered(view, request.GET.get("compare", ""))
    if compared is None and len(view.versions) > 1:
        older = [v for v in view.versions if v.number < view.version.number]
        compared = older[0] if older else None
    total = max(view.duration_s, 60)
    context = {
        "view": view,
        "rows": [ActionRow(action, _bar(action, total)) for action in view.actions],
        "axis": charts.gantt_axis(0, total),
        "compared": compared,
        "changed": version_changes(compared, view.version) if compared else [],
        "lines": version_lines(compared, view.version) if compared else "",
        "may_publish": may(request.actor, "template.publish"),
        "document": pretty(view.version.definition or view.definition),
        "problems": problems_of_version(view.version),
        "written": written(view.definition),
        "uses": uses_of(request.actor, view.template),
        "digest": version_digest(view.version),
        "start_policy": as_json(start_policy_of(view.version)),
        "managed": managed_policies(action_ids_of(view.version)),
        "repository": read_origin(view.version.origin_detail)
        if view.version.origin == "git"
        else None,
        "known": known_about(families=[view.template.failure_family], template=slug),
        "may_know": may(request.actor, "knowledge.write"),
        "know_query": urlencode({"template": slug, "family": view.template.failure_family}),
    }
    return render(request, "catalogue/template_detail.html", context)


def _bar(action: PlannedAction, total: int) -> SafeString:
    shown = max(action.duration_s, total // 60, 1)
    bars = [charts.Bar(action.offset_s, shown, "b")]
    return charts.gantt_bar(bars, t0=0, t1=total)


@signed_in
@require_GET
def template_json(request: SignedInRequest, slug: str) -> HttpResponse:
    """The document of a version as a file: with placeholders, or built with its defaults."""
    version = _view(request, slug).version
    document = version.definition or example_definition(version)
    name = f"{version.template.slug}-v{version.number}.json"
    return JsonResponse(
        document,
        json_dumps_params={"indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@signed_in
@require_GET
def template_export(request: SignedInRequest, slug: str) -> HttpResponse:
    """A version as a file that another installation imports with the same digest."""
    version = _view(request, slug).version
    name = f"{version.template.slug}-v{version.number}.chaosplane.json"
    return JsonResponse(
        entry_document(entry_of(version)),
        json_dumps_params={"indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@signed_in
@require_http_methods(["GET", "POST"])
def template_new(request: SignedInRequest) -> HttpResponse:
    """Add a template with its first version: both or neither."""
    authorize(request.actor, "template.publish")
    if request.method == "GET":
        return publish_form(request, None, typed_for_new_template(request.GET.get("engine", FIS)))
    typed = typed_from_post(request.POST.dict())
    try:
        version = add_template_with_version(
            actor=request.actor,
            slug=typed["slug"].strip() or slugify(typed["name"])[:50],
            name=typed["name"],
            summary=typed["summary"],
            failure_family=slugify(typed["failure_family"]),
            version=version_of(typed),
            engine=typed["engine"] or FIS,
        )
    except Invalid as error:
        return publish_form(request, None, typed, error)
    messages.success(request, f"{version} is published. Teams can propose from it.")
    return redirect("template_detail", slug=version.template.slug)


@signed_in
@require_http_methods(["GET", "POST"])
def template_version_new(request: SignedInRequest, slug: str) -> HttpResponse:
    """Publish the next version from JSON; what is wrong is said by field, and nothing is lost."""
    authorize(request.actor, "template.publish")
    template = get_object_or_404(Template, slug=slug)
    if request.method == "GET":
        return publish_form(request, template, typed_for_next_version(template))
    typed = typed_from_post(request.POST.dict())
    try:
        version = publish_version(
            actor=request.actor, template=template, **version_of(typed).as_arguments()
        )
    except Invalid as error:
        return publish_form(request, template, typed, error)
    messages.success(request, f"{version} is published. New proposals use it.")
    return redirect("template_detail", slug=template.slug)


def publish_form(
    request: SignedInRequest,
    template: Template | None,
    typed: Typed,
    error: Invalid | None = None,
    *,
    changed: Sequence[str] = (),
) -> HttpResponse:
    """The form that publishes; `changed` says what is not as it was where it was read."""
    errors = errors_by_control(error) if error else {}
    context = {
        "template": template,
        "typed": typed,
        "errors": errors,
        "rungs": list(Rung),
        "families": family_counts(),
        "engines": KINDS.values(),
        "kind": KINDS.get(template.engine if template else typed["engine"], KINDS[FIS]),
        "count": sum(len(texts) for texts in errors.values()),
        "changed": changed,
    }
    return render(request, "catalogue/publish.html", context, status=422 if error else 200)


def _view(request: SignedInRequest, slug: str) -> TemplateView:
    template = get_object_or_404(Template, slug=slug)
    typed = request.GET.get("v", "")
    number = whole(typed)
    if typed and number is None:
        raise Http404("no such version")
    view = template_view(request.actor, template, number)
    if view is None:
        raise Http404("no such version")
    return view


def _numbered(view: TemplateView, number: str) -> TemplateVersion | None:
    return next((v for v in view.versions if str(v.number) == number), None)


urlpatterns = [
    path("templates/", template_list, name="template_list"),
    path("templates/new/", template_new, name="template_new"),
    path("templates/<slug:slug>/", template_detail, name="template_detail"),
    path("templates/<slug:slug>/document.json", template_json, name="template_json"),
    path("templates/<slug:slug>/export.json", template_export, name="template_export"),
    path("templates/<slug:slug>/versions/new/", template_version_new, name="template_version_new"),
]
