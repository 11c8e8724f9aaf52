"""How values are written for people."""

from __future__ import annotations

import pytest

from exercises.web.formats import setting


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("target_cap", "Resources at most"),
        ("window[1]", "Window until"),
        ("steady_state[0].grace_s", "Probe 1, grace s"),
        ("steady_state[2]", "Probe 3, all of it"),
        ("definition.actions.Stop.actionId", "actions / Stop / actionId"),
    ],
)
def test_a_setting_that_changed_is_named_in_words(path: str, words: str) -> None:
    assert setting(path) == words
