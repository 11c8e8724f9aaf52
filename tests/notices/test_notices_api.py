"""Notices, channels, deliveries and the audit trail through the API: the same rights."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from exercises.domain.notices import BUILT_IN
from exercises.models import Channel, Delivery, Notice
from exercises.services.tokens import issue_token
from tests import build
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.drive import tell_everyone

__all__ = ["caller"]

pytestmark = pytest.mark.django_db

V1 = "/api/v1"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_one_reads_one_s_own_notices_and_marks_them(caller: Caller, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    owner = caller("owner")
    [notice] = owner.get(f"{V1}/notices/?unread=true").data["results"]
    assert notice["title"] == "“Stop one broker” waits for your approval"
    assert notice["path"].startswith("/approvals/?experiment=")
    assert owner.post(f"{V1}/notices/{notice['id']}/read/").data == {"marked": 1}
    assert owner.get(f"{V1}/notices/?unread=true").data["results"] == []
    assert caller("author").get(f"{V1}/notices/{notice['id']}/").status_code == 404
    reader = caller("lead", ("read",))
    assert reader.post(f"{V1}/notices/read/").status_code == 403
    assert caller("lead").post(f"{V1}/notices/read/").data == {"marked": 1}


def test_acknowledging_is_not_for_programs(caller: Caller, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    notice = Notice.objects.get(person=cast.owner)
    assert caller("owner").post(f"{V1}/notices/{notice.pk}/acknowledge/").status_code == 404


def test_channels_are_added_by_who_may_and_their_address_is_not_given_back(
    caller: Caller, cast: Cast
) -> None:
    sent = {"name": "#telemetry", "address": SLACK, "team": cast.team.slug}
    assert caller("author").post(f"{V1}/channels/", sent).status_code == 403
    added = caller("owner").post(f"{V1}/channels/", sent)
    assert added.status_code == 201
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in added.content.decode()
    one = f"{V1}/channels/{added.data['id']}/"
    assert caller("author").get(one).status_code == 404
    assert caller("owner").post(f"{one}test/").status_code == 202
    assert caller("owner").post(f"{one}switch/", {"on": False}).data["is_active"] is False
    assert caller("owner").post(f"{one}test/").status_code == 409
    bad = caller("owner").post(f"{V1}/channels/", sent | {"address": "file:///etc/passwd"})
    assert (bad.status_code, bad.data["errors"][0]["field"]) == (422, "address")
    assert Channel.objects.filter(kind="chat").count() == 1


def test_the_delivery_log_is_for_programme_leads(caller: Caller, cast: Cast) -> None:
    build.proposed(cast)
    tell_everyone()
    assert caller("owner").get(f"{V1}/deliveries/").status_code == 403
    lead = caller("lead")
    [first, _] = lead.get(f"{V1}/deliveries/?state=waiting").data["results"]
    again = f"{V1}/deliveries/{first['id']}/replay/"
    assert lead.post(again).status_code == 409
    Delivery.objects.update(state="failed")
    assert lead.post(again).data["state"] == "waiting"


@pytest.mark.parametrize("asked", [{}, {"If-Match": "*"}, {"If-Match": '"other"'}])
def test_the_service_of_a_team_has_no_wishes_to_write(cast: Cast, asked: dict[str, str]) -> None:
    _, secret = issue_token(
        actor=cast.actor("owner"), name="pipeline", scopes=["read", "write"], days=1,
        team=cast.team,
    )  # fmt: skip
    service = APIClient()
    service.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    answer = service.put(f"{V1}/me/wishes/", {"pace": "daily"}, headers=asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_wishes_and_the_policy_are_written_whole(caller: Caller, cast: Cast) -> None:
    owner = caller("owner")
    assert owner.get(f"{V1}/me/wishes/").data["pace"] == "soon"
    answer = owner.put(f"{V1}/me/wishes/", {"pace": "daily", "daily_at": "07:00"})
    assert (answer.status_code, answer.data["daily_at"]) == (200, "07:00:00")
    assert owner.put(f"{V1}/me/wishes/", {"pase": "daily"}).status_code == 422
    policy = f"{V1}/notice-policy/"
    rules = BUILT_IN.as_json()
    assert owner.put(policy, {"rules": rules}).status_code == 403
    rules["started"]["leadership"] = 9
    assert caller("lead").put(policy, {"rules": rules}).status_code == 422
    rules["started"]["leadership"] = 1
    assert caller("lead").put(policy, {"rules": rules}).data["rules"] == rules
    assert caller("lead").get(policy).data["rules"] == rules


@pytest.mark.parametrize(
    ("name", "status"), [("auditor", 200), ("leadership", 200), ("lead", 403), ("owner", 403)]
)
def test_the_audit_trail_is_for_auditors_and_leadership(
    caller: Caller, cast: Cast, name: str, status: int
) -> None:
    build.proposed(cast)
    client: APIClient = caller(name, ("read",))
    assert client.get(f"{V1}/audit/").status_code == status
    assert client.get(f"{V1}/audit/chain/").status_code == status
    if status == 200:
        found = client.get(f"{V1}/audit/?action=experiment.propose").data["results"]
        assert [entry["action"] for entry in found] == ["experiment.propose"]
        assert client.get(f"{V1}/audit/chain/").data["is_whole"] is True
        assert client.get(f"{V1}/audit/?since=yesterday").status_code == 422
