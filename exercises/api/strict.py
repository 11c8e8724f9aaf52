"""The base of everything that is written through the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, and values of another JSON type than the field's.

    A misspelt field must not be silently lost, and 0 is neither a reason nor a name.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            problems = {name: ["is not a field of this resource"] for name in unknown}
            # An address carries nothing but text.
            wrong = _left_empty if isinstance(data, QueryDict) else _mistyped
            for name, field in self.fields.items():
                if name in data and (wanted := wrong(field, data[name])):
                    problems[name] = [wanted]
            if problems:
                raise serializers.ValidationError(problems)
        return super().to_internal_value(data)


def _left_empty(field: serializers.Field[Any, Any, Any, Any], value: Any) -> str:
    """DRF takes a parameter without a value for one that was left out."""
    is_taken = value != "" or getattr(field, "allow_blank", False)
    return "" if is_taken else "is empty; leave it out instead"


def _mistyped(field: serializers.Field[Any, Any, Any, Any], value: Any) -> str:
    """What the JSON value would have to be; empty when it is of the field's type. DRF takes
    "5" for 5, 5 for "5" and "yes" for true: that is for forms."""
    if value is None:
        return ""
    if isinstance(field, serializers.ListField) and isinstance(value, list) and field.child:
        inner = next((w for each in value if (w := _mistyped(field.child, each))), "")
        return f"each item: {inner}" if inner else ""
    if isinstance(field, serializers.ManyRelatedField | serializers.MultipleChoiceField):
        if not isinstance(value, list):
            return "must be a list"
        of = getattr(field, "child_relation", None)
        inner = next((w for each in value if of and (w := _mistyped(of, each))), "")
        return f"each item: {inner}" if inner else ""
    if isinstance(field, serializers.RelatedField):
        if isinstance(field, serializers.SlugRelatedField) and not isinstance(value, str):
            return "must be text"
        return "is empty; send null or leave it out" if value == "" else ""
    if isinstance(field, serializers.CharField | serializers.ChoiceField):
        choices = getattr(field, "choices", {"": ""})
        is_text = all(isinstance(choice, str) for choice in choices)
        return "must be text" if is_text and not isinstance(value, str) else ""
    if isinstance(field, serializers.BooleanField):
        return "" if isinstance(value, bool) else "must be true or false"
    if isinstance(field, serializers.IntegerField):
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return "" if is_whole and not isinstance(value, bool) else "must be a whole number"
    if isinstance(field, serializers.FloatField | serializers.DecimalField):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if is_number else "must be a number"
    return ""
