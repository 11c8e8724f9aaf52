"""Begin a template from what is there: an account's FIS templates and actions, or a file.

What is read from an account comes back as a form to look over; nothing is published by
reading. A file of ours is published as it is, because its digest says what it holds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.db import transaction

from exercises.aws.fis_offers import (
    account_template,
    account_templates,
    offered_action,
    offered_action_ids,
)
from exercises.domain.actors import Actor
from exercises.domain.canonical_json import parse_strict
from exercises.domain.engine_documents import FIS, engine_of
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.fis_catalogue import LONGEST_ID, actions
from exercises.domain.imported_templates import from_account
from exercises.domain.lambda_documents import document_of_value
from exercises.domain.offered_actions import AccountTemplate, Offer, first_document
from exercises.domain.scenarios import SCENARIOS
from exercises.domain.template_entry import Entry, is_entry, read_entry
from exercises.domain.toolkit_document import from_experiment, is_experiment
from exercises.engines.registry import engine
from exercises.models import AccountRegion, OfferedAction, Template, TemplateVersion
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.catalogue import newest_version_of, version_digest
from exercises.services.catalogue import (
    VersionText,
    add_template,
    add_template_with_version,
    publish_generated_version,
    publish_version,
)

MOST_ASKED: Final = 100
"""New actions that one look reads; the next look reads the rest."""

MAX_FILE_BYTES: Final = 262_144
_SALT: Final = "exercises.template-origin"
_VISIBLE: Final = re.compile("[!-~]+")  # ASCII


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a form starts from. `changed` says what is not as it was there."""

    definition: dict[str, object]
    parameters: list[dict[str, object]]
    origin: str
    origin_detail: str
    name: str = ""
    summary: str = ""
    changed: tuple[str, ...] = ()
    engine: str = FIS

    @property
    def definition_text(self) -> str:
        return json.dumps(self.definition, indent=2, ensure_ascii=False)

    @property
    def parameters_text(self) -> str:
        return json.dumps(self.parameters, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an account has: its templates, its actions, and which of those our table lacks."""

    templates: tuple[AccountTemplate, ...]
    action_ids: tuple[str, ...]
    unknown: frozenset[str]


def ask_account(*, actor: Actor, place: AccountRegion) -> Asked:
    """What stands in an account and what it offers; what our table lacks is kept in full, so
    that documents with it can be checked. Raises NotAllowed, EngineError.
    """
    _authorize(actor, place)
    access = place.access
    offered = offered_action_ids(access)
    unknown = frozenset(offered) - actions().keys()
    kept = set(place.offered_actions.values_list("action_id", flat=True))
    offers = [offered_action(access, name) for name in sorted(unknown - kept)[:MOST_ASKED]]
    with transaction.atomic():
        for offer in offers:
            _keep(place, offer)
    return Asked(tuple(account_templates(access)), tuple(offered), unknown)


def origin_token(beginning: Beginning) -> str:
    """Where a form began, so that it comes back as it was given out."""
    return signing.dumps([beginning.origin, beginning.origin_detail], salt=_SALT)


def read_origin(token: str) -> tuple[str, str]:
    """The origin and its detail; a form that began nowhere was written here. Raises Invalid."""
    if not token:
        return "authored", ""
    try:
        origin, detail = signing.loads(token, salt=_SALT)
    except signing.BadSignature as error:
        raise Invalid("origin", "is not as it was given out; begin again") from error
    return str(origin), str(detail)


def begin_from_template(*, actor: Actor, place: AccountRegion, ref: str) -> Beginning:
    """A template of an account, with placeholders. Raises NotAllowed, Invalid, EngineError."""
    _authorize(actor, place)
    if not ref.isascii() or not ref.isalnum() or len(ref) > 64:
        raise Invalid("fis_template", "the id of a FIS template: letters and digits, at most 64")
    echo = account_template(place.access, ref)
    account = place.account
    read = from_account(echo, account_id=account.account_id, region=place.region)
    tags = echo.get("tags", {})
    return Beginning(
        definition=read.definition,
        parameters=read.parameters,
        origin="account",
        origin_detail=f"FIS template {ref} of {account.name}, {place.region}"[:200],
        name=str(tags.get("Name", ""))[:120],
        summary=str(echo.get("description", "")),
        changed=read.changed,
    )


def begin_from_action(*, actor: Actor, place: AccountRegion, action_id: str) -> Beginning:
    """A document with one action that the account offers, asked of the account now.

    Raises NotAllowed, Invalid, EngineError.
    """
    _authorize(actor, place)
    if len(action_id) > LONGEST_ID or not _VISIBLE.fullmatch(action_id):
        raise Invalid("action", f"the id of an action, at most {LONGEST_ID} characters")
    offer = offered_action(place.access, action_id)
    with transaction.atomic():
        _keep(place, offer)
    definition, parameters = first_document(offer)
    return Beginning(
        definition=definition,
        parameters=parameters,
        origin="action",
        origin_detail=f"{action_id} as {place.account.name} in {place.region} offers it"[:200],
        summary=offer.description,
    )


def begin_from_text(*, actor: Actor, text: str | bytes, file_name: str = "") -> Beginning | Entry:
    """A file: an engine's document to look over, or a template of ours.

    Raises NotAllowed, and Invalid that names what is wrong with the file.
    """
    authorize(actor, "template.publish")
    document = parse_strict(text, field="file", max_bytes=MAX_FILE_BYTES)
    if is_entry(document):
        return read_entry(document)
    if not isinstance(document, dict):
        raise Invalid("file", "a JSON object: a template file, or the document of an engine")
    found = document.get("experimentTemplate", document)
    body = found if isinstance(found, dict) else document
    parameters: list[dict[str, object]] = []
    held = document_of_value(body)
    if is_experiment(body):
        body = from_experiment(body)
    elif held is not None:
        body, parameters = held
    named = file_name or "a file"
    return Beginning(
        body,
        parameters,
        "file",
        named[:200],
        summary=str(found.get("description", "") if isinstance(found, dict) else "")[:2000],
        engine=engine_of(body),
    )


def add_scenario(*, actor: Actor, key: str) -> TemplateVersion:
    """Publish a scenario as a template, which builds its document per experiment.

    Raises NotAllowed, Invalid, and Conflict when it is there already.
    """
    authorize(actor, "template.publish")
    scenario = SCENARIOS.get(key)
    if scenario is None:
        raise Invalid("scenario", f"one of {', '.join(SCENARIOS)}")
    entry = Entry(
        slug=key.replace("_", "-"),
        name=scenario.name,
        summary=scenario.summary,
        failure_family=scenario.failure_family,
        engine=FIS,
        generator=key,
        definition={},
        parameters=scenario.parameters,
        rung=scenario.rung,
        hypothesis=scenario.hypothesis,
        notes="As AWS's scenario has it." if scenario.is_aws else "As the scenario has it.",
    )
    after = "after AWS's scenario" if scenario.is_aws else "after the scenario"
    where = ("authored", f"{after} “{scenario.name}”")
    return import_entry(actor=actor, entry=entry, where=where)


def import_entry(
    *, actor: Actor, entry: Entry, file_name: str = "", where: tuple[str, str] | None = None
) -> TemplateVersion:
    """Publish a template of ours as its file says: a new one, or its next version. `where` is
    the origin and its detail of what comes from no file.

    Raises NotAllowed, Invalid, and Conflict when the newest version is the very same.
    """
    authorize(actor, "template.publish")
    origin = where or ("file", (file_name or "a file")[:200])
    engine(entry.engine)
    template = Template.objects.filter(slug=entry.slug).first()
    newest = newest_version_of(template) if template else None
    if newest is not None and version_digest(newest) == entry.digest:
        raise Conflict(f"{newest} holds exactly this; there is nothing to import")
    if template is not None and template.engine != entry.engine:
        raise Invalid("engine", f"“{entry.slug}” is a template of another engine")
    if entry.generator:
        return _import_generated(actor, entry, template, origin)
    version = _version_text(entry, origin)
    if template is not None:
        return publish_version(actor=actor, template=template, **version.as_arguments())
    return add_template_with_version(
        actor=actor,
        slug=entry.slug,
        name=entry.name,
        summary=entry.summary,
        failure_family=entry.failure_family,
        engine=entry.engine,
        version=version,
    )


def _import_generated(
    actor: Actor, entry: Entry, template: Template | None, origin: tuple[str, str]
) -> TemplateVersion:
    with transaction.atomic():
        if template is None:
            template = add_template(
                actor=actor,
                slug=entry.slug,
                name=entry.name,
                summary=entry.summary,
                failure_family=entry.failure_family,
                engine=entry.engine,
            )
        return publish_generated_version(
            actor=actor,
            template=template,
            generator=entry.generator,
            parameters=entry.parameters,
            rung=entry.rung,
            hypothesis=entry.hypothesis,
            notes=entry.notes,
            origin=origin[0],
            origin_detail=origin[1],
        )


def _version_text(entry: Entry, origin: tuple[str, str]) -> VersionText:
    return VersionText(
        definition_text=json.dumps(entry.definition),
        parameters_text=json.dumps(list(entry.parameters)),
        rung=entry.rung,
        hypothesis=entry.hypothesis,
        notes=entry.notes,
        origin=origin[0],
        origin_detail=origin[1],
    )


def _authorize(actor: Actor, place: AccountRegion) -> None:
    """Who publishes, and sets this account up: what stands in it is not for everybody."""
    authorize(actor, "template.publish")
    authorize(actor, "account.check", place.account)


def _keep(place: AccountRegion, offer: Offer) -> None:
    OfferedAction.objects.update_or_create(
        place=place,
        action_id=offer.action_id[:LONGEST_ID],
        defaults={
            "description": offer.description[:512],
            "parameters": {
                name: {"description": words[:512], "required": needed}
                for name, (words, needed) in offer.parameters.items()
            },
            "targets": dict(offer.targets),
            "asked_at": database_now(),
        },
    )
