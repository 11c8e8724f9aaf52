"""How values are written for people."""

from __future__ import annotations

import pytest

from exercises.web.formats import setting, setting_value


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("target_cap", "Resources at most"),
        ("window[1]", "Window until"),
        ("steady_state[0].grace_s", "Probe 1, grace s"),
        ("steady_state[2]", "Probe 3, all of it"),
        ("definition.actions.Stop.actionId", "Action Stop, action id"),
        ("definition.parameters[0].faults[0].delay_ms", "Parameter 1, faults[0] / delay ms"),
        ("definition.parameters[1]", "Parameter 2"),
        (
            "definition.targetAccountConfigurations[1].accountId",
            "Account 2 of those it hits, account id",
        ),
    ],
)
def test_a_setting_that_changed_is_named_in_words(path: str, words: str) -> None:
    assert setting(path) == words


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        (None, "target_cap", "not there"),
        (False, "steady_state[0].is_business", "no"),
        (90, "slot_offset_s", "1 m 30 s"),
        ("PT5M", "definition.actions.Stop.parameters.duration", "5 min"),
        ("PT", "definition.actions.Stop.parameters.duration", "PT"),
        ("2026-12-09T09:00:00+00:00", "window[0]", "Wed 9 Dec, 10:00 CET"),
    ],
)
def test_what_a_setting_was_is_written_in_words(value: object, path: str, words: str) -> None:
    assert setting_value(value, path, "Europe/Berlin") == words
