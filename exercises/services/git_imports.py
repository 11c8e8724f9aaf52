"""Templates from a Git repository: look at what a folder holds, and import one file of it.

Nothing is ever updated by itself. What is imported is read anew, and only when the ref still
leads to the commit that was looked at. A template file of ours is published as it is; what an
engine takes opens as a form, as from a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

from exercises.domain.actors import Actor
from exercises.domain.canonical_json import parse_strict
from exercises.domain.digest import Change, changes
from exercises.domain.engine_documents import KINDS
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.git_sources import COMMIT, GitOrigin, GitSource, check_source, is_path
from exercises.domain.lambda_documents import document_of_value
from exercises.domain.template_entry import Entry, is_entry
from exercises.domain.toolkit_document import is_experiment
from exercises.git_fetching import GitFile, GitFolder, read_folder
from exercises.models import Template, TemplateVersion
from exercises.permissions import authorize
from exercises.queries.catalogue import version_digest
from exercises.queries.git_versions import entry_changes, newest_by_slug, versions_from
from exercises.services.catalogue import VersionText, version_problems
from exercises.services.template_imports import (
    MAX_FILE_BYTES,
    Beginning,
    begin_from_text,
    import_entry,
)

ORIGIN: Final = "git"


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """One file and what it would become. `state` is new, same, changed or unreadable;
    `version` is the newest that the catalogue holds of it."""

    path: str
    kind: str
    slug: str
    state: str
    version: TemplateVersion | None = None
    problems: tuple[tuple[str, str], ...] = ()
    changed: tuple[Change, ...] = ()

    @property
    def is_entry(self) -> bool:
        return self.kind == "template"

    @property
    def engine_words(self) -> str:
        """The engine whose form it would open; empty for a template file."""
        return KINDS[self.kind].words if self.kind in KINDS else ""

    @property
    def may_import(self) -> bool:
        """A template file must be sound as it is; anything else is put right in the form."""
        return self.state in {"new", "changed"} and not (self.is_entry and self.problems)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a folder held at a commit. `passed_over` names what was not read, and why."""

    source: GitSource
    commit: str
    documents: tuple[FoundDocument, ...]
    passed_over: tuple[str, ...]
    others: int
    """JSON files that are no document of any engine."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A form to look over; `template` is where it would be the next version."""

    beginning: Beginning
    template: Template | None


def look(*, actor: Actor, source: GitSource) -> Looked:
    """Read the folder and say of each document what it would become, and what is wrong with it.

    Raises NotAllowed, Invalid that names url, ref or folder, and EngineError (not reached).
    """
    authorize(actor, "template.publish")
    folder = _read(source)
    known = versions_from(source.url)
    read = [(file, _opened(actor, file)) for file in folder.files]
    slugs = {opened.slug for _, opened in read if isinstance(opened, Entry)}
    by_slug = newest_by_slug(slugs)
    return Looked(
        source=source,
        commit=folder.commit,
        documents=tuple(
            _found(file.path, opened, known, by_slug) for file, opened in read if opened is not None
        ),
        passed_over=folder.passed_over,
        others=sum(opened is None for _, opened in read),
    )


def import_file(
    *, actor: Actor, source: GitSource, commit: str, path: str
) -> TemplateVersion | Begun:
    """Publish a template file as it stands there, or begin a form from another document.

    Raises NotAllowed, Invalid, EngineError, and Conflict when the ref has moved on since, or
    when the newest version is the very same.
    """
    authorize(actor, "template.publish")
    problems = []
    if not COMMIT.fullmatch(commit):
        problems.append(("commit", "the 40 hexadecimal digits that the look named"))
    if not is_path(path):
        problems.append(("path", "a file that the look named"))
    if problems:
        raise Invalid.of(problems)
    folder = _read(replace(source, folder=path.rpartition("/")[0]))
    if folder.commit != commit:
        raise Conflict(f"{source.ref} has moved on to {folder.commit[:12]}; look at it again")
    file = next((each for each in folder.files if each.path == path), None)
    if file is None:
        raise Invalid("path", "a file that the look named")
    where = (ORIGIN, str(GitOrigin(source.url, commit, path)))
    opened = begin_from_text(actor=actor, text=file.content, file_name=path)
    if isinstance(opened, Entry):
        return import_entry(actor=actor, entry=opened, where=where)
    known = versions_from(source.url).get(path)
    name = path.rpartition("/")[2].removesuffix(".json")
    return Begun(
        replace(opened, origin=where[0], origin_detail=where[1], name=opened.name or name),
        known.template if known and known.template.engine == opened.engine else None,
    )


def _read(source: GitSource) -> GitFolder:
    check_source(source, settings.CHAOSPLANE_GIT_ORIGINS)
    return read_folder(source.url, source.ref, source.folder, most_file_bytes=MAX_FILE_BYTES)


def _opened(actor: Actor, file: GitFile) -> Entry | Beginning | Invalid | None:
    """The document in a file, or what is wrong with it; None for JSON that is none of ours."""
    try:
        document = parse_strict(file.content, field="file", max_bytes=MAX_FILE_BYTES)
        return begin_from_text(actor=actor, text=file.content) if _is_ours(document) else None
    except Invalid as error:
        return error


def _is_ours(document: object) -> bool:
    if not isinstance(document, Mapping):
        return False
    body = document.get("experimentTemplate", document)
    if not isinstance(body, Mapping):
        return False
    is_marked = any(kind.marks <= body.keys() for kind in KINDS.values())
    is_known = is_entry(document) or is_experiment(body) or is_marked
    return is_known or document_of_value(dict(body)) is not None


def _found(
    path: str,
    opened: Entry | Beginning | Invalid,
    known: Mapping[str, TemplateVersion],
    by_slug: Mapping[str, TemplateVersion],
) -> FoundDocument:
    if isinstance(opened, Invalid):
        return FoundDocument(path, "", "", "unreadable", problems=tuple(opened.problems))
    if isinstance(opened, Entry):
        return _found_entry(path, opened, by_slug.get(opened.slug))
    version = known.get(path)
    differs = changes(version.definition, opened.definition) if version else []
    state = "new" if version is None else "changed" if differs else "same"
    slug = version.template.slug if version else ""
    problems = _problems(opened.definition, opened.parameters, 1, opened.engine)
    return FoundDocument(path, opened.engine, slug, state, version, tuple(problems), tuple(differs))


def _found_entry(path: str, entry: Entry, version: TemplateVersion | None) -> FoundDocument:
    problems = (
        []
        if entry.generator
        else _problems(entry.definition, entry.parameters, entry.rung, entry.engine)
    )
    if version is None:
        return FoundDocument(path, "template", entry.slug, "new", problems=tuple(problems))
    if version.template.engine != entry.engine:
        problems = [*problems, ("engine", f"“{entry.slug}” is a template of another engine")]
    is_same = version_digest(version) == entry.digest
    return FoundDocument(
        path,
        "template",
        entry.slug,
        "same" if is_same else "changed",
        version,
        tuple(problems),
        () if is_same else tuple(entry_changes(version, entry)),
    )


def _problems(
    definition: Mapping[str, object],
    parameters: Sequence[Mapping[str, object]],
    rung: int,
    engine: str,
) -> list[tuple[str, str]]:
    text = VersionText(json.dumps(definition), json.dumps([*map(dict, parameters)]), rung)
    return version_problems(text, engine)
