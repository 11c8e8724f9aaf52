"""What is there to ask about: a configuration in which real identifiers are drawn, too.

Without it nearly every question would be about things that do not exist.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

OWN_TOKEN: Final = 900_001
"""The number of the token that asks, see everybody.py: revoked, it would learn nothing more."""
BASE: Final = Path(__file__).with_name("schemathesis.toml")
HALF: Final = 0.5
_FIRST_PARAMETER: Final = re.compile(r"^(/api/v1/[\w-]+/)\{(\w+)\}/")
_WITHIN_BODIES: Final = {
    "account_id": ("/api/v1/accounts/", "account_id"),
    "application": ("/api/v1/applications/", "slug"),
    "exercise": ("/api/v1/exercises/", "slug"),
    "programme": ("/api/v1/schedules/", "programme"),
    "team": ("/api/v1/applications/", "team"),
    "template": ("/api/v1/templates/", "slug"),
}


class Api:
    """Reads the running API with the token."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._lists: dict[str, list[dict[str, Any]]] = {}

    def read(self, path: str) -> Any:
        asked = urllib.request.Request(
            self.url.rstrip("/") + path, headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return json.load(answer)

    def known(self, path: str, field: str) -> list[str | int]:
        """The values that this field has in a list of the API."""
        if path not in self._lists:
            found = self.read(path)
            rows = found.get("results", []) if isinstance(found, dict) else found
            rows = rows if isinstance(rows, list) else []
            self._lists[path] = rows
        values = (row.get(field) for row in self._lists[path])
        known = {value for value in values if isinstance(value, str | int)} - {OWN_TOKEN}
        return sorted(known, key=str)


def configuration(api: Api, document: dict[str, Any]) -> str:
    """schemathesis.toml with a dictionary for each kind of identifier that a path begins with."""
    lines = [BASE.read_text(encoding="utf-8")]
    for name, (path, field) in _WITHIN_BODIES.items():
        lines += _dictionary(f"body-{name}", api.known(path, field))
    lines += ["[parameters]"]
    lines += [_bound(f"body.{name}", f"body-{name}") for name in _WITHIN_BODIES]
    seen = dict(_collections(document))
    for path, parameter in seen.items():
        if values := api.known(path, parameter):
            name = f"path-{path.split('/')[3]}"
            lines += _dictionary(name, values)
            lines += ["[[operations]]", f'include-path-regex = "^{path}[{{]{parameter}[}}]/"']
            lines += ["[operations.parameters]", _bound(f"path.{parameter}", name)]
    return "\n".join(lines) + "\n"


def _collections(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The lists of the API whose rows have addresses: path of the list, name of what names one."""
    for path in document["paths"]:
        found = _FIRST_PARAMETER.match(path)
        if found and "get" in document["paths"].get(found[1], {}):
            yield found[1], found[2]


def _dictionary(name: str, values: list[str | int]) -> list[str]:
    return [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]


def _bound(parameter: str, dictionary: str) -> str:
    return f'"{parameter}" = {{ dictionary = "{dictionary}", probability = {HALF} }}'
