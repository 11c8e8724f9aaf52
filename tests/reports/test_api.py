"""The report through the API: what the page counts."""

from __future__ import annotations

import pytest

from exercises.models import Run
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.findings.conftest import fallen
from tests.reports.test_pages import key

pytestmark = pytest.mark.django_db
__all__ = ["caller", "fallen"]


def test_a_program_reads_the_numbers_of_the_page(cast: Cast, fallen: Run, caller: Caller) -> None:
    answer = caller("leadership", ("read",)).get(f"/api/v1/reports/{key()}/")
    assert answer.status_code == 200
    document = answer.json()
    assert document["hypotheses_held"]["part"] == 0
    assert document["hypotheses_held"]["whole"] == 1
    assert document["teams"][0]["team"] == fallen.experiment.application.team.name
    assert sum(filter(None, document["teams"][0]["runs"].values())) == 1
    override = document["ladder_overrides"][0]
    assert override["application"] == fallen.experiment.application.slug
    assert (override["level"], override["by"]) == (5, cast.lead.name)


def test_a_period_that_is_none_is_named(cast: Cast, caller: Caller) -> None:
    answer = caller("leadership", ("read",)).get("/api/v1/reports/2026-q9/")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "period"
