"""Architecture tags: one spelling for one thing, and limits that are named."""

from __future__ import annotations

import pytest

from exercises.domain.architecture_tags import LONGEST_TAG, MOST_TAGS, read_tags
from exercises.domain.errors import Invalid


def test_tags_are_kept_once_in_one_spelling() -> None:
    assert read_tags(["Multi AZ", "multi_az", " eks ", "", "multi-az"]) == ["eks", "multi-az"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a;b"], "letters, digits and hyphens"),
        (["x" * (LONGEST_TAG + 1)], f"at most {LONGEST_TAG}"),
        (["<script>"], "letters, digits and hyphens"),
        ([f"tag{n}" for n in range(MOST_TAGS + 1)], f"at most {MOST_TAGS} tags"),
    ],
)
def test_what_is_no_tag_is_named_with_the_limit(given: list[str], said: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_tags(given)
    assert caught.value.problems[0][0] == "architecture_tags"
    assert said in caught.value.problems[0][1]
