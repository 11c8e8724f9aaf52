"""Every address × method × role answers as matrix.txt says, and shows nothing private.

How to add a row: docs/developer/README.md, "Who may do what".
"""

from __future__ import annotations

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.template.backends.django import Template

from exercises.domain.actors import Actor
from exercises.web import context, stream
from tests.authorization.asking import SEE_NOTHING_PRIVATE, Asker
from tests.authorization.table import (
    OUTSIDE_THE_RESOLVER,
    ROLES,
    Row,
    parameters_of_addresses,
    read_table,
)
from tests.authorization.world import make_world
from tests.cast import Cast

ROWS: Final = read_table()
WHOLE: Final = os.environ.get("CHAOSPLANE_WHOLE_MATRIX") == "1"
_AT_HOME: Final = ("me", "op", "ow", "le", "sa", "cm", "ld", "au")
_WITHOUT_SESSION: Final = ("no", "in", "tr", "tw", "ts", "sv")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Thousands of refusals are not worth a line each; orders to stop stay in a place of ours.

    The stream gives its connection back at once: here that one holds everything.
    """
    settings.CHAOSPLANE_STOP_JOURNAL = str(tmp_path)
    monkeypatch.setattr(stream, "close_old_connections", lambda: None)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    named, there = {row.name for row in ROWS}, set(parameters_of_addresses())
    assert sorted(there - named) == [], "addresses without a row in matrix.txt"
    assert sorted(named - there - OUTSIDE_THE_RESOLVER) == [], "rows that name no address"


def test_no_row_is_there_twice() -> None:
    assert len({(row.name, row.method, row.thing) for row in ROWS}) == len(ROWS)


def test_every_method_that_an_address_takes_has_a_row(cast: Cast, quiet: None) -> None:
    methods = defaultdict(set)
    for row in ROWS:
        methods[row.name].add(row.method)
    asker = Asker(make_world(cast), "le")
    first = {row.name: row for row in reversed(ROWS) if row.name not in OUTSIDE_THE_RESOLVER}
    taken = {name: asker.allowed_methods(row) for name, row in first.items()}
    del taken["sign_in"]  # Django's form view says nothing to who is signed in: it sends them on
    assert {name: methods[name] for name in taken if methods[name] != taken[name]} == {}


@pytest.mark.timeout(600)
def test_everybody_is_answered_as_the_table_says(
    cast: Cast, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, began, wrong, asked = make_world(cast), time.monotonic(), [], 0
    for name in ("waiting_count", "unread_count", "live_strip"):
        monkeypatch.setattr(context, name, _asked_once(getattr(context, name)))
    for role in sorted(ROLES, key=lambda role: role not in SEE_NOTHING_PRIVATE):
        asker = Asker(world, role)
        for number, row in enumerate(ROWS):
            if row.answers[role] == "." or not (WHOLE or role in _asked_as(row, number)):
                continue
            asked += 1
            with pytest.MonkeyPatch.context() as patch:
                if role not in SEE_NOTHING_PRIVATE or row.answers[role] in "-s":
                    # A page is drawn only to look for what is private on it.
                    patch.setattr(Template, "render", lambda *args, **kwargs: "")
                answer = asker.answer(row)
            if answer != row.answers[role]:
                wrong.append(f"{row}: {ROLES[role]}: {answer!r} instead of {row.answers[role]!r}")
    print(f"{asked} questions in {time.monotonic() - began:.1f} s")
    assert not wrong, "\n".join(wrong)


def _asked_once(query: Callable[..., Any]) -> Callable[..., Any]:
    """The frame of every page is the same for one person: it is asked for on the first."""
    known: dict[int, Any] = {}

    def answer(actor: Actor, *args: Any, **kwargs: Any) -> Any:
        if actor.person_id not in known:
            known[actor.person_id] = query(actor, *args, **kwargs)
        return known[actor.person_id]

    return answer


def _asked_as(row: Row, number: int) -> set[str]:
    """The outsider always; of those who are answered alike one, by turns from row to row.

    All are asked with CHAOSPLANE_WHOLE_MATRIX=1, which takes minutes.
    """
    at_home: dict[str, list[str]] = defaultdict(list)
    for role in _AT_HOME:
        at_home[row.answers[role]].append(role)
    without: dict[str, list[str]] = defaultdict(list)
    for role in _WITHOUT_SESSION:
        without[row.answers[role]].append(role)
    alike = [*at_home.values(), *without.values()]
    return {"ou"} | {roles[number % len(roles)] for roles in alike}
