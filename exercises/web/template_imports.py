"""Begin a template from an account's FIS templates and actions, or from a file."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import Conflict, EngineError, Invalid
from exercises.domain.scenarios import SCENARIOS
from exercises.domain.template_entry import Entry
from exercises.models import AccountRegion
from exercises.permissions import authorize, may
from exercises.services.template_imports import (
    MAX_FILE_BYTES,
    Asked,
    Beginning,
    add_scenario,
    ask_account,
    begin_from_action,
    begin_from_template,
    begin_from_text,
    import_entry,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.templates import typed_from_beginning
from exercises.web.numbers import whole
from exercises.web.templates import publish_form

MOST_NAMED: Final = 200


@signed_in
@require_http_methods(["GET", "POST"])
def template_import(request: SignedInRequest) -> HttpResponse:
    """Where to begin from; asking an account shows what it has, a file is read at once."""
    authorize(request.actor, "template.publish")
    if request.method == "GET":
        return _page(request)
    try:
        if request.POST.get("do") == "file":
            return _from_file(request)
        if request.POST.get("do") == "scenario":
            return _from_scenario(request)
        place = _place(request, request.POST.get("place", ""))
        return _page(request, place=place, asked=ask_account(actor=request.actor, place=place))
    except (Invalid, Conflict) as error:
        return _page(request, problem=str(error), status=422)
    except EngineError as error:
        return _page(request, problem=str(error), status=502)


@signed_in
@require_GET
def template_begin(request: SignedInRequest, place: int) -> HttpResponse:
    """The form that publishes, from a template (`fis`) or an action (`action`) of an account."""
    authorize(request.actor, "template.publish")
    where = _place(request, str(place))
    try:
        if "action" in request.GET:
            begun = begin_from_action(
                actor=request.actor, place=where, action_id=request.GET["action"]
            )
        else:
            begun = begin_from_template(
                actor=request.actor, place=where, ref=request.GET.get("fis", "")
            )
    except Invalid as error:
        return _page(request, problem=str(error), status=422)
    except EngineError as error:
        return _page(request, problem=str(error), status=502)
    return _form(request, begun)


def _form(request: SignedInRequest, begun: Beginning) -> HttpResponse:
    return publish_form(request, None, typed_from_beginning(begun), changed=begun.changed)


def _from_file(request: SignedInRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None or file.size is None:
        raise Invalid("file", "choose a JSON file")
    if file.size > MAX_FILE_BYTES:
        raise Invalid("file", f"at most {MAX_FILE_BYTES:,} bytes; this is {file.size:,}")
    name = (file.name or "")[:MOST_NAMED]
    read = begin_from_text(actor=request.actor, text=file.read(), file_name=name)
    if not isinstance(read, Entry):
        return _form(request, read)
    version = import_entry(actor=request.actor, entry=read, file_name=name)
    messages.success(request, f"{version} is imported, with the very content of the file.")
    return redirect(reverse("template_detail", args=[version.template.slug]))


def _from_scenario(request: SignedInRequest) -> HttpResponse:
    version = add_scenario(actor=request.actor, key=request.POST.get("scenario", ""))
    messages.success(request, f"{version} is published. Teams can propose from it.")
    return redirect(reverse("template_detail", args=[version.template.slug]))


def _place(request: SignedInRequest, text: str) -> AccountRegion:
    number = whole(text)
    found = AccountRegion.objects.select_related("account").filter(pk=number or 0).first()
    if found is None:
        raise Http404("no such account and Region")
    authorize(request.actor, "account.check", found.account)
    return found


def _page(
    request: SignedInRequest,
    *,
    place: AccountRegion | None = None,
    asked: Asked | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    places = AccountRegion.objects.select_related("account").order_by("account__name", "region")
    context = {
        "places": [one for one in places if may(request.actor, "account.check", one.account)],
        "place": place,
        "asked": asked,
        "scenarios": list(SCENARIOS.values()),
        "problem": problem,
        "most_kib": MAX_FILE_BYTES // 1024,
    }
    return render(request, "catalogue/import.html", context, status=status)


urlpatterns = [
    path("templates/import/", template_import, name="template_import"),
    path("templates/import/<int:place>/", template_begin, name="template_begin"),
]
