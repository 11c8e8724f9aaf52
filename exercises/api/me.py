"""/api/v1/me/: who the token acts as."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.api.authentication import actor_of
from exercises.api.representations import MeOut
from exercises.models import Team, User


class Me(APIView):
    permission_classes = (IsAuthenticated,)  # whatever its scopes, a token may say whose it is

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """Whose the token is, the roles as they are now, and its scopes."""
        actor = actor_of(request)
        user = User.accounts.get(pk=actor.person_id)
        slugs = Team.objects.in_bulk(actor.team_roles)
        return Response(
            {
                "name": user.name,
                "email": "" if actor.is_service else user.email,
                "is_service": actor.is_service,
                "organisation_roles": sorted(actor.org_roles),
                "teams": {slugs[pk].slug: role for pk, role in actor.team_roles.items()},
                "scopes": None if actor.scopes is None else sorted(actor.scopes),
            }
        )
