"""The same through the API: begin from an account, export, import, who uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exercises.domain.scenarios import SCENARIOS
from exercises.engines.fis import FisEngine
from exercises.models import AccountRegion, TemplateVersion
from tests import build
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.fis_definitions import stopping

__all__ = ["caller"]
pytestmark = pytest.mark.django_db


def test_a_program_begins_from_an_account_and_publishes(
    place: AccountRegion, cast: Cast, caller: Caller
) -> None:
    ref = FisEngine().provision(place.access, stopping("eu-central-1a"), "by-program")
    where = {"region": place.region}
    program = caller("owner")
    offers = program.post(f"/api/v1/accounts/{place.account.account_id}/offers/", where, "json")
    assert ref in [found["ref"] for found in offers.json()["templates"]]
    asked = where | {"account_id": place.account.account_id, "fis_template": ref}
    begun = program.post("/api/v1/template-beginnings/", asked, "json").json()
    sent = {name: begun[name] for name in ("definition", "parameters", "origin")}
    sent |= {"slug": "read", "name": "Read", "failure_family": "instance-loss", "rung": 1}
    added = program.post("/api/v1/templates/", sent, "json")
    assert added.status_code == 201, added.content
    [version] = added.json()["versions"]
    assert (version["origin"], version["author"]) == ("account", cast.owner.name)
    assert ref in version["origin_detail"]


def test_what_is_exported_is_imported_with_the_same_digest(cast: Cast, caller: Caller) -> None:
    slug = build.template_version().template.slug
    program = caller("owner")
    file = program.get(f"/api/v1/templates/{slug}/export/").json()
    sent = {"file": json.dumps(file | {"slug": "copied"})}
    done = program.post("/api/v1/template-imports/", sent, "json")
    assert done.status_code == 201, done.content
    assert (done.json()["template"], done.json()["number"]) == ("copied", 1)
    again = program.get("/api/v1/templates/copied/export/").json()
    assert again["digest"] == file["digest"]
    assert program.post("/api/v1/template-imports/", sent, "json").status_code == 409


@pytest.mark.parametrize(
    ("address", "sent", "field"),
    [
        ("template-imports", {"file": "{}"}, "file"),
        ("template-imports", {"file": "{"}, "file"),
        ("template-imports", {}, "file"),
        ("template-imports", {"file": "{}", "scenario": next(iter(SCENARIOS))}, "file"),
        ("template-imports", {"scenario": "x"}, "scenario"),
        ("template-beginnings", {"account_id": "1", "region": "x"}, "fis_template"),
        (
            "template-beginnings",
            {"account_id": "1", "region": "x", "fis_template": "a", "action": "b"},
            "fis_template",
        ),
        ("templates", {"slug": "a b", "name": "A", "definition": "{}", "rung": 1}, "slug"),
    ],
)
def test_what_is_sent_wrong_is_named(
    caller: Caller, address: str, sent: dict[str, Any], field: str
) -> None:
    answer = caller("owner").post(f"/api/v1/{address}/", sent, "json")
    assert answer.status_code == 422, answer.content
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize("key", SCENARIOS)
def test_every_scenario_can_be_added(caller: Caller, key: str) -> None:
    added = caller("owner").post("/api/v1/template-imports/", {"scenario": key}, "json")
    assert added.status_code == 201, added.content
    assert added.json()["generator"] == key


def test_who_uses_it_is_what_one_may_see(cast: Cast, caller: Caller) -> None:
    experiment = build.proposed(cast)
    slug = experiment.template_version.template.slug
    [use] = caller("author").get(f"/api/v1/templates/{slug}/uses/").json()
    assert use == {
        "application": "mqtt-broker",
        "team": cast.team.slug,
        "newest_version": 1,
        "runs": 0,
        "last_run_at": None,
        "last_held_at": None,
    }
