"""The catalogue: add a template, publish an immutable version of it.

A version is linted when it is published, with its parameters at their defaults, so that a
mistake is the author's to mend and not that of every team that uses the template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Max

from exercises.domain.actors import Actor
from exercises.domain.blast_radius import Rung
from exercises.domain.canonical_json import parse_strict
from exercises.domain.engine_documents import FIS, KINDS, kind_of
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.generators import build_definition
from exercises.domain.lint_rules import errors_of
from exercises.domain.parameters import ParameterSpec, specs_from_json
from exercises.models import Template, TemplateVersion
from exercises.models.catalogue import ORIGINS
from exercises.permissions import authorize
from exercises.queries.catalogue import EXAMPLE, example_values
from exercises.queries.offered_actions import lint_offered
from exercises.services.audit import record

MAX_TEXT: Final = 2_000
MAX_ORIGIN: Final = 400
RESERVED: Final = frozenset({"new", "import"})

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version as it was typed: both documents are JSON text."""

    definition_text: str
    parameters_text: str
    rung: int
    hypothesis: str = ""
    notes: str = ""
    origin: str = "authored"
    origin_detail: str = ""

    def as_arguments(self) -> dict[str, Any]:
        """For publish_version."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _VersionRead:
    """What was typed, read; the documents mean nothing while there are problems."""

    definition: dict[str, object]
    parameters: list[Mapping[str, object]]
    problems: Problems


def add_template(
    *,
    actor: Actor,
    slug: str,
    name: str,
    summary: str = "",
    failure_family: str,
    icon: str = "flask",
    engine: str = FIS,
) -> Template:
    """Add a catalogue entry without versions. Raises NotAllowed, Invalid."""
    authorize(actor, "template.publish")
    problems = _template_problems(slug, name, failure_family, engine)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        template = Template.objects.create(
            slug=slug,
            name=name.strip(),
            summary=summary.strip(),
            failure_family=failure_family,
            icon=icon,
            engine=engine,
        )
        record(actor, "template.add", template, name=template.name)
    return template


def add_template_with_version(
    *,
    actor: Actor,
    slug: str,
    name: str,
    summary: str,
    failure_family: str,
    version: VersionText,
    engine: str = FIS,
) -> TemplateVersion:
    """Add a catalogue entry with its first version, or neither.

    Raises NotAllowed, and Invalid that names every problem of the entry and of the version.
    """
    authorize(actor, "template.publish")
    problems = [
        *_template_problems(slug, name, failure_family, engine),
        *_read_version(version, engine).problems,
    ]
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        template = add_template(
            actor=actor,
            slug=slug,
            name=name,
            summary=summary,
            failure_family=failure_family,
            engine=engine,
        )
        return publish_version(actor=actor, template=template, **version.as_arguments())


def change_template(*, actor: Actor, template: Template, name: str, summary: str) -> Template:
    """Call it something else, or describe it anew. What it does is in its versions; its failure
    and engine stay, its runs count for them. Raises NotAllowed, Invalid, Conflict (retired)."""
    authorize(actor, "template.publish")
    if problems := _called(name):
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Template.objects.select_for_update(no_key=True).get(pk=template.pk)
        if locked.retired_at is not None:
            raise Conflict("this template was retired; nothing of it is changed any more")
        before = {"name": locked.name, "summary": locked.summary}
        locked.name, locked.summary = name.strip(), summary.strip()
        locked.save(update_fields=["name", "summary"])
        after = {"name": locked.name, "summary": locked.summary}
        record(actor, "template.change", locked, before=before, after=after)
    return locked


def publish_version(
    *,
    actor: Actor,
    template: Template,
    definition_text: str,
    parameters_text: str,
    rung: int,
    hypothesis: str = "",
    notes: str = "",
    origin: str = "authored",
    origin_detail: str = "",
) -> TemplateVersion:
    """Publish the next version from JSON as it was typed.

    Raises NotAllowed, and Invalid that names every problem of both documents: not JSON,
    duplicate keys, and all that the linter finds.
    """
    authorize(actor, "template.publish")
    text = VersionText(
        definition_text, parameters_text, rung, hypothesis, notes, origin, origin_detail
    )
    read = _read_version(text, template.engine)
    if read.problems:
        raise Invalid.of(read.problems)
    return _publish(actor, template, "", read.definition, read.parameters, text)


def publish_generated_version(
    *,
    actor: Actor,
    template: Template,
    generator: str,
    parameters: Sequence[Mapping[str, object]],
    rung: int,
    hypothesis: str = "",
    notes: str = "",
    origin: str = "authored",
    origin_detail: str = "",
) -> TemplateVersion:
    """Publish a version whose document one of our generators builds per experiment."""
    authorize(actor, "template.publish")
    text = VersionText("", "", rung, hypothesis, notes, origin, origin_detail)
    problems = _text_problems(text)
    try:
        specs = specs_from_json(parameters)
        definition = build_definition(
            generator=generator, definition={}, values=example_values(specs), context=EXAMPLE
        )
        problems += errors_of(lint_offered(definition, production=True, engine=template.engine))
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid.of(problems)
    schema = [dict(parameter) for parameter in parameters]
    return _publish(actor, template, generator, {}, schema, text)


def version_problems(text: VersionText, engine: str) -> Problems:
    """Everything that would keep this from being published as a version. Changes nothing."""
    return _read_version(text, engine).problems


def _publish(
    actor: Actor,
    template: Template,
    generator: str,
    definition: Mapping[str, object],
    schema: Sequence[Mapping[str, object]],
    text: VersionText,
) -> TemplateVersion:
    with transaction.atomic():
        locked = Template.objects.select_for_update().get(pk=template.pk)
        if locked.retired_at is not None:
            raise Conflict("this template was retired; nothing new is published for it")
        last = locked.versions.aggregate(last=Max("number"))["last"] or 0
        version = TemplateVersion.objects.create(
            template=locked,
            number=last + 1,
            generator=generator,
            definition=dict(definition),
            parameters=list(schema),
            rung=text.rung,
            hypothesis=text.hypothesis.strip(),
            notes=text.notes.strip(),
            origin=text.origin,
            origin_detail=text.origin_detail.strip(),
            author_id=actor.user_id,
        )
        record(
            actor,
            "template.publish",
            version,
            template=locked.slug,
            number=version.number,
            origin=version.origin,
        )
    return version


def _called(name: str) -> Problems:
    return [] if 1 <= len(name.strip()) <= 120 else [("name", "between 1 and 120 characters")]


def _template_problems(slug: str, name: str, failure_family: str, engine: str) -> Problems:
    problems = _called(name)
    for field, value, longest in (("slug", slug, 50), ("failure_family", failure_family, 60)):
        try:
            validate_slug(value)
        except ValidationError:
            problems.append((field, "letters, digits, hyphens and underscores only"))
        if len(value) > longest:
            problems.append((field, f"at most {longest} characters"))
    if engine not in KINDS:
        problems.append(("engine", f"unknown, must be one of {', '.join(KINDS)}"))
    if slug in RESERVED:
        problems.append(("slug", f"“{slug}” is the address of a page; choose another"))
    elif Template.objects.filter(slug=slug).exists():
        problems.append(("slug", f"“{slug}” is taken; choose another"))
    return problems


def _read_version(version: VersionText, engine: str) -> _VersionRead:
    problems = _text_problems(version)
    specs, schema = _read_parameters(version.parameters_text, problems)
    definition = _read_definition(version.definition_text, engine, problems)
    if definition is not None and specs is not None and engine in KINDS:
        problems += _definition_problems(definition, specs, engine)
    return _VersionRead(definition or {}, schema, problems)


def _text_problems(version: VersionText) -> Problems:
    problems: Problems = []
    if version.rung not in {r.value for r in Rung}:
        problems.append(("rung", "between 1 (one resource) and 5 (Region)"))
    problems += [
        (field, f"at most {MAX_TEXT:,} characters")
        for field, text in (("hypothesis", version.hypothesis), ("notes", version.notes))
        if len(text) > MAX_TEXT
    ]
    if version.origin not in dict(ORIGINS) or len(version.origin_detail) > MAX_ORIGIN:
        known = ", ".join(key for key, _ in ORIGINS)
        problems.append(("origin", f"one of {known}, with at most {MAX_ORIGIN} characters"))
    return problems


def _read_parameters(
    text: str, problems: Problems
) -> tuple[tuple[ParameterSpec, ...] | None, list[Mapping[str, object]]]:
    try:
        schema = parse_strict(text.strip() or "[]", field="parameters")
        if isinstance(schema, list) and all(isinstance(item, dict) for item in schema):
            return specs_from_json(schema), schema
        problems.append(("parameters", "a JSON list with one object a parameter"))
    except Invalid as error:
        problems += error.problems
    return None, []


def _read_definition(text: str, engine: str, problems: Problems) -> dict[str, object] | None:
    try:
        definition = parse_strict(text, field="definition")
    except Invalid as error:
        problems += error.problems
        return None
    if not isinstance(definition, dict):
        wanted = f": {kind_of(engine).document}" if engine in KINDS else ""
        problems.append(("definition", f"a JSON object{wanted}"))
        return None
    return definition


def _definition_problems(
    definition: Mapping[str, object], specs: Sequence[ParameterSpec], engine: str
) -> Problems:
    """What the linter says, with every placeholder filled by an example."""
    try:
        filled = build_definition(
            generator="", definition=definition, values=example_values(specs), context=EXAMPLE
        )
    except Invalid as error:
        return [(_within(field), text) for field, text in error.problems]
    errors = errors_of(lint_offered(filled, production=True, engine=engine))
    return [(_within(field), text) for field, text in errors]


def _within(field: str) -> str:
    return field if field.startswith("definition") else f"definition.{field}"
