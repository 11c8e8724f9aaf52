"""What the catalogue holds of a Git repository: the newest version of each file of it."""

from __future__ import annotations

from exercises.domain.digest import Change, changes
from exercises.domain.git_sources import read_origin
from exercises.domain.template_entry import Entry, entry_document
from exercises.models import TemplateVersion
from exercises.queries.catalogue import entry_of


def versions_from(url: str) -> dict[str, TemplateVersion]:
    """The newest version of each template that ever came from this repository, by the path it
    came from last. One query."""
    rows = (
        TemplateVersion.objects.filter(template__versions__origin="git")
        .select_related("template")
        .distinct()
        .order_by("template", "number")
    )
    paths: dict[int, str] = {}
    newest: dict[int, TemplateVersion] = {}
    for version in rows:
        newest[version.template_id] = version
        origin = read_origin(version.origin_detail) if version.origin == "git" else None
        if origin is not None and origin.url == url:
            paths[version.template_id] = origin.path
    return {path: newest[template] for template, path in paths.items()}


def newest_by_slug(slugs: set[str]) -> dict[str, TemplateVersion]:
    """The newest version of each of these templates. One query."""
    rows = TemplateVersion.objects.filter(template__slug__in=slugs).select_related("template")
    return {version.template.slug: version for version in rows.order_by("number")}


def entry_changes(version: TemplateVersion, entry: Entry) -> list[Change]:
    """What a template file would change in the newest version."""
    return changes(_content(entry_of(version)), _content(entry))


def _content(entry: Entry) -> dict[str, object]:
    document = entry_document(entry)
    return {key: value for key, value in document.items() if key not in {"digest", "notes"}}
