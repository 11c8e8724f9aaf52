"""The forms that publish: what was typed, the version it means, and problems by control."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from exercises.domain.blast_radius import Rung
from exercises.domain.engine_documents import FIS
from exercises.domain.errors import Invalid
from exercises.models import Template
from exercises.queries.catalogue import example_definition
from exercises.services.catalogue import VersionText
from exercises.services.template_imports import Beginning, origin_token, read_origin
from exercises.web.errors import form_errors
from exercises.web.forms.template_starters import STARTERS

VERSION: Final = ("definition", "parameters", "rung", "hypothesis", "notes")
ENTRY: Final = ("name", "slug", "summary", "failure_family", "engine")
ORIGIN: Final = "origin"
"""Where the form began, signed; it is carried along and never typed."""

Typed = dict[str, str]


def typed_for_new_template(engine: str = FIS) -> Typed:
    """A small document of this engine that can be published, to be changed."""
    name = engine if engine in STARTERS else FIS
    definition, parameters = STARTERS[name]
    return dict.fromkeys((*ENTRY, *VERSION), "") | {
        "definition": pretty(definition),
        "parameters": pretty(parameters),
        "rung": "1",
        "engine": name,
    }


def typed_for_next_version(template: Template) -> Typed:
    """The newest version, to be changed."""
    newest = template.versions.order_by("-number").first()
    if newest is None:
        return typed_for_new_template(template.engine)
    return {
        "definition": pretty(newest.definition or example_definition(newest)),
        "parameters": pretty(newest.parameters),
        "rung": str(newest.rung),
        "hypothesis": newest.hypothesis,
        "notes": "",
    }


def typed_from_post(data: Mapping[str, str]) -> Typed:
    return {name: data.get(name, "") for name in (*ENTRY, *VERSION, ORIGIN)}


def typed_from_beginning(beginning: Beginning) -> Typed:
    """What was read of an account or from a file, to be looked over."""
    return dict.fromkeys((*ENTRY, *VERSION), "") | {
        "name": beginning.name,
        "engine": beginning.engine,
        "summary": beginning.summary,
        "definition": beginning.definition_text,
        "parameters": beginning.parameters_text,
        "rung": "1",
        ORIGIN: origin_token(beginning),
    }


def version_of(typed: Typed) -> VersionText:
    """What the controls say; a size that is none of ours is for the service to refuse.

    Raises Invalid when the origin is not as it was given out.
    """
    origin, detail = read_origin(typed.get(ORIGIN, ""))
    known = {str(rung.value) for rung in Rung}
    return VersionText(
        definition_text=typed["definition"],
        parameters_text=typed["parameters"],
        rung=int(typed["rung"]) if typed["rung"] in known else 0,
        hypothesis=typed["hypothesis"],
        notes=typed["notes"],
        origin=origin,
        origin_detail=detail,
    )


def errors_by_control(error: Invalid) -> dict[str, list[str]]:
    """Problems under the control that holds the place; the text names the exact place."""
    errors: dict[str, list[str]] = {}
    for field, texts in form_errors(error).items():
        control = field.partition(".")[0].partition("[")[0]
        if control not in {*ENTRY, *VERSION}:
            control = "definition"
        exact = "" if field == control else f"{field}: "
        errors.setdefault(control, []).extend(f"{exact}{text}" for text in texts)
    return errors


def pretty(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
