"""Propose an experiment: new, edit, the live preview beside the form, send and withdraw."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.domain.steady_state import MAX_PROBES
from exercises.models import Deployment, Experiment, Finding, FindingQuestion, TemplateVersion
from exercises.permissions import authorize, may
from exercises.queries.compose import (
    editable_experiment,
    finding_by_code,
    newest_of_family,
    newest_version,
)
from exercises.queries.plans import problems_of
from exercises.queries.propagation import open_question
from exercises.services.preflight import preview_targets
from exercises.services.propagation import try_it_there
from exercises.services.propose import edit_draft, propose, start_draft, withdraw
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.compose_desk import Desk, beside, desk_of
from exercises.web.errors import form_errors
from exercises.web.forms.compose import (
    DEFAULT_ZONE,
    Meaning,
    Problems,
    Typed,
    typed_for_new,
    typed_from_post,
    typed_of,
)
from exercises.web.forms.compose_page import (
    further_accounts,
    only_fitting,
    parameter_controls,
    rows_with_problems,
    summary,
    zones_of,
)
from exercises.web.forms.probe_rows import STATS, ProbeRow, renumbered, row_of
from exercises.web.numbers import whole


@signed_in
@require_http_methods(["GET", "POST"])
def experiment_new(request: SignedInRequest) -> HttpResponse:
    """The empty form from a template, or its first save."""
    given = request.POST or request.GET
    retest_of = _finding(request, given.get("retest", ""))
    asked = _question(request, given.get("asked", ""))
    source = _source(request, asked)
    version = _version(given.get("template", ""), retest_of, asked, source)
    if version is None:
        kept = {k: request.GET[k] for k in ("exercise", "retest", "asked") if k in request.GET}
        return redirect(f"{reverse('template_list')}?{urlencode(kept | {'propose': '1'})}")
    desk = desk_of(request.actor, version, retest_of=retest_of, asked=asked)
    if request.method == "POST":
        return _posted(request, desk)
    exercise = desk.exercise_named(request.GET.get("exercise", ""))
    retested = retest_of.run.experiment if retest_of and retest_of.run else None
    deployment = _first_deployment(desk, retested)
    typed = typed_for_new(
        version=version,
        deployment=deployment,
        exercise=exercise,
        retested=retested,
        retest_code=retest_of.code if retest_of else "",
        alike=source,
        asked=str(asked.pk) if asked else "",
    )
    return _form(request, desk, typed)


@signed_in
@require_http_methods(["GET", "POST"])
def experiment_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """A saved draft or a proposal, back in the form. `?check=1` shows what is missing."""
    experiment = _editable(request, pk)
    desk = desk_of(request.actor, experiment.template_version, experiment=experiment)
    if request.method == "POST":
        return _posted(request, desk)
    typed = typed_of(experiment)
    problems = problems_of(experiment, now=desk.now) if request.GET.get("check") else []
    return _form(request, desk, typed, _where_typed(typed, problems))


@signed_in
@require_POST
def experiment_preview(request: SignedInRequest) -> HttpResponse:
    """The right column for the form as it stands; nothing is saved."""
    experiment = None
    if request.POST.get("experiment"):
        experiment = _editable(request, _number(request.POST["experiment"]))
    version = (
        experiment.template_version
        if experiment
        else _version(
            request.POST.get("template", ""), _finding(request, request.POST.get("retest", ""))
        )
    )
    if version is None:
        raise Http404("no such template")
    desk = desk_of(request.actor, version, experiment=experiment)
    context = beside(request.actor, desk, typed_from_post(request.POST.dict()), with_targets=True)
    return render(request, "experiments/_preview.html", context)


@signed_in
@require_POST
def experiment_send(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a saved draft for approval."""
    return _send(request, _editable(request, pk))


