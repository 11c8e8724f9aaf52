"""What the OpenAPI document says of every operation, so that no view has to.

What goes wrong is a problem document (RFC 9457, api.errors); a POST takes an Idempotency-Key;
only what is read comes in pages and is filtered.
"""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter

from exercises.api import once, sparse
from exercises.api.errors import MEDIA_TYPE
from exercises.api.representations import ProblemOut
from exercises.api.shapes import ShapesAsRead

_WHEN_READ: Final = {
    "401": "No token, or one that is not valid",
    "403": "Not with these rights or scopes",
    "404": "Not there, or not to be seen with these rights",
    "422": "A parameter is not valid",
    "503": "The keys of the CI that signed the token cannot be read now; ask again in a minute",
    "429": "Too many requests in this minute; Retry-After says when to come back",
}
_WHEN_WRITTEN: Final = _WHEN_READ | {
    "400": "Not JSON that can be read in one way only",
    "409": "A rule says no, or it has changed since",
    "422": "What was sent is not valid: each field with its limit",
    "502": "AWS did not answer as expected",
}


class Schema(ShapesAsRead):
    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method == "POST" and getattr(self.view, "action", "") != once.STOP:
            parameters.append(
                OpenApiParameter(
                    once.HEADER,
                    {"type": "string", "pattern": once.KEY_PATTERN, "maxLength": once.KEY_LENGTH},
                    OpenApiParameter.HEADER,
                    description="The same request with the same key within 24 hours is answered"
                    " as the first time and not carried out again.",
                )
            )
        if self.method == "GET" and getattr(self.view, "takes_fields", False):
            shown = self.get_response_serializers()
            parameters.append(sparse.parameter(shown))
        if self._is_tagged():
            parameters.append(
                OpenApiParameter(
                    "ETag",
                    str,
                    OpenApiParameter.HEADER,
                    response=["200"],
                    description="Of what is shown; not with fields. PUT with If-Match changes it"
                    " only while it is still that, GET with If-None-Match answers 304 meanwhile.",
                )
            )
        return parameters

    def _get_request_body(self, direction: Any = "request") -> Any:
        """drf-spectacular asks for a body where a serializer has needed fields; a schema of our
        own may have them, too."""
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        shapes = [each.get("schema", {}) for each in (body or {}).get("content", {}).values()]
        return {**body, "required": True} if any("required" in one for one in shapes) else body

    def _is_tagged(self) -> bool:
        return self.method == "GET" and getattr(self.view, "action", "") == "retrieve"

    def get_filter_backends(self) -> list[Any]:
        return list(super().get_filter_backends()) if self.method == "GET" else []

    def _get_paginator(self) -> Any:
        is_read = self.method == "GET"
        return super()._get_paginator() if is_read else None  # type: ignore[no-untyped-call]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        answers = _WHEN_READ if self.method == "GET" else _WHEN_WRITTEN
        if getattr(self.view, "action", "") in getattr(self.view, "too_early", ()):
            answers = {"409": "Too early: there is nothing to see yet"} | answers
        for code, description in answers.items():
            if code not in bodies:
                problem = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ProblemOut, code, [MEDIA_TYPE], direction
                )
                bodies[code] = {**problem, "description": description}
        if self._is_tagged():
            bodies["304"] = {"description": "Still what If-None-Match names"}
        is_update = getattr(self.view, "action", "") == "update"
        if is_update and getattr(self.view, "is_matched", False):
            problem = self._get_response_for_code(  # type: ignore[no-untyped-call]
                ProblemOut, "412", [MEDIA_TYPE], direction
            )
            is_made = getattr(self.view, "is_made_by_update", False)
            why = "No longer what If-Match names" + ", or what If-None-Match names" * is_made
            bodies["412"] = {**problem, "description": why}
        return bodies
