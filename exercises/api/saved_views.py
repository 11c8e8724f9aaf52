"""/api/v1/finding-views/: one's saved views of the findings, and those shared with one's teams."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.models import SavedView, Team
from exercises.queries.findings import read_filters
from exercises.services.saved_views import remove_view, save_view


class SavedViewOut(serializers.ModelSerializer[SavedView]):
    team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )

    class Meta:
        model = SavedView
        fields = ("id", "name", "team", "filters", "saved_at")


class SavedViewIn(StrictSerializer):
    name = serializers.CharField()
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("slug"), allow_null=True, default=None
    )
    filters = serializers.DictField(
        child=serializers.CharField(max_length=100),
        default=dict,
        help_text="state, severity, team, overdue and q, as the list of findings has them",
    )


class SavedViews(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = SavedView.objects.none()
    serializer_class = SavedViewOut

    def get_queryset(self) -> QuerySet[SavedView]:
        if self.is_schema:
            return SavedView.objects.none()
        return SavedView.objects.visible_to(self.actor).select_related("team")

    @extend_schema(request=SavedViewIn, responses={201: SavedViewOut})
    def create(self, request: Request) -> Response:
        """Save filters under a name; the same name again is the same view."""
        sent = SavedViewIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        view = save_view(
            actor=self.actor,
            name=values["name"],
            filters=read_filters(values["filters"]),
            team=values["team"],
        )
        return Response(SavedViewOut(view).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove one of one's own."""
        remove_view(actor=self.actor, view=self.get_object())
        return Response(status=204)
