"""Reading JSON strictly: a duplicate key or NaN is an error, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from exercises.domain.canonical_json import parse_strict
from exercises.domain.errors import Invalid


class StrictJSONParser(BaseParser):
    """Refuses what RFC 8259 leaves open: duplicate keys, NaN, absurd depth or size."""

    media_type = "application/json"
    max_bytes = 262_144

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return parse_strict(stream.read(), field="body", max_bytes=self.max_bytes)
        except Invalid as error:
            raise ParseError(str(error)) from error
