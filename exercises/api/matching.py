"""ETag of what is read, If-None-Match to read it once, If-Match to change only what one read
and If-None-Match to make only what is not there.

The tag is a digest of what the reader is shown. An edit with If-Match compares it under the lock
of the row, so of two who read the same only one can write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from exercises.api.authentication import credential_of

IF_MATCH: Final = "If-Match"
IF_NONE_MATCH: Final = "If-None-Match"


class ChangedMeanwhile(Exception):
    """It is not what the caller read. `differences` are the fields that were sent."""

    def __init__(self, tag: str, differences: list[dict[str, Any]]) -> None:
        super().__init__("it changed since you read it")
        self.tag, self.differences = tag, differences


def tag_of(shown: Any) -> str:
    """A strong validator (RFC 9110, 8.8.3) of a representation."""
    written = JSONRenderer().render(shown)
    return f'"{hashlib.sha256(written).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the reader has it already. A proxy may have made the tag a weak one."""
    asked = parse_etags(request.headers.get(IF_NONE_MATCH, ""))
    return "*" in asked or tag in {each.removeprefix("W/") for each in asked}


def check(request: Request, shown: Mapping[str, Any]) -> None:
    """Raises ChangedMeanwhile unless If-Match names what is shown now."""
    asked, tag = parse_etags(request.headers[IF_MATCH]), tag_of(shown)
    if "*" not in asked and tag not in asked:
        raise ChangedMeanwhile(tag, _differences(request, shown))


def check_new(request: Request, shown: Mapping[str, Any]) -> None:
    """Raises ChangedMeanwhile if If-None-Match names what is there: `*` names whatever is."""
    if is_known(request, tag := tag_of(shown)):
        raise ChangedMeanwhile(tag, _differences(request, shown))


def _differences(request: Request, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """None for a program that may not read: they say what is there."""
    credential, sent = credential_of(request), request.data
    if credential is not None and "read" not in credential.scopes:
        return []
    return [
        {"field": name, "yours": sent[name], "theirs": theirs}
        for name, theirs in shown.items()
        if isinstance(sent, Mapping) and name in sent and not _is_same(sent[name], theirs)
    ]


def _is_same(yours: Any, theirs: Any) -> bool:
    if yours == theirs:
        return True
    if isinstance(yours, str) and isinstance(theirs, str):
        try:
            instants = parse_datetime(yours), parse_datetime(theirs)
        except ValueError:
            return False
        return None not in instants and instants[0] == instants[1]
    return False
