"""The policy through the API: read and proposed there, put in force on its page only."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from exercises.domain.policy_document import default_rules
from exercises.models import PolicyVersion
from exercises.queries.policy import current_policy
from tests.api.conftest import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
POLICY = "/api/v1/policy/"


def sent(**first_row: Any) -> dict[str, Any]:
    rules: dict[str, Any] = copy.deepcopy(default_rules())
    rules["rows"][0] |= first_row
    return {"rules": rules, "reason": "Shorter"}


def test_a_version_is_proposed_and_not_in_force(cast: Cast, caller: Caller) -> None:
    lead = caller("lead")
    made = lead.post(POLICY, sent(max_minutes=30), format="json")
    assert made.status_code == 201, made.json()
    assert (made.json()["number"], made.json()["activations"]) == (2, [])
    read = caller("outsider").get(POLICY).json()
    assert (read["in_force"], read["rules"]) == (1, default_rules())
    assert [version["number"] for version in read["versions"]] == [2]
    one = caller("outsider").get(f"{POLICY}2/").json()
    assert one["rules"]["rows"][0]["max_minutes"] == 30
    assert lead.get(f"{POLICY}1/").status_code == 404
    assert lead.get(f"{POLICY}99999999999999999999/").status_code == 404


def test_no_token_puts_a_version_in_force(cast: Cast, caller: Caller) -> None:
    caller("lead").post(POLICY, sent(), format="json")
    for door in (f"{POLICY}2/activate/", f"{POLICY}2/"):
        assert caller("safety").post(door).status_code in {404, 405}
    assert current_policy().number == 1


def test_who_may_not_propose_is_told_so(cast: Cast, caller: Caller) -> None:
    assert caller("owner").post(POLICY, sent(), format="json").status_code == 403
    reader = caller("lead", scopes=("read",))
    assert reader.post(POLICY, sent(), format="json").status_code == 403
    assert caller("lead", scopes=("write",)).get(POLICY).status_code == 403
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (sent(max_minutes=0), "rows.1.max_minutes"),
        ({"rules": "[", "reason": "x"}, "rules"),
        ({"rules": [], "reason": "x"}, "rules"),
        ({"rules": default_rules()}, "reason"),
        (sent() | {"force": True}, "force"),
    ],
)
def test_a_mistake_is_named_by_its_field(
    cast: Cast, caller: Caller, body: dict[str, Any], field: str
) -> None:
    answer = caller("lead").post(POLICY, body, format="json")
    assert answer.status_code in {400, 422}, answer.json()
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not PolicyVersion.objects.exists()
