"""The template catalogue: the list, one template with its versions, and publishing one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.blast_radius import Rung
from exercises.domain.errors import Invalid
from exercises.domain.timeline import PlannedAction
from exercises.models import Template, TemplateVersion
from exercises.permissions import authorize, may
from exercises.queries.catalogue import (
    TemplateView,
    cards,
    example_definition,
    family_counts,
    template_view,
    version_changes,
)
from exercises.services.catalogue import publish_version
from exercises.web import charts
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors

FIELDS = ("definition", "parameters", "rung", "hypothesis", "notes")


@dataclass(frozen=True)
class ActionRow:
    """One action on the planned timeline."""

    action: PlannedAction
    bar: SafeString


@signed_in
@require_GET
def template_list(request: SignedInRequest) -> HttpResponse:
    """The catalogue, filtered. Keeps `exercise` and `retest` for the propose links."""
    rungs = [int(text) for text in request.GET.getlist("rung") if text in {"1", "2", "3", "4", "5"}]
    families = request.GET.getlist("family")
    text = request.GET.get("q", "")
    kept = {k: request.GET[k] for k in ("exercise", "retest") if request.GET.get(k)}
    context = {
        "cards": cards(request.actor, text=text, families=families, rungs=rungs),
        "families": family_counts(),
        "chosen_families": families,
        "rungs": list(Rung),
        "chosen_rungs": rungs,
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
        "may_publish": may(request.actor, "template.publish"),
        "document": _pretty(view.version.definition or view.definition),
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
@require_http_methods(["GET", "POST"])
def template_version_new(request: SignedInRequest, slug: str) -> HttpResponse:
    """Publish the next version from JSON; what is wrong is said by field, and nothing is lost."""
    authorize(request.actor, "template.publish")
    template = get_object_or_404(Template, slug=slug)
    if request.method == "GET":
        return _version_form(request, template, _current(template))
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        version = publish_version(
            actor=request.actor,
            template=template,
            definition_text=typed["definition"],
            parameters_text=typed["parameters"],
            rung=int(typed["rung"]) if typed["rung"] in {"1", "2", "3", "4", "5"} else 0,
            hypothesis=typed["hypothesis"],
            notes=typed["notes"],
        )
    except Invalid as error:
        return _version_form(request, template, typed, error)
    messages.success(request, f"{version} is published. New proposals use it.")
    return redirect("template_detail", slug=template.slug)


def _version_form(
    request: SignedInRequest,
    template: Template,
    typed: dict[str, str],
    error: Invalid | None = None,
) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    for field, texts in (form_errors(error) if error else {}).items():
        control = next((name for name in FIELDS if field.startswith(name)), "definition")
        exact = "" if field == control else f"{field}: "
        errors.setdefault(control, []).extend(f"{exact}{text}" for text in texts)
    context = {
        "template": template,
        "typed": typed,
        "errors": errors,
        "rungs": list(Rung),
        "count": sum(len(texts) for texts in errors.values()),
    }
    return render(
        request, "catalogue/template_version_new.html", context, status=422 if error else 200
    )


def _current(template: Template) -> dict[str, str]:
    newest = template.versions.order_by("-number").first()
    if newest is None:
        return {"definition": "{}", "parameters": "[]", "rung": "1", "hypothesis": "", "notes": ""}
    return {
        "definition": _pretty(newest.definition or example_definition(newest)),
        "parameters": _pretty(newest.parameters),
        "rung": str(newest.rung),
        "hypothesis": newest.hypothesis,
        "notes": "",
    }


def _pretty(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)


def _view(request: SignedInRequest, slug: str) -> TemplateView:
    template = get_object_or_404(Template, slug=slug)
    number = request.GET.get("v", "")
    if number and not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404("no such version")
    view = template_view(request.actor, template, int(number) if number else None)
    if view is None:
        raise Http404("no such version")
    return view


def _numbered(view: TemplateView, number: str) -> TemplateVersion | None:
    return next((v for v in view.versions if str(v.number) == number), None)


urlpatterns = [
    path("templates/", template_list, name="template_list"),
    path("templates/<slug:slug>/", template_detail, name="template_detail"),
    path("templates/<slug:slug>/document.json", template_json, name="template_json"),
    path("templates/<slug:slug>/versions/new/", template_version_new, name="template_version_new"),
]
