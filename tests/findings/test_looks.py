"""Every state has a look of its own: one key never means two things on two pages."""

from __future__ import annotations

from exercises.queries.findings import LOOK_OF
from exercises.web import looks

TABLES = (
    looks.RUN_STATES,
    looks.VERDICTS,
    looks.EXPERIMENT_STATES,
    looks.PHASES,
    looks.CHECKS,
    looks.STEADY_STATE,
    looks.PARTICIPATION,
    looks.FINDING_STATES,
)


def test_no_key_has_two_looks() -> None:
    for table in TABLES:
        for key, look in table.items():
            assert looks.LOOKS[key] == look, key


def test_every_state_of_a_finding_is_shown_in_its_own_words() -> None:
    for look, words in LOOK_OF.values():
        assert look in looks.LOOKS
        if look in looks.FINDING_STATES:
            assert looks.LOOKS[look].words == words
