"""/badges/{application}.svg: the gate as a picture for a portal; and who may see it.

Without a token or a session a badge that its team keeps to itself, and one of nothing, are
refused alike.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.authentication import ReadsWithScope
from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.delivery_gate import DEFAULT_MAX_AGE, Gate, GateStatus, read_age
from exercises.models import Application
from exercises.models.due_work import database_now
from exercises.queries.gates import gate_now
from exercises.services.badges import show_badge

LABEL: Final = "resilience"
SHORTLY: Final = 300
# About the width of a letter of 11 px, in hundredths: enough that none is cut off.
LETTER: Final = 720
EDGE: Final = 8
ICON: Final = 16


@extend_schema(exclude=True)
@require_safe
@api_view(["GET"])
@permission_classes([AllowAny, ReadsWithScope])
def badge(request: Request, slug: str) -> HttpResponse:
    """Drawn anew for each request: colours, a sign and a word, and no script."""
    application = Application.objects.filter(slug=slug).first()
    is_public = application is not None and application.badge_is_public
    if not is_public and not request.user.is_authenticated:
        raise exceptions.NotAuthenticated
    if application is None:
        raise Http404("no such application")
    gate = gate_now(application, max_age=read_age(DEFAULT_MAX_AGE), now=database_now()).gate
    svg = render_to_string("gates/badge.svg", _drawn(application, gate))
    kept = "public" if is_public else "private"
    headers = {"Cache-Control": f"{kept}, max-age={SHORTLY}", "X-Robots-Tag": "noindex"}
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8", headers=headers)


def _drawn(application: Application, gate: Gate) -> dict[str, object]:
    """What the picture is drawn from; all of it in whole pixels."""
    word = gate.status.value
    left = 2 * EDGE + LETTER * len(LABEL) // 100
    right = 2 * EDGE + ICON + LETTER * len(word) // 100
    until = f" until {gate.fresh_until:%d %b %Y}" if gate.status is GateStatus.FRESH else ""
    return {
        "title": f"Resilience of {application.name}: {word}{until}. {gate.because}",
        "label": LABEL,
        "word": word,
        "left": left,
        "right": right,
        "width": left + right,
        "icon_x": left + EDGE,
        "word_x": left + EDGE + ICON,
        "label_x": EDGE,
    }


class BadgeIn(StrictSerializer):
    is_public = serializers.BooleanField(help_text="Whether it is seen without a token, too")


class BadgeOut(serializers.Serializer[Any]):
    is_public = serializers.BooleanField(source="badge_is_public")


class BadgeSetting(Resource):
    serializer_class = BadgeOut

    @extend_schema(request=BadgeIn, responses=BadgeOut, filters=False)
    def write(self, request: Request, slug: str) -> Response:
        """Show the badge to everybody, or only to who reads the API. For operators and owners."""
        sent = BadgeIn(data=request.data)
        sent.is_valid(raise_exception=True)
        application = Application.objects.filter(slug=slug).first()
        if application is None:
            raise Http404("no such application")
        changed = show_badge(
            actor=self.actor,
            application=application,
            is_public=sent.validated_data["is_public"],
        )
        return Response(BadgeOut(changed).data)


urlpatterns = [path("badges/<slug:slug>.svg", badge, name="badge")]
