"""/api/v1/desired-state/: all that a file can say, as JSON or YAML; planned and applied.

And each thing at an address of its own, made or changed by PUT: for tools that keep one
resource an address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, ClassVar, Final

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api import matching
from exercises.api.base import Resource
from exercises.api.parsers import StrictJSONParser
from exercises.domain.desired_state import (
    FIELDS,
    FORMAT,
    KEY_OF,
    KINDS,
    LISTS,
    MAX_FILE_BYTES,
    MOST_THINGS,
    Fields,
)
from exercises.domain.errors import Invalid
from exercises.domain.yaml_text import read_yaml, write_yaml
from exercises.models import Template
from exercises.queries.desired_state import whole_state
from exercises.services.desired_state import (
    CHANGE,
    CREATE,
    NOTHING,
    Step,
    apply_file,
    apply_thing,
    thing_there,
)

YAML: Final = "application/yaml"


class LongJSONParser(StrictJSONParser):
    """A file may be longer than what one thing takes."""

    max_bytes = MAX_FILE_BYTES


class YAMLParser(BaseParser):
    """What is not the same for every reader is refused, and so are aliases."""

    media_type = YAML

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return read_yaml(stream.read(), max_bytes=MAX_FILE_BYTES)
        except Invalid as error:
            raise ParseError(str(error)) from error


class YAMLRenderer(BaseRenderer):
    """An error is JSON all the same, as everywhere."""

    media_type = YAML
    format = "yaml"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        written: bytes = JSONRenderer().render(data)
        answer = (renderer_context or {}).get("response")
        if not written or (answer is not None and answer.status_code >= 400):
            return written
        return write_yaml(json.loads(written)).encode()


class ChangeOfFieldOut(serializers.Serializer[Any]):
    """One leaf that differs; null on the side where it is missing."""

    path = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class FileStepOut(serializers.Serializer[Any]):
    """What one thing needs to be as the file says."""

    path = serializers.CharField(source="wanted.path", help_text="Its place in the file")
    kind = serializers.ChoiceField(source="wanted.kind", choices=KINDS)
    key = serializers.CharField(source="wanted.key", allow_blank=True)
    does = serializers.ChoiceField(choices=(CREATE, CHANGE, NOTHING))
    said = serializers.CharField(allow_blank=True)
    changes = ChangeOfFieldOut(many=True)


class FileStepsOut(serializers.Serializer[Any]):
    is_applied = serializers.BooleanField(help_text="False for a plan")
    due = serializers.IntegerField(help_text="How many things are created or changed")
    steps = FileStepOut(many=True)


def _shape(kind: str) -> dict[str, Any]:
    """The JSON schema of one thing, from the table that reads it."""
    if kind == "templates":
        return _TEMPLATE
    known = FIELDS[kind]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: dict(each.shape) for name, each in known.items()},
        "required": [name for name, each in known.items() if each.is_needed],
    }


_TEMPLATE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{name: {"type": "string"} for name in ("format", "digest", "hypothesis", "notes")},
        "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 50},
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        "summary": {"type": "string"},
        "failure_family": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 60},
        "engine": {"type": "string"},
        "rung": {"type": "integer", "minimum": 1, "maximum": 5},
        "definition": {"type": "object"},
        "generator": {"type": "string"},
        "parameters": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["slug", "name", "failure_family", "rung"],
}
_FILE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "format": {"type": "string", "const": FORMAT},
        **{
            kind: {"type": "array", "maxItems": MOST_THINGS, "items": _shape(kind)}
            for kind in LISTS
        },
        "policy": _shape("policy"),
    },
    "required": ["format"],
}


class DesiredState(Resource):
    queryset = Template.objects.none()
    serializer_class = FileStepsOut
    pagination_class = None
    filterset_class = None
    parser_classes = (LongJSONParser, YAMLParser)
    renderer_classes = (JSONRenderer, YAMLRenderer)

    @extend_schema(
        operation_id="desired_state_export",
        responses={(200, "application/json"): _FILE, (200, YAML): _FILE},
    )
    def read(self, request: Request) -> Response:
        """All that is set up, as a file: applied at once, it changes nothing."""
        return Response(whole_state())

    @extend_schema(
        operation_id="desired_state_apply",
        request={"application/json": _FILE},
        responses=FileStepsOut,
    )
    def write(self, request: Request) -> Response:
        """Make things as the file says, all of them or none. What it does not name stays.

        The body may be application/yaml, too.
        """
        return self._answer(apply_file(actor=self.actor, document=request.data, is_plan=False))

    @extend_schema(
        operation_id="desired_state_plan",
        request={"application/json": _FILE},
        responses=FileStepsOut,
    )
    def plan(self, request: Request) -> Response:
        """What the same file would change; with the same rights, and nothing is changed."""
        steps = apply_file(actor=self.actor, document=request.data, is_plan=True)
        return self._answer(steps, is_applied=False)

    def _answer(self, steps: list[Step], *, is_applied: bool = True) -> Response:
        due = sum(step.is_due for step in steps)
        return Response(FileStepsOut({"is_applied": is_applied, "due": due, "steps": steps}).data)


class DesiredThing(Resource):
    """One thing. Of the policy there is one; its address needs no key."""

    kind: ClassVar[str]
    queryset = Template.objects.none()
    serializer_class = FileStepOut
    pagination_class = None
    filterset_class = None
    is_matched = True
    is_made_by_update = True
    parser_classes = (LongJSONParser, YAMLParser)
    renderer_classes = (JSONRenderer, YAMLRenderer)

    @property
    def takes_fields(self) -> bool:
        return False

    def retrieve(self, request: Request, **named: str) -> Response:
        """As the file of everything has it."""
        shown = self._shown("".join(named.values()))
        tag = matching.tag_of(shown)
        if matching.is_known(request, tag):
            return Response(None, status=304, headers={"ETag": tag})
        return Response(shown, headers={"ETag": tag})

    def update(self, request: Request, **named: str) -> Response:
        """Make it so: 201 where it was not there, 202 where another person has to agree."""
        key = "".join(named.values())

        def check(there: Fields | None) -> None:
            if there is not None:
                matching.check_new(request, there)
            if matching.IF_MATCH not in request.headers:
                return
            if there is None:
                raise matching.ChangedMeanwhile("", [])
            matching.check(request, there)

        step = apply_thing(
            actor=self.actor, kind=self.kind, key=key, document=request.data, check=check
        )
        shown = self._shown(key)
        waits = self.kind == "policy" and bool(step.said)
        status = 202 if waits else 201 if step.does == CREATE else 200
        return Response(shown, status=status, headers={"ETag": matching.tag_of(shown)})

    def _shown(self, key: str) -> Fields:
        shown = thing_there(self.kind, key)
        if shown is None:
            raise Http404("not there")
        return shown


def _address_of(kind: str) -> type[DesiredThing]:
    """The resource of one kind, with its own schema."""
    shape, name = _shape(kind), kind.removesuffix("s")
    sent = dict(shape)
    if key := KEY_OF.get(kind):
        sent["required"] = [each for each in shape["required"] if each != key]
    answers = (201, 200) if key else (202, 200)
    described = extend_schema_view(
        retrieve=extend_schema(
            operation_id=f"desired_{name}_retrieve",
            responses={(200, form): shape for form in ("application/json", YAML)},
        ),
        update=extend_schema(
            operation_id=f"desired_{name}_update",
            request={"application/json": sent},
            responses={
                (code, form): shape for code in answers for form in ("application/json", YAML)
            },
        ),
    )
    made: type[DesiredThing] = described(
        type(f"Desired{name.title()}", (DesiredThing,), {"kind": kind})
    )
    return made


THINGS: Final = {kind: _address_of(kind) for kind in KINDS}
