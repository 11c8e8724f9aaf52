"""Setting up applications: who may, what is refused and where, and that nothing typed is lost."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import Application, AuditEntry, Deployment
from exercises.web.forms.deployment import typed_of
from tests import build
from tests.cast import Cast
from tests.pages_experiments.test_propose_page import probe_fields, row_fields

pytestmark = pytest.mark.django_db

LIST = "/settings/applications/"
ALARM = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:mqtt-undelivered-high"


def application(cast: Cast, **changes: object) -> dict[str, object]:
    return {"name": "Trip planner", "team": cast.team.pk, "tier": "1", "slo_percent": "99.9"} | (
        changes
    )


def deployment(**changes: str) -> dict[str, str]:
    place = build.account()
    fields = {"place": str(place.pk), "tag_value": "mqtt-broker", "alarms": ALARM, "do": "save"}
    return fields | probe_fields(build.PROBES) | changes


def broker(cast: Cast) -> Application:
    return Application.objects.create(slug="mqtt-broker", name="MQTT broker", team=cast.team)


@pytest.mark.parametrize("name", ["owner", "lead"])
def test_an_owner_or_a_programme_lead_adds_an_application(
    client: Client, cast: Cast, name: str
) -> None:
    client.force_login(getattr(cast, name))
    assert "Add application" in client.get(LIST).content.decode()
    answer = client.post(f"{LIST}new/", application(cast))
    assert answer["Location"] == f"{LIST}trip-planner/"
    added = Application.objects.get()
    assert (added.team, added.tier, added.slo_percent) == (cast.team, 1, 99.9)
    page = client.get(f"{LIST}trip-planner/").content.decode()
    assert "Runs nowhere yet" in page
    assert "Add deployment" in page


@pytest.mark.parametrize("name", ["author", "operator", "outsider", "auditor"])
def test_others_read_and_change_nothing(client: Client, cast: Cast, name: str) -> None:
    found = build.deployment(cast)
    client.force_login(getattr(cast, name))
    page = client.get(f"{LIST}mqtt-broker/").content.decode()
    assert "Messages delivered: at least 99.5 %" in page
    assert "Edit" not in page
    assert "Add application" not in client.get(LIST).content.decode()
    for address in ("new/", "mqtt-broker/deployments/new/", f"mqtt-broker/deployments/{found.pk}/"):
        assert client.get(LIST + address).status_code == 403
        assert client.post(LIST + address, deployment(tag_value="other")).status_code == 403
    found.refresh_from_db()
    assert found.tag_value == "mqtt-broker"


def test_an_owner_does_not_add_for_another_team(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    answer = client.post(f"{LIST}new/", application(cast, team=cast.other_team.pk))
    assert answer.status_code == 422
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "required"),
        ({"slug": "taken"}, "is taken"),
        ({"slug": "new"}, "address of a page"),
        ({"tier": "9"}, "Select a valid choice"),
        ({"slo_percent": "100"}, "below 100"),
        ({"rto_s": "-1"}, "between 0 and 720 hours"),
        ({"rpo_s": "99999999999"}, "between 0 and 720 hours"),
        ({"rpo_s": "soon"}, "whole number"),
        ({"runbook_url": "javascript:alert(1)"}, "web address"),
    ],
)
def test_what_is_wrong_with_an_application_is_said_at_its_field(
    client: Client, cast: Cast, change: dict[str, object], said: str
) -> None:
    Application.objects.create(slug="taken", name="Taken", team=cast.team)
    client.force_login(cast.lead)
    answer = client.post(f"{LIST}new/", application(cast, dashboard_url="https://d.test") | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "https://d.test" in answer.content.decode()
    assert Application.objects.count() == 1


def test_a_deployment_is_registered_with_alarms_and_probes(client: Client, cast: Cast) -> None:
    broker(cast)
    sent = deployment()
    client.force_login(cast.owner)
    assert (
        "Account and Region" in client.get(f"{LIST}mqtt-broker/deployments/new/").content.decode()
    )
    answer = client.post(f"{LIST}mqtt-broker/deployments/new/", sent)
    assert answer["Location"] == f"{LIST}mqtt-broker/"
    found = Deployment.objects.get()
    assert found.alarm_arns == [ALARM]
    assert [probe["key"] for probe in found.steady_state] == ["delivered", "clusters"]
    assert (
        "No account is free" in client.get(f"{LIST}mqtt-broker/deployments/new/").content.decode()
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"place": ""}, "choose an account and Region"),
        ({"tag_value": " "}, "between 1 and 120"),
        ({"alarms": f"{ALARM}\nnot an ARN"}, "Line 2: a CloudWatch alarm ARN"),
        ({"alarms": ALARM.replace("111111111111", "222222222222")}, "Line 1: is in eu-central-1"),
        ({"alarms": "\n".join([ALARM] * 6)}, "at most 5 alarms"),
        ({"probe-0-low": "many"}, "a number, such as 99.5"),
        ({"probe-0-low": ""}, "set a lower or an upper limit"),
        ({"probe-1-metric": ""}, "1 to 255 characters"),
    ],
)
def test_what_is_wrong_with_a_deployment_is_said_and_stays(
    client: Client, cast: Cast, change: dict[str, str], said: str
) -> None:
    broker(cast)
    client.force_login(cast.owner)
    answer = client.post(f"{LIST}mqtt-broker/deployments/new/", deployment(**change))
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert said in page
    assert "Distinct clusters" in page
    assert not Deployment.objects.exists()


def test_an_edited_deployment_is_saved_and_in_the_audit_trail(client: Client, cast: Cast) -> None:
    found = build.deployment(cast)
    client.force_login(cast.owner)
    url = f"{LIST}mqtt-broker/deployments/{found.pk}/"
    assert ALARM in client.get(url).content.decode()
    typed = typed_of(found)
    fields = row_fields(typed.probes) | {"probe-0-low": "99", "probe-0-grace_s": "60"}
    client.post(url, {"tag_value": "broker", "alarms": "", "do": "save", **fields})
    found.refresh_from_db()
    assert (found.tag_value, found.alarm_arns) == ("broker", [])
    assert (found.steady_state[0]["low"], found.steady_state[0]["grace_s"]) == (99, 60)
    entry = AuditEntry.objects.get(action="deployment.change")
    assert entry.details["before"] == {"tag_value": "mqtt-broker", "alarm_arns": [ALARM]}


def test_what_was_proposed_keeps_what_it_was_proposed_with(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    before = experiment.revision.digest
    client.force_login(cast.owner)
    url = f"{LIST}mqtt-broker/deployments/{experiment.deployment_id}/"
    client.post(url, {"tag_value": "elsewhere", "alarms": ALARM, "do": "save"})
    experiment.refresh_from_db()
    assert experiment.revision.digest == before
    assert experiment.revision.plan["steady_state"]


def test_probes_are_added_and_removed_without_saving(client: Client, cast: Cast) -> None:
    found = build.deployment(cast)
    client.force_login(cast.owner)
    url = f"{LIST}mqtt-broker/deployments/{found.pk}/"
    fields = deployment()
    del fields["do"]
    more = client.post(url, fields | {"do": "add_probe"}).content.decode()
    assert 'name="probe-2-name"' in more
    fewer = client.post(url, fields | {"remove_probe": "0"}).content.decode()
    assert "Messages delivered" not in fewer
    assert "Distinct clusters" in fewer
    found.refresh_from_db()
    assert len(found.steady_state) == 2


def test_the_list_asks_as_much_for_one_as_for_many(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    build.deployment(cast)
    few = _queries(client, LIST)
    few_detail = _queries(client, f"{LIST}mqtt-broker/")
    for number in range(2, 10):
        place = build.account(f"{number}" * 11 + "5", "dev")
        build.deployment(cast, place=place)
        build.deployment(cast, slug=f"app-{number}", place=place)
    assert _queries(client, LIST) == few
    assert _queries(client, f"{LIST}mqtt-broker/") == few_detail


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_an_owner_changes_what_an_application_is_called_and_its_links(
    client: Client, cast: Cast
) -> None:
    build.deployment(cast)
    client.force_login(cast.owner)
    url = "/settings/applications/mqtt-broker/edit/"
    assert 'value="Mqtt Broker"' in client.get(url).content.decode()
    sent = {
        "name": "Message broker",
        "team": str(cast.team.pk),
        "tier": "2",
        "runbook_url": "https://example.test/runbook",
        "dashboard_url": "",
    }
    wrong = client.post(url, sent | {"runbook_url": "javascript:alert(1)"})
    assert wrong.status_code == 422
    assert "a web address" in wrong.content.decode()
    assert client.post(url, sent).status_code == 302
    found = Application.objects.get()
    assert (found.name, found.slug, found.tier) == ("Message broker", "mqtt-broker", 2)
    client.force_login(cast.author)
    assert client.post(url, sent).status_code == 403
    assert "edit/" not in client.get("/settings/applications/mqtt-broker/").content.decode()