@signed_in
@require_POST
def experiment_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Discard a draft, or take a proposal back."""
    experiment = withdraw(actor=request.actor, experiment=_editable(request, pk))
    messages.success(request, f"{experiment.code} is withdrawn. Its history stays.")
    return redirect("experiment_detail", pk=experiment.pk)


def _posted(request: SignedInRequest, desk: Desk) -> HttpResponse:
    typed = typed_from_post(request.POST.dict())
    do = request.POST.get("do", "save")
    changed = _rows_changed(request, desk, typed, do)
    if changed is not None:
        return _form(request, desk, changed)
    if do == "preview":
        return _form(request, desk, typed, with_targets=True)
    try:
        experiment = _save(request, desk, desk.read(typed))
    except Invalid as error:
        return _form(request, desk, typed, _where_typed(typed, error.problems), status=422)
    if do == "send":
        return _send(request, experiment)
    if desk.experiment and desk.experiment.status != experiment.status:
        messages.warning(request, f"{experiment.code} is saved as a draft: it is not complete.")
        return redirect(f"{reverse('experiment_edit', args=[experiment.pk])}?check=1")
    messages.success(request, f"{experiment.code} is saved as it stands.")
    return redirect("experiment_edit", pk=experiment.pk)


def _rows_changed(request: SignedInRequest, desk: Desk, typed: Typed, do: str) -> Typed | None:
    """What changes the form and saves nothing: probes, a free slot, another deployment."""
    if "remove_probe" in request.POST:
        return typed.with_probes(
            renumbered(typed.probes, without=_number(request.POST["remove_probe"]))
        )
    if "use_slot" in request.POST:
        return typed.at(request.POST["use_slot"][:32])
    if do == "accounts":
        return only_fitting(desk.version, desk.deployments, typed)
    if do == "add_probe":
        if len(typed.probes) >= MAX_PROBES:
            messages.error(request, f"At most {MAX_PROBES} probes; remove one first.")
            return typed
        return typed.with_probes([*typed.probes, ProbeRow(len(typed.probes))])
    if do == "load_probes":
        chosen = next((d for d in desk.deployments if str(d.pk) == typed.deployment), None)
        probes = chosen.steady_state if chosen else []
        return typed.with_probes([row_of(index, probe) for index, probe in enumerate(probes)])
    return None


def _save(request: SignedInRequest, desk: Desk, meaning: Meaning) -> Experiment:
    if desk.experiment is not None:
        return edit_draft(
            actor=request.actor,
            experiment=desk.experiment,
            draft=meaning.draft,
            starts_at=meaning.starts_at,
        )
    with transaction.atomic():
        experiment = start_draft(
            actor=request.actor,
            draft=meaning.draft,
            exercise=meaning.exercise,
            starts_at=meaning.starts_at,
            retest_of=desk.retest_of,
        )
        if desk.asked is not None:
            try_it_there(actor=request.actor, question=desk.asked, experiment=experiment)
    return experiment


def _send(request: SignedInRequest, experiment: Experiment) -> HttpResponse:
    try:
        sent = propose(actor=request.actor, experiment=experiment)
    except Invalid:  # the page shows every problem of the saved draft, each at its control
        messages.warning(request, f"{experiment.code} is saved, but not sent: see below.")
        return redirect(f"{reverse('experiment_edit', args=[experiment.pk])}?check=1")
    preview_targets(actor=request.actor, experiment=sent)  # what the approvers will look at
    messages.success(request, f"{experiment.code} is sent for approval.")
    return redirect("experiment_detail", pk=experiment.pk)


def _where_typed(typed: Typed, problems: Sequence[tuple[str, str]]) -> Problems:
    """On our own the slot is the date and time of our own."""
    own = typed.where_to == "own"
    return [("own_start" if own and f == "slot" else f, text) for f, text in problems]


def _form(
    request: SignedInRequest,
    desk: Desk,
    typed: Typed,
    problems: Problems | None = None,
    *,
    with_targets: bool = False,
    status: int = 200,
) -> HttpResponse:
    problems = problems or []
    errors = form_errors(Invalid.of(problems)) if problems else {}
    exercise = desk.experiment.exercise if desk.experiment else desk.exercise_named(typed.exercise)
    zones = zones_of(desk.deployments, typed, exercise)
    controls = parameter_controls(desk.version, typed, errors, zones)
    known = {c.name for c in controls} | set(Typed.__dataclass_fields__)
    context = {
        **beside(request.actor, desk, typed, with_targets=with_targets),
        "experiment": desk.experiment,
        "version": desk.version,
        "typed": typed,
        "errors": errors,
        "summary": summary(problems, known),
        "deployments": desk.deployments,
        "exercises": desk.exercises,
        "exercise": exercise,
        "zones": zones,
        "controls": controls,
        "accounts": further_accounts(desk.version, desk.deployments, typed),
        "probes": rows_with_problems(typed.probes, errors),
        "stats": STATS,
        "retest_of": desk.retest_of,
        "asked": desk.asked,
        "own_zone": DEFAULT_ZONE,
        "has_now": True,
    }
    return render(request, "experiments/compose.html", context, status=status)


def _editable(request: SignedInRequest, pk: int) -> Experiment:
    experiment = editable_experiment(request.actor, pk)
    if experiment is None:
        raise Http404("no such experiment")
    authorize(request.actor, "experiment.edit", experiment)
    return experiment


def _finding(request: SignedInRequest, code: str) -> Finding | None:
    if not code:
        return None
    finding = finding_by_code(request.actor, code)
    if finding is None:
        raise Http404("no such finding")
    return finding


def _question(request: SignedInRequest, number: str) -> FindingQuestion | None:
    """What one's team was asked, and wants to find out by an experiment."""
    if not number:
        return None
    found = open_question(request.actor, _number(number))
    if found is None:
        raise Http404("no such question, or an experiment is proposed for it already")
    return found


def _source(request: SignedInRequest, asked: FindingQuestion | None) -> Experiment | None:
    """The experiment that taught it, where this person may know it."""
    if asked is None or asked.finding.run is None:
        return None
    may_know = may(request.actor, "finding.trace", asked.finding)
    return asked.finding.run.experiment if may_know else None


def _version(
    template: str,
    retest_of: Finding | None,
    asked: FindingQuestion | None = None,
    source: Experiment | None = None,
) -> TemplateVersion | None:
    if template:
        found = newest_version(template)
        if found is None:
            raise Http404("no such template")
        return found
    if retest_of is not None and retest_of.run is not None:
        return newest_version(retest_of.run.experiment.template_version.template.slug)
    if source is not None:
        return newest_version(source.template_version.template.slug)
    return newest_of_family(asked.finding.failure_family) if asked else None


def _first_deployment(desk: Desk, retested: Experiment | None) -> Deployment | None:
    if retested is not None:
        return next((d for d in desk.deployments if d.pk == retested.deployment_id), None)
    return desk.deployments[0] if desk.deployments else None


def _number(text: str) -> int:
    number = whole(text)
    if number is None:
        raise Http404("no such number")
    return number


urlpatterns = [
    path("experiments/new/", experiment_new, name="experiment_new"),
    path("experiments/preview/", experiment_preview, name="experiment_preview"),
    path("experiments/EXP-<int:pk>/edit/", experiment_edit, name="experiment_edit"),
    path("experiments/EXP-<int:pk>/send/", experiment_send, name="experiment_send"),
    path("experiments/EXP-<int:pk>/withdraw/", experiment_withdraw, name="experiment_withdraw"),
]
