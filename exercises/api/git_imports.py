"""/api/v1/template-repositories/: look at a folder of a Git repository, import one file of it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import VersionOut
from exercises.api.strict import StrictSerializer
from exercises.api.template_imports import BeginningOut, ImportedOut
from exercises.domain.git_sources import COMMIT, MOST_PATH, MOST_REF, MOST_URL, NEWEST, GitSource
from exercises.models import TemplateVersion
from exercises.services.git_imports import import_file, look

STATES = ("new", "same", "changed", "unreadable")


class RepositoryIn(StrictSerializer):
    """A folder of a repository at a branch, a tag or a commit."""

    url = serializers.CharField(max_length=MOST_URL, help_text="https, at an allowed host")
    ref = serializers.CharField(max_length=MOST_REF, default=NEWEST)
    folder = serializers.CharField(max_length=MOST_PATH, default="", allow_blank=True)


class RepositoryFileIn(RepositoryIn):
    """One file that a look named. Its folder follows from its path."""

    folder = None  # type: ignore[assignment]
    commit = serializers.RegexField(COMMIT, max_length=40, help_text="As the look named it")
    path = serializers.CharField(max_length=MOST_PATH)


class DocumentProblemOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    message = serializers.CharField()


class RepositoryDocumentOut(serializers.Serializer[Any]):
    """One file and what it would become."""

    path = serializers.CharField()
    kind = serializers.CharField(
        help_text="template (published as it is), an engine, or empty when it cannot be read"
    )
    template = serializers.CharField(source="slug", help_text="Empty while there is none")
    version = serializers.IntegerField(
        source="version.number", allow_null=True, default=None, help_text="The newest of it here"
    )
    state = serializers.ChoiceField(choices=STATES)
    may_import = serializers.BooleanField()
    problems = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField(help_text="What differs from the newest version")

    @extend_schema(responses=DocumentProblemOut(many=True))
    def get_problems(self, found: Any) -> list[dict[str, str]]:
        return [{"field": field, "message": message} for field, message in found.problems]

    def get_changes(self, found: Any) -> list[str]:
        return [change.path for change in found.changed]


class RepositoryOut(serializers.Serializer[Any]):
    commit = serializers.CharField()
    documents = RepositoryDocumentOut(many=True)
    passed_over = serializers.ListField(
        child=serializers.CharField(), help_text="What was not read, and why"
    )
    others = serializers.IntegerField(help_text="JSON files that are no document of any engine")


class RepositoryImportOut(serializers.Serializer[Any]):
    """`published` for a template file; else `beginning`, to look over and to publish as a
    version of `template`, or as a new template when that is empty."""

    published = ImportedOut(allow_null=True)
    beginning = BeginningOut(allow_null=True)
    template = serializers.CharField(allow_blank=True)


class TemplateRepositories(Resource):
    queryset = TemplateVersion.objects.none()
    serializer_class = VersionOut
    pagination_class = None

    @extend_schema(request=RepositoryIn, responses={200: RepositoryOut})
    def look(self, request: Request) -> Response:
        """What a folder of a repository holds, compared with the catalogue. Imports nothing."""
        sent = RepositoryIn(data=request.data)
        sent.is_valid(raise_exception=True)
        looked = look(actor=self.actor, source=GitSource(**sent.validated_data))
        return Response(RepositoryOut(looked).data)

    @extend_schema(request=RepositoryFileIn, responses={200: RepositoryImportOut})
    def take(self, request: Request) -> Response:
        """Publish a template file, or read another document as something to publish."""
        sent = RepositoryFileIn(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        done = import_file(
            actor=self.actor,
            source=GitSource(given["url"], given["ref"]),
            commit=given["commit"],
            path=given["path"],
        )
        if isinstance(done, TemplateVersion):
            told: dict[str, Any] = {
                "published": done,
                "beginning": None,
                "template": done.template.slug,
            }
        else:
            slug = done.template.slug if done.template else ""
            told = {"published": None, "beginning": done.beginning, "template": slug}
        return Response(RepositoryImportOut(told).data)
