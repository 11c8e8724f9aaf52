"""/api/v1/teams/: list, read, create; take people in, give another role, take them out.

People are named by the address they sign in with, and shown by their name.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.capacities import TeamRole
from exercises.models import Membership, Team, User
from exercises.services.teams import add_member, change_role, create_team, remove_member

ROLES = [(role.value, role.value) for role in TeamRole]


class MemberOut(serializers.ModelSerializer[Membership]):
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Membership
        fields = ("id", "name", "role")


class TeamOut(serializers.ModelSerializer[Team]):
    division = serializers.CharField(source="division.name", default=None, allow_null=True)

    class Meta:
        model = Team
        fields = ("slug", "name", "division")


class TeamDetail(TeamOut):
    members = MemberOut(source="memberships", many=True, read_only=True)

    class Meta:
        model = Team
        fields = (*TeamOut.Meta.fields, "members")


class TeamIn(StrictSerializer):
    slug = serializers.SlugField(max_length=50)
    name = serializers.CharField(max_length=120)


class RoleIn(StrictSerializer):
    role = serializers.ChoiceField(choices=ROLES)


class MemberIn(RoleIn):
    email = serializers.SlugRelatedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        help_text="Of somebody who has signed in once",
    )


class Teams(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Team.objects.none()
    serializer_class = TeamOut
    filterset_class = None
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Team]:
        rows = Team.objects.select_related("division").order_by("name", "pk")
        return rows.prefetch_related("memberships__user") if self.action != "list" else rows

    def get_serializer_class(self) -> Any:
        return TeamOut if self.action == "list" else TeamDetail

    @extend_schema(request=TeamIn, responses={201: TeamDetail})
    def create(self, request: Request) -> Response:
        """A team without members: take its owner in next."""
        sent = TeamIn(data=request.data)
        sent.is_valid(raise_exception=True)
        team = create_team(actor=self.actor, **sent.validated_data)
        return Response(TeamDetail(team).data, status=201)

    @extend_schema(request=MemberIn, responses={201: MemberOut})
    @action(detail=True, methods=["post"])
    def members(self, request: Request, slug: str) -> Response:
        """Take a person into the team."""
        sent = MemberIn(data=request.data)
        sent.is_valid(raise_exception=True)
        person, role = sent.validated_data["email"], sent.validated_data["role"]
        membership = add_member(actor=self.actor, team=self.get_object(), user=person, role=role)
        return Response(MemberOut(membership).data, status=201)


class MembersOfTeam(Resource):
    queryset = Membership.objects.none()
    serializer_class = MemberOut
    is_matched = True

    def get_object(self) -> Membership:
        rows = Membership.objects.select_related("team", "user")
        return get_object_or_404(rows, pk=self.kwargs["pk"], team__slug=self.kwargs["slug"])

    @extend_schema(operation_id="team_member_retrieve", responses=MemberOut)
    def retrieve(self, request: Request, slug: str, pk: int) -> Response:
        """One member."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="team_member_update", request=RoleIn, responses=MemberOut)
    def update(self, request: Request, slug: str, pk: int) -> Response:
        """Give another role."""
        sent = RoleIn(data=request.data)
        sent.is_valid(raise_exception=True)
        with self.as_read() as membership:
            change_role(actor=self.actor, membership=membership, **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="team_member_destroy", request=None, responses={204: None})
    def destroy(self, request: Request, slug: str, pk: int) -> Response:
        """Take them out of the team. The last owner stays."""
        remove_member(actor=self.actor, membership=self.get_object())
        return Response(status=204)
