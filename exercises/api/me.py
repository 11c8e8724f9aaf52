"""/api/v1/me/: who the token acts as."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.api.authentication import actor_of
from exercises.api.representations import MeOut
from exercises.models import Membership, User


class Me(APIView):
    permission_classes = (IsAuthenticated,)  # whatever its scopes, a token may say whose it is

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """The person, the roles as they are now, and the token's scopes."""
        actor = actor_of(request)
        user = User.objects.get(pk=actor.person_id)
        teams = Membership.objects.filter(user=user).values_list("team__slug", "role")
        return Response(
            {
                "name": user.name,
                "email": user.email,
                "organisation_roles": sorted(actor.org_roles),
                "teams": dict(teams),
                "scopes": None if actor.scopes is None else sorted(actor.scopes),
            }
        )
