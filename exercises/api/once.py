"""`Idempotency-Key` on every POST: the same request sent again is answered, not carried out.

A stop needs none: asking again is safe and asks AWS again, so its key is not looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Final

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.domain.errors import Invalid
from exercises.models import KeptAnswer
from exercises.services.kept_answers import begin_once, keep_answer

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
STOP: Final = "stop"
KEY_LENGTH: Final = 255
KEY_PATTERN: Final = "^[\\x21-\\x7e]+$"
_KEY: Final = re.compile(KEY_PATTERN)


class AnsweredBefore(Exception):
    """Ends a request with the answer that it got the first time."""

    def __init__(self, kept: KeptAnswer) -> None:
        super().__init__(kept.key)
        self.kept = kept

    def response(self) -> Response:
        return Response(self.kept.body, status=self.kept.status, headers={REPLAYED: "true"})


def begin(request: Request, *, person_id: int, action: str) -> KeptAnswer | None:
    """Claim the key of this request, if it has one; raises AnsweredBefore, Invalid, Conflict."""
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None or action == STOP:
        return None
    if len(key) > KEY_LENGTH or not _KEY.fullmatch(key):
        raise Invalid(HEADER, f"1 to {KEY_LENGTH} visible ASCII characters")
    plain = request._request
    asked = b"\0".join((b"POST", plain.get_full_path().encode(), plain.body))
    kept, is_new = begin_once(
        user_id=person_id, key=key, fingerprint=hashlib.sha256(asked).hexdigest()
    )
    if not is_new:
        raise AnsweredBefore(kept)
    return kept


def keep(kept: KeptAnswer, response: Response) -> None:
    """Keep the answer under the key that `begin` claimed."""
    body = None if response.data is None else json.loads(JSONRenderer().render(response.data))
    keep_answer(kept, status=response.status_code, body=body)
