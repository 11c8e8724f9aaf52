"""`?fields=id,state`: only these of each row, on every list and every single thing that is read."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from exercises.domain.errors import Invalid

FIELDS: Final = "fields"


def narrow(shown: serializers.BaseSerializer[Any], asked: str | None) -> None:
    """Leave out what is not asked for, so that it is not worked out either. Raises Invalid."""
    if asked is None:
        return
    fields, wanted = _fields_of(shown), set(asked.split(","))
    unknown = sorted(wanted - set(fields))
    if unknown:
        raise Invalid(
            FIELDS,
            f"{', '.join(repr(name) for name in unknown)} is no field here; known are"
            f" {', '.join(fields)}, separated by commas",
        )
    for name in set(fields) - wanted:
        del fields[name]


def parameter(shown: Any) -> OpenApiParameter:
    """What the OpenAPI document says of it."""
    names = list(_fields_of(force_instance(shown)))  # type: ignore[no-untyped-call]
    items = {"type": "string", "enum": names}
    return OpenApiParameter(
        FIELDS,
        {"type": "array", "items": items, "minItems": 1},
        description="Only these fields",
        style="form",
        explode=False,
    )


def _fields_of(shown: Any) -> Any:
    return getattr(shown, "child", shown).fields
