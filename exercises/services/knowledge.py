"""Write a knowledge page, and write it anew: every version stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.utils.text import slugify

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.models import Finding, KnowledgePage, KnowledgeVersion, Template
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.knowledge import families_known
from exercises.queries.propagation import ASKED_FROM
from exercises.services.audit import record

LEAST_TITLE: Final = 5
MAX_TITLE: Final = 160
MAX_BODY: Final = 20_000
MAX_NOTE: Final = 300
MOST_TIES: Final = 10


@dataclass(frozen=True, slots=True)
class Writing:
    """What a version says, and what it is tied to."""

    title: str
    body: str
    families: Sequence[str] = field(default_factory=tuple)
    templates: Sequence[str] = field(default_factory=tuple)
    note: str = ""


def write_page(*, actor: Actor, writing: Writing, finding: Finding | None = None) -> KnowledgePage:
    """The first version of a page, freely or from a finding.

    Raises NotAllowed, Invalid that names every field at fault, Refused for a finding that is
    its team's own still.
    """
    authorize(actor, "knowledge.write")
    _check(writing)
    if finding is not None and finding.state not in ASKED_FROM:
        raise Refused(
            Refusal(
                rule="finding.not_shared",
                because=f"{finding.code} is not accepted yet.",
                lifted_by="Accept it first: accepted findings are shared knowledge.",
            )
        )
    with transaction.atomic():
        page = KnowledgePage.objects.create(
            slug=_free_slug(writing.title), finding=finding, created_at=database_now()
        )
        _append(actor, page, writing, number=1)
        record(actor, "knowledge.write", page, title=writing.title.strip(), version=1)
    return page


def write_anew(*, actor: Actor, page: KnowledgePage, writing: Writing, seen: int) -> KnowledgePage:
    """Another version. `seen` is the number of the version that was edited.

    Raises NotAllowed, Invalid, Conflict when somebody saved another one meanwhile.
    """
    authorize(actor, "knowledge.write")
    _check(writing)
    with transaction.atomic():
        locked = KnowledgePage.objects.select_for_update(no_key=True).get(pk=page.pk)
        newest = locked.versions.order_by("-number").values_list("number", flat=True)[0]
        if newest != seen:
            raise Conflict(f"version {newest} was saved meanwhile; you edited version {seen}")
        _append(actor, locked, writing, number=newest + 1)
        record(actor, "knowledge.write", locked, title=writing.title.strip(), version=newest + 1)
    return locked


def _append(actor: Actor, page: KnowledgePage, writing: Writing, *, number: int) -> None:
    page.current = KnowledgeVersion.objects.create(
        page=page,
        number=number,
        title=writing.title.strip(),
        body=writing.body.strip(),
        families=sorted(set(writing.families)),
        templates=sorted(set(writing.templates)),
        note=writing.note.strip(),
        author_id=actor.person_id,
        written_at=database_now(),
    )
    page.save(update_fields=["current"])


def _check(writing: Writing) -> None:
    problems: list[tuple[str, str]] = []
    if not LEAST_TITLE <= len(writing.title.strip()) <= MAX_TITLE:
        problems.append(("title", f"{LEAST_TITLE} to {MAX_TITLE} characters"))
    if not 1 <= len(writing.body.strip()) <= MAX_BODY:
        problems.append(("body", f"1 to {MAX_BODY:,} characters"))
    if len(writing.note.strip()) > MAX_NOTE:
        problems.append(("note", f"at most {MAX_NOTE} characters"))
    templates = set(Template.objects.values_list("slug", flat=True))
    for name, given, known in (
        ("families", writing.families, set(families_known())),
        ("templates", writing.templates, templates),
    ):
        if len(set(given)) > MOST_TIES:
            problems.append((name, f"at most {MOST_TIES}"))
        problems += [
            (name, f"there is no “{one[:60]}”") for one in sorted(set(given) - known)[:MOST_TIES]
        ]
    if problems:
        raise Invalid.of(problems)


def _free_slug(title: str) -> str:
    stem = slugify(title)[:50] or "page"
    taken = set(KnowledgePage.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    taken.add("new")
    number = 1
    while (slug := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return slug
