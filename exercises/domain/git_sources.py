"""A folder of a Git repository as the source of templates: what may be named, and provenance.

Pure. services.git_imports is the caller; exercises.git_fetching does the reading.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Invalid
from exercises.domain.probe_sources import place_of

MOST_URL: Final = 150
MOST_PATH: Final = 150
MOST_REF: Final = 100
NEWEST: Final = "HEAD"
COMMIT: Final = re.compile(r"[0-9a-f]{40}")

_PATH: Final = re.compile(r"[\w.@+][\w.@+ -]*(/[\w.@+-][\w.@+ -]*)*", re.ASCII)
_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


@dataclass(frozen=True, slots=True)
class GitSource:
    """`ref` is a branch, a tag or a whole commit id; an empty folder is the whole repository."""

    url: str
    ref: str = NEWEST
    folder: str = ""


@dataclass(frozen=True, slots=True)
class GitOrigin:
    """Where a version came from, to the file."""

    url: str
    commit: str
    path: str

    def __str__(self) -> str:
        return f"{self.url} {self.commit} {self.path}"

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


def read_origin(detail: str) -> GitOrigin | None:
    """The provenance as it is kept with a version; None for what is none."""
    parts = detail.split(" ", 2)
    return GitOrigin(*parts) if len(parts) == 3 and COMMIT.fullmatch(parts[1]) else None


def check_source(source: GitSource, allowed: Collection[str]) -> None:
    """Raises Invalid that names every field at fault. `allowed` is the operator's list."""
    problems = [*_url_problems(source.url, allowed)]
    if len(source.ref) > MOST_REF or not _REF.fullmatch(source.ref) or ".." in source.ref:
        problems.append(
            ("ref", f"a branch, a tag or a commit id: letters, digits and ._/-, at most {MOST_REF}")
        )
    if source.folder and not is_path(source.folder):
        problems.append(("folder", f"a folder such as chaos/templates, at most {MOST_PATH}"))
    if problems:
        raise Invalid.of(problems)


def is_path(path: str) -> bool:
    """Whether it names something below the root, and cannot lead anywhere else."""
    is_plain = len(path) <= MOST_PATH and bool(_PATH.fullmatch(path))
    return is_plain and not {".", "..", ".git"} & set(path.split("/"))


def _url_problems(url: str, allowed: Collection[str]) -> list[tuple[str, str]]:
    if len(url) > MOST_URL:
        return [("url", f"at most {MOST_URL} characters")]
    if not url.startswith("https://"):
        return [("url", "starts with https://; no other way is taken")]
    if "?" in url or "#" in url:
        return [("url", "without ? and #")]
    try:
        place = place_of(url)
    except Invalid as error:
        return [("url", text) for _, text in error.problems]
    if place not in {place_of(one) for one in allowed}:
        return [("url", f"{place} is not among CHAOSPLANE_GIT_ORIGINS")]
    return []
