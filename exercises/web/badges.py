"""The badge of an application: how it looks, how a portal shows it, and who may see it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from exercises.domain.delivery_gate import DEFAULT_MAX_AGE, read_age
from exercises.domain.failure_families import words_of
from exercises.models import Application
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.gates import gate_now
from exercises.services.badges import show_badge
from exercises.web.access import SignedInRequest, signed_in


@signed_in
@require_http_methods(["GET", "POST"])
def application_badge(request: SignedInRequest, slug: str) -> HttpResponse:
    """The gate as a portal sees it. Its team says whether everybody may."""
    application = get_object_or_404(Application.objects.select_related("team"), slug=slug)
    if request.method == "POST":
        is_public = request.POST.get("public") == "yes"
        show_badge(actor=request.actor, application=application, is_public=is_public)
        who = "everybody" if is_public else "who is signed in or has a token"
        messages.success(request, f"The badge is shown to {who}.")
        return redirect("application_badge", slug=slug)
    root = settings.CHAOSPLANE_BASE_URL.rstrip("/")
    picture = reverse("badge", args=[slug])
    page = reverse("application_badge", args=[slug])
    alt = f"Resilience of {application.name}"
    gate = gate_now(application, max_age=read_age(DEFAULT_MAX_AGE), now=database_now()).gate
    context = {
        "application": application,
        "picture": picture,
        "alt": alt,
        "gate": gate,
        "families": [(words_of(one.family), one) for one in gate.families],
        "snippets": (
            ("markdown", "Markdown", f"[![{alt}]({root}{picture})]({root}{page})"),
            ("link", "HTML", f'<a href="{root}{page}"><img src="{root}{picture}" alt="{alt}"></a>'),
            ("backstage", "Backstage, catalog-info.yaml", _annotation(slug, root)),
        ),
        "may_show": may(request.actor, "application.badge", application),
    }
    return render(request, "gates/badge.html", context)


def _annotation(slug: str, root: str) -> str:
    return (
        f"metadata:\n  annotations:\n    chaosplane/application: {slug}\n    chaosplane/url: {root}"
    )


urlpatterns = [
    path("settings/applications/<slug:slug>/badge/", application_badge, name="application_badge")
]
