"""Templates from a Git repository: name a folder, see what it holds, import one file."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exercises.domain.errors import Conflict, EngineError, Invalid
from exercises.domain.git_sources import NEWEST, GitSource
from exercises.models import TemplateVersion
from exercises.permissions import authorize
from exercises.services.git_imports import Looked, import_file, look
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors
from exercises.web.forms.templates import (
    ORIGIN,
    typed_for_next_version,
    typed_from_beginning,
)
from exercises.web.templates import publish_form

FIELDS = ("url", "ref", "folder")


@signed_in
@require_http_methods(["GET", "POST"])
def template_git(request: SignedInRequest) -> HttpResponse:
    """A look names what would become what; `import` takes one file of the commit looked at."""
    authorize(request.actor, "template.publish")
    sent = request.GET if request.method == "GET" else request.POST
    typed = {name: sent.get(name, "").strip() for name in FIELDS}
    typed["ref"] = typed["ref"] or NEWEST
    typed["folder"] = typed["folder"].strip("/")
    if request.method == "GET":
        return _page(request, typed)
    source = GitSource(**typed)
    try:
        if request.POST.get("do") == "import":
            return _import(request, source)
        return _page(request, typed, looked=look(actor=request.actor, source=source))
    except Invalid as error:
        named = {field for field, _ in error.problems}
        return _page(
            request,
            typed,
            errors=form_errors(error),
            problem="" if named <= set(FIELDS) else str(error),
            status=422,
        )
    except Conflict as error:
        return _page(request, typed, problem=str(error), status=409)
    except EngineError as error:
        return _page(request, typed, problem=str(error), status=502)


def _import(request: SignedInRequest, source: GitSource) -> HttpResponse:
    done = import_file(
        actor=request.actor,
        source=source,
        commit=request.POST.get("commit", ""),
        path=request.POST.get("path", ""),
    )
    if isinstance(done, TemplateVersion):
        messages.success(request, f"{done} is imported, with the very content of the file.")
        return redirect("template_detail", slug=done.template.slug)
    typed = typed_from_beginning(done.beginning)
    if done.template is not None:
        read = {name: typed[name] for name in ("definition", "parameters", ORIGIN)}
        typed = typed_for_next_version(done.template) | read
    return publish_form(request, done.template, typed, changed=done.beginning.changed)


def _page(
    request: SignedInRequest,
    typed: Mapping[str, str],
    *,
    looked: Looked | None = None,
    errors: Mapping[str, list[str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "typed": typed,
        "looked": looked,
        "errors": errors or {},
        "problem": problem,
        "origins": ", ".join(settings.CHAOSPLANE_GIT_ORIGINS),
    }
    return render(request, "catalogue/import_git.html", context, status=status)


urlpatterns = [
    path("templates/import/git/", template_git, name="template_git"),
]
