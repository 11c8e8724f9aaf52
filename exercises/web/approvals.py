"""The inbox: what waits for me, what waits for others, what was decided; and the decision."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity, label
from exercises.domain.errors import Conflict, Invalid
from exercises.models import Decision, Experiment
from exercises.models.due_work import database_now
from exercises.queries.approvals import approvals_of, settles_at
from exercises.queries.experiment_pages import (
    Subject,
    changed_since_read,
    shown_state,
    subject_of,
)
from exercises.queries.inbox import open_proposals, waiting
from exercises.services.decide import decide
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.errors import form_errors

TABS = ("mine", "others", "decided")
ON_A_PAGE = 20
DONE = {
    DecisionVerdict.APPROVE: "approved",
    DecisionVerdict.REQUEST_CHANGES: "sent back with your request for changes",
    DecisionVerdict.DECLINE: "declined",
}


@dataclass(frozen=True)
class InboxItem:
    """One line on the left: the experiment, its state, and my capacity if it waits for me."""

    experiment: Experiment
    state: str
    missing: int
    capacity: Capacity | None = None


@signed_in
@require_GET
def approvals(request: SignedInRequest) -> HttpResponse:
    """The inbox in two panes. `tab` is mine, others or decided; `experiment` is what is open."""
    tab = request.GET.get("tab", "mine")
    if tab not in TABS:
        raise Http404("no such tab")
    return _inbox(request, tab, request.GET.get("experiment", ""))


@signed_in
@require_POST
def approval_decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve, request changes or decline exactly the content that was read."""
    experiment = _seen(request, pk)
    reason = request.POST.get("reason", "")
    try:
        verdict = DecisionVerdict(request.POST.get("verdict", ""))
    except ValueError as error:
        raise Invalid("verdict", "approve, request_changes or decline") from error
    try:
        decide(
            actor=request.actor,
            experiment=experiment,
            verdict=verdict,
            digest_seen=request.POST.get("digest_seen", ""),
            capacity=_capacity(request.POST.get("capacity", "")),
            reason=reason,
        )
    except (Invalid, Conflict) as error:
        return _again(request, experiment, error, reason)
    messages.success(request, f"{experiment.code} is {DONE[verdict]}.")
    return redirect(reverse("approvals"))


def _again(
    request: SignedInRequest, experiment: Experiment, error: Invalid | Conflict, reason: str
) -> HttpResponse:
    """The page as it is now with what was typed, and for a stale tab what differs from it."""
    mine = waiting(request.actor, now=database_now())
    if all(item.experiment.pk != experiment.pk for item in mine):
        raise error
    if isinstance(error, Invalid):
        answer: dict[str, object] = {"errors": form_errors(error)}
    else:
        read = request.POST.get("digest_seen", "")
        answer = {"stale": True, "since_read": changed_since_read(experiment, read)}
    return _inbox(request, "mine", str(experiment.pk), answer=answer | {"reason": reason})


def _inbox(
    request: SignedInRequest, tab: str, chosen: str, *, answer: dict[str, object] | None = None
) -> HttpResponse:
    now = database_now()
    mine = waiting(request.actor, now=now)
    proposals = open_proposals(request.actor, now=now)
    statuses = approvals_of(proposals, now=now)
    waits_for_me = {item.experiment.pk for item in mine}
    others = [
        InboxItem(e, shown_state(e, statuses[e.pk]), len(statuses[e.pk].missing))
        for e in proposals
        if e.pk not in waits_for_me and not statuses[e.pk].is_complete
    ]
    context: dict[str, object] = {"tab": tab, "mine": len(mine), "others": len(others)}
    if tab == "decided":
        page = _decided(request)
        rows = [(decision, label(Capacity(decision.capacity))) for decision in page]
        return render(request, "approvals/decided.html", context | {"page": page, "rows": rows})
    own = [
        InboxItem(
            w.experiment,
            shown_state(w.experiment, w.status),
            len(w.status.missing),
            w.capacity,
        )
        for w in mine
    ]
    items = own if tab == "mine" else others
    current = next((i for i in items if str(i.experiment.pk) == chosen), None)
    if current is None and items:
        current = items[0]
    subject: Subject | None = None
    if current is not None:
        subject = subject_of(current.experiment, now=now, own=current.capacity)
        if current.capacity is not None:
            context["counts_from"] = settles_at(
                request.actor.person_id, current.experiment, current.capacity, now=now
            )
    return render(
        request,
        "approvals/inbox.html",
        context
        | {
            "items": items,
            "current": current,
            "subject": subject,
        }
        | (answer or {}),
        status=_status(answer),
    )


def _status(answer: dict[str, object] | None) -> int:
    if answer is None:
        return 200
    return 409 if answer.get("stale") else 422


def _decided(request: SignedInRequest) -> Page[Decision]:
    decisions = (
        Decision.objects.filter(experiment__in=Experiment.objects.visible_to(request.actor))
        .select_related("experiment__application__team", "experiment__exercise", "decided_by")
        .order_by("-decided_at", "-id")
    )
    return Paginator(decisions, ON_A_PAGE).get_page(request.GET.get("page"))


def _seen(request: SignedInRequest, pk: int) -> Experiment:
    experiment = (
        Experiment.objects.visible_to(request.actor)
        .filter(pk=pk)
        .select_related("application", "exercise", "revision")
        .first()
    )
    if experiment is None:
        raise Http404("no such experiment")
    return experiment


def _capacity(text: str) -> Capacity | None:
    if not text:
        return None
    try:
        return Capacity(text)
    except ValueError as error:
        raise Invalid("capacity", f"one of {', '.join(c.value for c in Capacity)}") from error


urlpatterns = [
    path("approvals/", approvals, name="approvals"),
    path("approvals/EXP-<int:pk>/", approval_decide, name="approval_decide"),
]
