"""A template's version as a file that any chaosplane reads again, and the digest of its content.

The digest is over what decides what happens and what is asked; name, notes and number may
differ between two installations that hold the same. Used by services.template_imports,
queries.catalogue and the API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from exercises.domain.canonical_json import canonical_bytes, whole_number
from exercises.domain.errors import Invalid
from exercises.domain.plans import JsonObject

FORMAT: Final = "chaosplane-template/1"
_TEXTS: Final = ("slug", "name", "summary", "failure_family", "hypothesis", "notes")
_KNOWN: Final = frozenset(
    {"format", "engine", "generator", "definition", "parameters", "rung", "digest", *_TEXTS}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A template with one of its versions. A generated one has no definition."""

    slug: str
    name: str
    summary: str
    failure_family: str
    engine: str
    generator: str
    definition: JsonObject
    parameters: Sequence[JsonObject]
    rung: int
    hypothesis: str
    notes: str

    @property
    def digest(self) -> str:
        return content_digest(
            engine=self.engine,
            generator=self.generator,
            definition=self.definition,
            parameters=self.parameters,
            rung=self.rung,
            hypothesis=self.hypothesis,
        )


def content_digest(
    *,
    engine: str,
    generator: str,
    definition: JsonObject,
    parameters: Sequence[JsonObject],
    rung: int,
    hypothesis: str,
) -> str:
    """sha256 over the canonical JSON of what a version does and asks."""
    content = {
        "engine": engine,
        "generator": generator,
        "definition": dict(definition),
        "parameters": [dict(parameter) for parameter in parameters],
        "rung": rung,
        "hypothesis": hypothesis,
    }
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def entry_document(entry: Entry) -> dict[str, object]:
    """The file. A generated version says which generator instead of a definition."""
    content: dict[str, object] = (
        {"generator": entry.generator}
        if entry.generator
        else {"definition": dict(entry.definition)}
    )
    return {
        "format": FORMAT,
        "slug": entry.slug,
        "name": entry.name,
        "summary": entry.summary,
        "failure_family": entry.failure_family,
        "engine": entry.engine,
        "rung": entry.rung,
        "hypothesis": entry.hypothesis,
        "notes": entry.notes,
        **content,
        "parameters": [dict(parameter) for parameter in entry.parameters],
        "digest": entry.digest,
    }


def is_entry(document: object) -> bool:
    """Whether a file says that it is a template of ours, and not an engine's document."""
    return isinstance(document, Mapping) and "format" in document


def read_entry(document: object) -> Entry:
    """Raises Invalid that names every field at fault. A digest that is there must be right."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise Invalid("format", f"a template file says {FORMAT}")
    problems = [(str(key), "is no field of a template") for key in document.keys() - _KNOWN]
    problems += [
        (name, "must be text")
        for name in (*_TEXTS, "engine", "generator", "digest")
        if not isinstance(document.get(name, ""), str)
    ]
    definition, parameters = document.get("definition", {}), document.get("parameters", [])
    if not isinstance(definition, Mapping):
        problems.append(("definition", "a JSON object: the document of its engine"))
    if not isinstance(parameters, list) or not all(isinstance(p, Mapping) for p in parameters):
        problems.append(("parameters", "a JSON list with one object a parameter"))
    if whole_number(document.get("rung")) is None:
        problems.append(("rung", "between 1 (one resource) and 5 (Region)"))
    if bool(document.get("generator")) == bool(definition):
        problems.append(("definition", "either a definition or the name of a generator"))
    if problems:
        raise Invalid.of(sorted(problems))
    return _checked(document, _entry(document))


def _entry(document: Mapping[str, object]) -> Entry:
    texts = {name: cast("str", document.get(name, "")) for name in _TEXTS}
    return Entry(
        **texts,
        engine=cast("str", document.get("engine", "fis")),
        generator=cast("str", document.get("generator", "")),
        definition=cast("JsonObject", document.get("definition", {})),
        parameters=cast("list[JsonObject]", document.get("parameters", [])),
        rung=cast("int", whole_number(document["rung"])),
    )


def _checked(document: Mapping[str, object], entry: Entry) -> Entry:
    told = document.get("digest")
    if told and told != entry.digest:
        why = "is not that of this content; leave it out to take the file as it is"
        raise Invalid("digest", why)
    return entry
