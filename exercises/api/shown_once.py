"""A secret is in the answer that makes it and in no other, also not in one that is kept for an
Idempotency-Key: it is put in after that one was written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource


class ShowsSecretOnce(Resource):
    """An action sets `once`, by field; the answer of that request shows it."""

    once: Mapping[str, str] | None = None

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.once:
            answer.data = {**answer.data, **self.once}
        return answer
