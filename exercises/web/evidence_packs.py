"""The evidence pack of an exercise: what is in it, whose key signs it, and the download."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from exercises.permissions import may
from exercises.services.evidence_pack import export_pack, own_fingerprint
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.exercise_head import find_exercise

PARTS = (
    ("Exercise, participants, experiments", "who took part, who proposed what"),
    ("Plans", "every revision that people could decide on, with the digest they approved"),
    ("Decisions", "who, in which capacity, on which digest, until when"),
    ("Runs", "state, verdict, targets, actions, and what AWS FIS said at the end"),
    ("Clean-ups", "how all was before and after each run, what was left, and its certificate"),
    ("Samples", "every measurement of every probe"),
    (
        "Timeline and findings",
        "the event log, what the runs showed, and each step in the life of a finding",
    ),
    ("Audit", "the entries about all of this, each with its hash and the one before"),
    ("Clauses", "which clauses of DORA and ISO 22301 each part may serve, as guidance"),
)


@signed_in
@require_GET
def evidence(request: SignedInRequest, slug: str) -> HttpResponse:
    exercise = find_exercise(request.actor, slug)
    context = {
        "exercise": exercise,
        "parts": PARTS,
        "fingerprint": own_fingerprint(),
        "may_export": may(request.actor, "evidence.export", exercise),
    }
    return render(request, "debrief/evidence.html", context)


@signed_in
@never_cache
@require_POST
def evidence_zip(request: SignedInRequest, slug: str) -> HttpResponse:
    """A POST, because handing it out is written to the audit trail."""
    exercise = find_exercise(request.actor, slug)
    data = export_pack(actor=request.actor, exercise=exercise)
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="evidence-{exercise.slug}.zip"'
    return response


urlpatterns = [
    path("exercises/<slug:slug>/evidence/", evidence, name="evidence"),
    path("exercises/<slug:slug>/evidence.zip", evidence_zip, name="evidence_zip"),
]
