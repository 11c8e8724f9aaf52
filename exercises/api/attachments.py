"""/api/v1/findings/{id}/attachments/: attach a file, list and read them, take one away."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.attachments import FIELD, MAX_BYTES, MOST
from exercises.models import Attachment, Finding
from exercises.permissions import authorize, may
from exercises.queries.attachments import attachments_of, bytes_of
from exercises.queries.naming import names_now
from exercises.services.attachments import MAX_REASON, attach_file, take_file_away


class AttachmentOut(serializers.Serializer[Any]):
    """A file; `is_held` is false when its bytes were taken away."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    sha256 = serializers.CharField()
    author = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    is_held = serializers.BooleanField()

    def get_author(self, attachment: Attachment) -> str | None:
        return self.context["names"].of(attachment.author) or None


class AttachmentIn(StrictSerializer):
    """A picture (PNG, JPEG, WebP), a PDF or plain text."""

    file = serializers.FileField(help_text=f"At most {MAX_BYTES} bytes, and {MOST} of a finding")


class BecauseIn(StrictSerializer):
    because = serializers.CharField(max_length=MAX_REASON)


class FilesOfFinding(Resource):
    serializer_class = AttachmentOut
    pagination_class = None
    parser_classes = (MultiPartParser,)

    @extend_schema(responses=AttachmentOut(many=True), filters=False)
    def index(self, request: Request, pk: int) -> Response:
        """Every file, the oldest first; as many as one finding may have."""
        return Response(self._shown(attachments_of(_traced(self, pk)), many=True))

    @extend_schema(
        request={"multipart/form-data": AttachmentIn}, responses={201: AttachmentOut}, filters=False
    )
    def attach(self, request: Request, pk: int) -> Response:
        """Keep a file beside the finding, as form data with the part `file`."""
        finding = _worked_on(self, pk)
        sent = AttachmentIn(data=request.data)
        sent.is_valid(raise_exception=True)
        file = sent.validated_data[FIELD]
        kept = attach_file(
            actor=self.actor, finding=finding, name=file.name, content=file.read(MAX_BYTES + 1)
        )
        return Response(self._shown(attachments_of(finding).get(pk=kept.pk)), status=201)

    def _shown(self, rows: Any, *, many: bool = False) -> Any:
        return AttachmentOut(rows, many=many, context={"names": names_now()}).data


class FileOfFinding(Resource):
    serializer_class = AttachmentOut

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description="The bytes as they were, in their media type"
            )
        },
        filters=False,
    )
    def read(self, request: Request, pk: int, file: int) -> HttpResponse:
        """The file itself."""
        attachment = _file(_traced(self, pk), file)
        content = bytes_of(attachment)
        if content is None:
            raise Http404("it was taken away")
        headers = {
            "Content-Disposition": str(content_disposition_header(True, attachment.name)),
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(content, content_type=attachment.media_type, headers=headers)

    @extend_schema(request=BecauseIn, responses={204: None}, filters=False)
    def take_away(self, request: Request, pk: int, file: int) -> Response:
        """Delete its bytes; that it was there, and why it went, stays."""
        attachment = _file(_worked_on(self, pk), file)
        sent = BecauseIn(data=request.data)
        sent.is_valid(raise_exception=True)
        take_file_away(
            actor=self.actor, attachment=attachment, because=sent.validated_data["because"]
        )
        return Response(status=204)


def _file(finding: Finding, pk: int) -> Attachment:
    found = attachments_of(finding).filter(pk=pk).first()
    if found is None:
        raise Http404("no such file")
    return found


def _seen(view: Resource, pk: int) -> Finding:
    rows = Finding.objects.visible_to(view.actor).select_related("exercise", "application")
    finding = rows.filter(pk=pk).first()
    if finding is None:
        raise Http404("no such finding")
    return finding


def _traced(view: Resource, pk: int) -> Finding:
    """The finding, for who may see what its experiment showed."""
    finding = _seen(view, pk)
    if not may(view.actor, "finding.trace", finding):
        raise Http404("no such finding")
    return finding


def _worked_on(view: Resource, pk: int) -> Finding:
    """The finding, for who works on it: asked before a body is read."""
    finding = _seen(view, pk)
    authorize(view.actor, "finding.work", finding)
    return finding
