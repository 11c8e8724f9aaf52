"""What the OpenAPI document says a body or a parameter may hold: as narrow as it is read.

A client can then know before it asks what would be refused. The base of api.openapi.Schema.
"""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from exercises.api.strict import StrictSerializer
from exercises.domain.canonical_json import MAX_SAFE_INTEGER

_FILTERED: Final = 10**15 - 1


class ShapesAsRead(AutoSchema):
    """Says what api.strict, api.parsers and api.filters refuse, where no field says so."""

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        for parameter in found:
            if parameter["schema"].get("type") == "integer":
                parameter["schema"].update(minimum=-_FILTERED, maximum=_FILTERED)
        return _never_empty(found)

    def _get_pagination_parameters(self) -> list[dict[str, Any]]:
        return _never_empty(super()._get_pagination_parameters())  # type: ignore[no-untyped-call]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(
        self, field: Any, direction: Any, bypass_extensions: bool = False
    ) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = super()._map_serializer_field(
            field, direction, bypass_extensions
        )  # type: ignore[no-untyped-call]
        return _as_read(field, schema) if schema and direction == "request" else schema


def _never_empty(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A filter without a value is refused, it would filter nothing."""
    for parameter in parameters:
        schema = parameter["schema"]
        if schema.get("type") == "string" and not {"enum", "format"} & set(schema):
            schema["minLength"] = 1
    return parameters


def _as_read(field: Any, schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(field, serializers.FileField):
        schema["format"] = "binary"
    if isinstance(field, serializers.IntegerField):
        schema.setdefault("minimum", -MAX_SAFE_INTEGER)
        schema.setdefault("maximum", MAX_SAFE_INTEGER)
    if type(field) is serializers.JSONField and not field.allow_null and "type" not in schema:
        schema["type"] = ["object", "array", "string", "number", "boolean"]
    if schema.get("type") == "array" and not getattr(field, "allow_empty", True):
        schema["minItems"] = max(1, schema.get("minItems", 1))
    if isinstance(field, serializers.CharField) and not field.allow_blank:
        schema["minLength"] = max(1, schema.get("minLength", 1))
        has_form = isinstance(field, serializers.RegexField) or {"pattern", "format"} & set(schema)
        if not has_form:
            schema["pattern"] = r"\S"
    return schema
