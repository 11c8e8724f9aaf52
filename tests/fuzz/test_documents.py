"""A document with anything wrong in it is answered by name: the short form of `make fuzz`."""

from __future__ import annotations

import os

import pytest

from exercises.models import Template, TemplateVersion
from tests import build
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.fuzz.check import outcome_of
from tests.fuzz.documents import case

__all__ = ["caller"]
FEW = 150
THROUGH_API = int(os.environ.get("CASES") or "40")


def test_a_spoilt_document_is_refused_by_name_in_no_time() -> None:
    wrong = {number: found for number in range(FEW) if (found := outcome_of(*case(number)).wrong)}
    assert wrong == {}


def test_the_cases_are_the_same_every_time_and_not_all_alike() -> None:
    assert case(7) == case(7)
    assert len({case(number) for number in range(FEW)}) > FEW * 0.9
    outcomes = [outcome_of(*case(number)) for number in range(FEW)]
    assert any(outcome.is_sound for outcome in outcomes)
    assert any(not outcome.is_read for outcome in outcomes)


@pytest.mark.django_db
def test_the_api_publishes_what_is_sound_and_names_what_is_not(cast: Cast, caller: Caller) -> None:
    slug = build.template_version().template.slug
    program = caller("owner")
    for number in range(THROUGH_API):
        definition, parameters = case(number)
        sent = {"definition": definition, "parameters": parameters, "rung": 1}
        if not _is_sendable(definition + parameters):
            continue
        answer = program.post(f"/api/v1/templates/{slug}/versions/", sent, "json")
        assert answer.status_code in {201, 400, 422}, (number, answer.content)
        if answer.status_code == 400:  # longer than any request may be
            assert "at most" in answer.json()["detail"], number
        if answer.status_code == 422:
            assert answer.json()["errors"], number
    assert Template.objects.count() == 1
    assert TemplateVersion.objects.count() > 1


def _is_sendable(text: str) -> bool:
    """Whether a program can put the text into a request: half a surrogate pair is no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
