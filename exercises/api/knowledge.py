"""/api/v1/knowledge/: search, read, write, write anew; every version stays."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.models import Finding, KnowledgePage, KnowledgeVersion
from exercises.queries.knowledge import pages
from exercises.services.knowledge import MAX_BODY, MAX_TITLE, Writing, write_anew, write_page


class KnowledgeVersionOut(serializers.ModelSerializer[KnowledgeVersion]):
    class Meta:
        model = KnowledgeVersion
        fields = ("number", "title", "body", "families", "templates", "note", "written_at")


class KnowledgeOut(serializers.ModelSerializer[KnowledgePage]):
    current = KnowledgeVersionOut(read_only=True)

    class Meta:
        model = KnowledgePage
        fields = ("slug", "current", "created_at")


class KnowledgeChange(StrictSerializer):
    """What a version says. `body` is Markdown."""

    title = serializers.CharField(max_length=MAX_TITLE)
    body = serializers.CharField(max_length=MAX_BODY)
    families = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    templates = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)

    def writing(self) -> Writing:
        names = ("title", "body", "families", "templates", "note")
        return Writing(**{name: self.validated_data[name] for name in names})


class KnowledgeIn(KnowledgeChange):
    finding = serializers.RegexField(r"^F-\d{1,18}$", required=False)


class KnowledgeEdit(KnowledgeChange):
    seen = serializers.IntegerField(min_value=1, help_text="The version that was edited")


class KnowledgeFilter(django_filters.FilterSet):
    """What was searched for comes with the best match first."""

    search = django_filters.CharFilter(help_text='Words; "two words", or, -not')
    family = django_filters.CharFilter()
    template = django_filters.CharFilter()

    class Meta:
        model = KnowledgePage
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[KnowledgePage]) -> QuerySet[KnowledgePage]:
        asked = self.form.cleaned_data
        return pages(text=asked["search"], family=asked["family"], template=asked["template"])


class Knowledge(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = KnowledgePage.objects.none()
    serializer_class = KnowledgeOut
    filterset_class = KnowledgeFilter
    lookup_field = "slug"
    is_matched = True

    def get_queryset(self) -> QuerySet[KnowledgePage]:
        if self.is_schema:
            return KnowledgePage.objects.none()
        return pages()

    @extend_schema(request=KnowledgeIn, responses={201: KnowledgeOut})
    def create(self, request: Request) -> Response:
        """Write a page, freely or from an accepted finding."""
        sent = KnowledgeIn(data=request.data)
        sent.is_valid(raise_exception=True)
        finding = self._finding(sent.validated_data.get("finding"))
        page = write_page(actor=self.actor, writing=sent.writing(), finding=finding)
        return Response(KnowledgeOut(page).data, status=201)

    @extend_schema(request=KnowledgeEdit, responses=KnowledgeOut)
    def update(self, request: Request, slug: str) -> Response:
        """Another version; 409 when somebody saved one since `seen`."""
        sent = KnowledgeEdit(data=request.data)
        sent.is_valid(raise_exception=True)
        seen = sent.validated_data["seen"]
        with self.as_read() as page:
            write_anew(actor=self.actor, page=page, writing=sent.writing(), seen=seen)
        return Response(KnowledgeOut(self.get_object()).data)

    @extend_schema(responses=KnowledgeVersionOut(many=True), filters=False)
    @action(detail=True, methods=["get"], is_sparse=True)
    def versions(self, request: Request, slug: str) -> Response:
        """Everything it ever said, the newest first."""
        return self.page_of(self.get_object().versions.order_by("-number"), KnowledgeVersionOut)

    def _finding(self, code: str | None) -> Finding | None:
        if code is None:
            return None
        pk = int(code.removeprefix("F-"))
        found = Finding.objects.visible_to(self.actor).filter(pk=pk).first()
        if found is None:
            raise Invalid("finding", "there is no such finding")
        return found
