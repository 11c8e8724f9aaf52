"""apply and export over the API as it is: what is due, exit codes, problems by their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from exercises.models import FreezeWindow
from tests.cast import Cast
from tests.cli.desk import Terminal

pytestmark = pytest.mark.django_db

FREEZES = """\
format: chaosplane-state/1
freezes:
  - {name: Year end, starts_at: "2035-12-20T00:00Z", ends_at: "2036-01-07T00:00Z"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "estate.yaml"
    path.write_text(FREEZES)
    return path


def test_a_plan_tells_by_its_exit_code_what_is_due(cast: Cast, tmp_path: Path, file: Path) -> None:
    lead = Terminal(cast, tmp_path, "lead")
    planned = lead.type("apply", "-f", str(file), "--plan")
    assert (planned.code, planned.out) == (5, "+ freezes Year end\n1 of 1 due.\n")
    assert not FreezeWindow.objects.exists()
    applied = lead.type("apply", "-f", str(file))
    assert (applied.code, applied.out) == (0, "+ freezes Year end\n1 of 1 applied.\n")
    again = lead.type("apply", "-f", str(file), "--plan")
    assert (again.code, again.out) == (0, "Nothing to do: all 1 are so.\n")
    file.write_text(FREEZES.replace("2036-01-07", "2036-01-06"))
    changed = lead.type("apply", "-f", str(file), "--plan")
    assert changed.out.splitlines()[1] == (
        '    ends_at: "2036-01-07T00:00:00Z" -> "2036-01-06T00:00:00Z"'
    )


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_is_exported_is_applied_as_nothing_to_do(
    cast: Cast, tmp_path: Path, file: Path, form: str
) -> None:
    lead = Terminal(cast, tmp_path, "lead")
    lead.type("apply", "-f", str(file))
    exported = lead.type("export", "--form", form)
    document = yaml.safe_load(exported.out)
    assert (exported.code, len(document["freezes"])) == (0, 1)
    if form == "json":
        assert json.loads(exported.out) == document
    copy = tmp_path / f"copy.{form}"
    copy.write_text(exported.out)
    planned = lead.type("apply", "-f", str(copy), "--plan", "--output", "json")
    assert (planned.code, json.loads(planned.out)["due"]) == (0, 0)


def test_problems_are_said_by_their_place(cast: Cast, tmp_path: Path, file: Path) -> None:
    file.write_text(FREEZES.replace("ends_at", "until"))
    answer = Terminal(cast, tmp_path, "lead").type("apply", "-f", str(file))
    assert answer.code == 3
    missing, unknown = answer.error.splitlines()
    assert missing == "chaosplane: freezes[0].ends_at: is missing"
    assert unknown.startswith("chaosplane: freezes[0].until: is no field here: name, reason, ")
    none = Terminal(cast, tmp_path, "lead").type("apply", "-f", str(tmp_path / "none.json"))
    assert (none.code, "cannot be read" in none.error) == (3, True)


def test_who_may_not_is_told_which_thing(cast: Cast, tmp_path: Path, file: Path) -> None:
    answer = Terminal(cast, tmp_path, "author").type("apply", "-f", str(file))
    assert answer.code == 3
    assert answer.error.startswith("chaosplane: freezes[0] (Year end): ")
