"""A file of how things are to be is read with every error by its place."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.domain.desired_state import FORMAT, differences, read_one, read_state
from exercises.domain.errors import Invalid

APPLICATION = {"slug": "api", "name": "API", "team": "fleet"}
SCHEDULE = {
    "slug": "monthly", "programme": "itee", "rrule": "FREQ=MONTHLY", "timezone": "UTC",
    "local_start": "2026-01-14T09:30", "duration_s": 60, "region": "eu-central-1",
}  # fmt: skip
FREEZE = {"name": "Peak", "starts_at": "2030-01-01T00:00+01:00", "ends_at": "2030-01-02T00:00Z"}


def state(**parts: object) -> dict[str, object]:
    return {"format": FORMAT, **parts}


def test_what_is_left_out_has_its_default_and_instants_one_form() -> None:
    application, schedule, freeze = read_state(
        state(applications=[APPLICATION], schedules=[SCHEDULE], freezes=[FREEZE])
    )
    assert (application.fields["tier"], application.fields["rto_s"]) == (2, None)
    assert schedule.fields["local_start"] == "2026-01-14T09:30:00"
    assert freeze.fields["starts_at"] == "2029-12-31T23:00:00Z"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "format: "),
        ({}, f"format: a file of this kind is an object that says {FORMAT}"),
        (state(teams=[]), "teams: is no part of such a file: format, templates,"),
        (state(schedules={}), "schedules: a list of at most 500"),
        (state(freezes=[FREEZE] * 501), "freezes: a list of at most 500"),
        (state(freezes=[FREEZE, FREEZE]), "freezes[1].name: is the same as that of freezes[0]"),
        (state(schedules=[3]), "schedules[0]: must be an object"),
        (state(schedules=[SCHEDULE | {"start": 1}]), "schedules[0].start: is no field here: slug,"),
        (state(schedules=[{}]), "schedules[0].duration_s: is missing"),
        (state(schedules=[SCHEDULE | {"duration_s": True}]), "a whole number from 60 to 86,400"),
        (state(schedules=[SCHEDULE | {"local_start": "2026-01-14T09:30Z"}]), "without offset"),
        (state(schedules=[SCHEDULE | {"local_start": "tomorrow"}]), "schedules[0].local_start: "),
        (state(freezes=[FREEZE | {"ends_at": "2030-01-02T00:00"}]), "a time with its offset"),
        (state(freezes=[FREEZE | {"ends_at": "0001-01-01T00:00+14:00"}]), "freezes[0].ends_at: "),
        (state(freezes=[FREEZE | {"accounts": [1]}]), "freezes[0].accounts[0]: must be text"),
        (state(freezes=[FREEZE | {"name": "x" * 121}]), "freezes[0].name: 1 to 120 characters"),
        (state(applications=[APPLICATION | {"slo_percent": 100}]), "below 100, or null"),
        (state(applications=[APPLICATION | {"architecture_tags": ["?"]}]), "architecture_tags: “?"),
        (state(applications=[APPLICATION | {"name": 5}]), "must be text; put it in quotes"),
        (state(policy=[]), "policy: must be an object"),
        (state(policy={}), "policy.rules: is missing"),
        (state(templates=[{"slug": "x"}]), "templates[0].rung: between 1"),
        (state(templates=[{"slug": "x", "format": "y"}]), "templates[0].format: is chaosplane-"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: object, problem: str) -> None:
    with pytest.raises(Invalid) as error:
        read_state(document)
    assert problem in str(error.value)


def test_one_thing_is_called_as_its_address_says() -> None:
    alone: dict[str, Any] = {name: APPLICATION[name] for name in ("name", "team")}
    assert read_one("applications", "api", alone).key == "api"
    with pytest.raises(Invalid, match="slug: stays “api”, as in the address"):
        read_one("applications", "api", alone | {"slug": "other"})


def test_numbers_that_mean_the_same_do_not_differ() -> None:
    assert differences({"a": 1, "b": [1.0]}, {"b": [1], "a": 1.0}) == []
    assert [change.path for change in differences({"a": [1]}, {"a": [2]})] == ["a[0]"]
