"""How values are written for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exercises.web.formats import setting, setting_value, until


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


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (datetime(2026, 11, 18, 15, tzinfo=UTC), "16:00"),
        (datetime(2026, 11, 18, 23, tzinfo=UTC), "Thu 19 Nov, 00:00"),
        (datetime(2026, 11, 19, 9, tzinfo=UTC), "Thu 19 Nov, 10:00"),
    ],
)
def test_a_window_that_ends_on_another_day_where_it_is_names_that_day(
    ends: datetime, words: str
) -> None:
    starts = datetime(2026, 11, 18, 8, tzinfo=UTC)
    assert until(starts, ends, "Europe/Berlin") == words
