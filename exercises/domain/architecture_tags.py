"""Architecture tags: what an application is made of, in words that compare.

Applications that share a tag are look-alikes: what was found in one may hit the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from exercises.domain.errors import Invalid

MOST_TAGS: Final = 20
LONGEST_TAG: Final = 40
_TAG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_tags(given: Iterable[str], *, field: str = "architecture_tags") -> list[str]:
    """The tags in one spelling, each once, sorted: "Multi AZ" is "multi-az".

    Raises Invalid that names each tag at fault and the limit.
    """
    tags = sorted({"-".join(re.split(r"[\s_-]+", tag.strip().lower())) for tag in given} - {""})
    problems = [
        (field, f"“{tag[:LONGEST_TAG]}”: letters, digits and hyphens, at most {LONGEST_TAG}")
        for tag in tags
        if len(tag) > LONGEST_TAG or _TAG.fullmatch(tag) is None
    ]
    if len(tags) > MOST_TAGS:
        problems.append((field, f"at most {MOST_TAGS} tags, these are {len(tags)}"))
    if problems:
        raise Invalid.of(problems)
    return tags


def shared_tags(one: Collection[str], other: Collection[str]) -> list[str]:
    """What two applications have in common."""
    return sorted(set(one) & set(other))
