"""What the example of docs/api/declarative.md needs to be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exercises.models import Programme
from exercises.services.schedules import create_programme
from tests.cast import Cast

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api" / "declarative.md"


@pytest.fixture
def example() -> bytes:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1].encode()


@pytest.fixture
def programme(cast: Cast) -> Programme:
    return create_programme(
        actor=cast.actor("lead"), name="Cloud ITEE", lead=cast.lead, safety_officer=cast.safety
    )
