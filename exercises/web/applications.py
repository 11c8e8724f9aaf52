"""Applications: the list, one with its deployments, and registering and changing both."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.steady_state import MAX_PROBES
from exercises.models import AccountRegion, Application, Deployment
from exercises.permissions import authorize, may
from exercises.queries.estate import (
    deployments_of,
    free_places,
    registered_applications,
    teams_to_register_for,
)
from exercises.queries.experiment_pages import probe_lines
from exercises.services.applications import (
    change_application,
    change_deployment,
    register_application,
    register_deployment,
)
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.compose_page import rows_with_problems
from exercises.web.forms.deployment import (
    Problems,
    Typed,
    chosen_place,
    errors_by_control,
    probes_of,
    typed_from_post,
    typed_of,
)
from exercises.web.forms.probe_rows import STATS, ProbeRow, renumbered
from exercises.web.forms.setup import ApplicationChangeForm, ApplicationForm, add_problems
from exercises.web.numbers import whole
from exercises.web.objectives import standing_of

ON_A_PAGE = 25
LINKS = ("runbook_url", "dashboard_url")


@signed_in
@require_GET
def application_list(request: SignedInRequest) -> HttpResponse:
    """Every application, whose it is and where it runs."""
    text = request.GET.get("q", "")[:100]
    page = Paginator(registered_applications(text=text), ON_A_PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "q": text,
        "may_register": teams_to_register_for(request.actor).exists(),
    }
    return render(request, "applications/application_list.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def application_new(request: SignedInRequest) -> HttpResponse:
    """Add an application of a team that one owns; a programme lead adds it for any team."""
    teams = teams_to_register_for(request.actor)
    if not teams.exists():
        raise NotAllowed("Only an owner of a team or a programme lead adds applications.")
    form = ApplicationForm(
        request.POST or None, teams=teams, initial={"team": request.GET.get("team")}
    )
    if form.is_valid():
        try:
            application = register_application(actor=request.actor, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{application.name} is added. Say where it runs next.")
            return redirect("application_detail", slug=application.slug)
    status = 422 if form.errors else 200
    return render(request, "applications/application_new.html", {"form": form}, status=status)


@signed_in
@require_GET
def application_detail(request: SignedInRequest, slug: str) -> HttpResponse:
    """One application and each place where it runs, with its alarms and probes."""
    application = _application(slug)
    found = deployments_of(application)
    context = {
        "application": application,
        "deployments": [(d, probe_lines(d.steady_state)) for d in found],
        "may_register": may(request.actor, "application.register", application.team),
    } | standing_of(application)
    return render(request, "applications/application_detail.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def application_edit(request: SignedInRequest, slug: str) -> HttpResponse:
    """Change what an application is called and whose it is."""
    application = _application(slug)
    authorize(request.actor, "application.register", application.team)
    now = {key: getattr(application, key) for key in ("name", "tier", *LINKS)}
    form = ApplicationChangeForm(
        request.POST or None,
        teams=teams_to_register_for(request.actor),
        initial=now
        | {
            "team": application.team_id,
            "architecture_tags": ", ".join(application.architecture_tags),
        },
    )
    if form.is_valid():
        try:
            change_application(actor=request.actor, application=application, **form.cleaned_data)
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"{form.cleaned_data['name']} is saved.")
            return redirect("application_detail", slug=slug)
    context = {"application": application, "form": form}
    status = 422 if form.errors else 200
    return render(request, "applications/application_edit.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def deployment_new(request: SignedInRequest, slug: str) -> HttpResponse:
    """Say where the application runs, which alarms stop a fault and which probes watch it."""
    application = _application(slug)
    authorize(request.actor, "application.register", application.team)
    places = free_places(application)
    if request.method == "GET":
        return _form(request, application, Typed(tag_value=application.slug), places=places)
    typed = typed_from_post(request.POST.dict())
    changed = _rows_changed(request, typed)
    if changed is not None:
        return _form(request, application, changed, places=places)
    try:
        deployment = register_deployment(
            actor=request.actor,
            application=application,
            place=chosen_place(typed, places),
            tag_value=typed.tag_value,
            alarm_arns=typed.alarm_arns,
            steady_state=probes_of(typed),
        )
    except Invalid as error:
        return _form(request, application, typed, places=places, problems=[*error.problems])
    messages.success(request, f"{deployment} is registered.")
    return redirect("application_detail", slug=slug)


@signed_in
@require_http_methods(["GET", "POST"])
def deployment_edit(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """Change the tag, the alarms and the probes of one place."""
    application = _application(slug)
    authorize(request.actor, "application.register", application.team)
    deployment = get_object_or_404(
        Deployment.objects.select_related("place__account", "application__team"),
        pk=pk,
        application=application,
    )
    if request.method == "GET":
        return _form(request, application, typed_of(deployment), deployment=deployment)
    typed = typed_from_post(request.POST.dict())
    changed = _rows_changed(request, typed)
    if changed is not None:
        return _form(request, application, changed, deployment=deployment)
    try:
        change_deployment(
            actor=request.actor,
            deployment=deployment,
            tag_value=typed.tag_value,
            alarm_arns=typed.alarm_arns,
            steady_state=probes_of(typed),
        )
    except Invalid as error:
        return _form(request, application, typed, deployment=deployment, problems=[*error.problems])
    messages.success(request, f"{deployment} is saved. New proposals start from it.")
    return redirect("application_detail", slug=slug)


def _rows_changed(request: SignedInRequest, typed: Typed) -> Typed | None:
    """Add or remove a probe: the buttons that change the form and save nothing."""
    without = whole(request.POST.get("remove_probe", ""))
    if without is not None:
        return typed.with_probes(renumbered(typed.probes, without=without))
    if request.POST.get("do") == "add_probe":
        if len(typed.probes) >= MAX_PROBES:
            messages.error(request, f"At most {MAX_PROBES} probes; remove one first.")
            return typed
        return typed.with_probes([*typed.probes, ProbeRow(len(typed.probes))])
    return None


def _form(
    request: SignedInRequest,
    application: Application,
    typed: Typed,
    *,
    deployment: Deployment | None = None,
    places: Sequence[AccountRegion] = (),
    problems: Problems | None = None,
) -> HttpResponse:
    errors = errors_by_control(problems or [])
    context = {
        "application": application,
        "deployment": deployment,
        "places": places,
        "typed": typed,
        "errors": errors,
        "count": sum(len(texts) for texts in errors.values()),
        "probes": rows_with_problems(typed.probes, errors),
        "stats": STATS,
    }
    return render(request, "applications/deployment.html", context, status=422 if problems else 200)


def _application(slug: str) -> Application:
    found = Application.objects.filter(slug=slug).select_related("team").first()
    if found is None:
        raise Http404("no such application")
    return found


urlpatterns = [
    path("settings/applications/", application_list, name="application_list"),
    path("settings/applications/new/", application_new, name="application_new"),
    path("settings/applications/<slug:slug>/", application_detail, name="application_detail"),
    path("settings/applications/<slug:slug>/edit/", application_edit, name="application_edit"),
    path(
        "settings/applications/<slug:slug>/deployments/new/",
        deployment_new,
        name="deployment_new",
    ),
    path(
        "settings/applications/<slug:slug>/deployments/<int:pk>/",
        deployment_edit,
        name="deployment_edit",
    ),
]
