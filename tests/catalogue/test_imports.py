"""A template begins from what an account has or offers, or from a file, and says so."""

from __future__ import annotations

import dataclasses
import json
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.template_entry import Entry, entry_document
from exercises.engines.fis import FisEngine
from exercises.models import AccountRegion, OfferedAction, Template, TemplateVersion
from exercises.queries.catalogue import entry_of, version_digest
from exercises.services.catalogue import publish_version
from exercises.services.template_imports import (
    Beginning,
    ask_account,
    begin_from_action,
    begin_from_template,
    begin_from_text,
    import_entry,
    read_origin,
)
from tests import build
from tests.cast import Cast
from tests.fis_definitions import stopping
from tests.toolkit_experiments import action, desired, document

pytestmark = pytest.mark.django_db
NEW = "aws:ec2:hibernate-instances"


@pytest.fixture
def newer_aws(monkeypatch: pytest.MonkeyPatch) -> str:
    """An action that AWS added after this release."""
    from simulator.fis.catalogue import ACTIONS

    like = ACTIONS["aws:ec2:stop-instances"]
    monkeypatch.setitem(ACTIONS, NEW, dataclasses.replace(like, id=NEW))
    return NEW


def in_account(place: AccountRegion) -> str:
    return FisEngine().provision(place.access, stopping("eu-central-1a", minutes=20), "imports")


def publish(cast: Cast, begun: Beginning, slug: str = "read") -> TemplateVersion:
    template, _ = Template.objects.get_or_create(
        slug=slug, defaults={"name": slug, "failure_family": "instance-loss"}
    )
    return publish_version(
        actor=cast.actor("owner"),
        template=template,
        definition_text=begun.definition_text,
        parameters_text=begun.parameters_text,
        rung=1,
        origin=begun.origin,
        origin_detail=begun.origin_detail,
    )


def test_a_template_of_an_account_becomes_one_of_the_catalogue(
    place: AccountRegion, cast: Cast
) -> None:
    ref = in_account(place)
    asked = ask_account(actor=cast.actor("owner"), place=place)
    assert ref in {found.ref for found in asked.templates}
    begun = begin_from_template(actor=cast.actor("owner"), place=place, ref=ref)
    version = publish(cast, begun)
    assert version.origin == "account"
    assert ref in version.origin_detail
    assert version.definition["roleArn"] == "{{fis_role_arn}}"
    assert version.definition["actions"]["Stop-brokers"]["parameters"] == {
        "startInstancesAfterDuration": "PT{{minutes}}M"
    }
    assert [p["default"] for p in version.parameters] == [20]


def test_an_action_that_came_later_is_known_once_an_account_was_asked(
    place: AccountRegion, cast: Cast, newer_aws: str
) -> None:
    definition = json.loads(json.dumps(build.DEFINITION))
    definition["actions"]["Stop-one"]["actionId"] = newer_aws
    text = json.dumps(definition)
    begun = Beginning(definition, build.PARAMETERS, "file", "by hand")
    with pytest.raises(Invalid, match="is no action of FIS"):
        publish(cast, begun)
    asked = ask_account(actor=cast.actor("owner"), place=place)
    assert newer_aws in asked.unknown
    assert [row.action_id for row in OfferedAction.objects.all()] == [newer_aws]
    assert json.dumps(publish(cast, begun).definition) == text


def test_what_an_account_says_of_an_action_makes_its_form(
    place: AccountRegion, cast: Cast, newer_aws: str
) -> None:
    for action_id in (newer_aws, "aws:ebs:pause-volume-io"):
        begun = begin_from_action(actor=cast.actor("owner"), place=place, action_id=action_id)
        version = publish(cast, begun, slug=action_id.replace(":", "-"))
        assert version.origin == "action"
    assert [p["name"] for p in version.parameters] == ["duration"]


def test_only_who_sets_an_account_up_reads_what_stands_in_it(
    place: AccountRegion, cast: Cast
) -> None:
    for name in ("outsider", "author"):
        with pytest.raises(NotAllowed):
            ask_account(actor=cast.actor(name), place=place)
        with pytest.raises(NotAllowed):
            begin_from_template(actor=cast.actor(name), place=place, ref="EXT1")
        with pytest.raises(NotAllowed):
            begin_from_action(actor=cast.actor(name), place=place, action_id="aws:fis:wait")


@pytest.mark.parametrize("ref", ["", "../EXT", "EXT 1", "E" * 65, "EXT\n1"])
def test_what_is_no_id_of_a_template_is_not_asked_for(
    place: AccountRegion, cast: Cast, ref: str
) -> None:
    with pytest.raises(Invalid, match="fis_template"):
        begin_from_template(actor=cast.actor("owner"), place=place, ref=ref)


def exported(version: TemplateVersion) -> str:
    return json.dumps(entry_document(entry_of(version)))


def read(cast: Cast, text: str) -> Entry:
    entry = begin_from_text(actor=cast.actor("owner"), text=text)
    assert isinstance(entry, Entry)
    return entry


@pytest.mark.parametrize("generator", ["", "az_power"])
def test_an_export_comes_in_again_with_the_same_digest(cast: Cast, generator: str) -> None:
    version = build.template_version(generator=generator)
    entry = dataclasses.replace(read(cast, exported(version)), slug="elsewhere")
    again = import_entry(actor=cast.actor("owner"), entry=entry, file_name="stop.json")
    again.refresh_from_db()
    assert again.template.slug == "elsewhere"
    assert version_digest(again) == version_digest(version)
    assert (again.origin, again.origin_detail) == ("file", "stop.json")


def test_a_file_is_the_next_version_and_the_same_file_none(cast: Cast) -> None:
    version = build.template_version()
    entry = read(cast, exported(version))
    with pytest.raises(Conflict, match="nothing to import"):
        import_entry(actor=cast.actor("owner"), entry=entry)
    changed = dataclasses.replace(entry, hypothesis="If one stops, then nobody sees it.")
    assert import_entry(actor=cast.actor("owner"), entry=changed).number == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"engine": "gremlin"}, "engine"),
        ({"rung": 9}, "rung"),
        ({"definition": build.DEFINITION | {"actions": {}}}, "definition.actions"),
    ],
)
def test_a_file_is_held_to_every_rule(cast: Cast, change: dict[str, Any], field: str) -> None:
    document = json.loads(exported(build.template_version())) | change | {"slug": "other"}
    document.pop("digest")
    with pytest.raises(Invalid) as caught:
        import_entry(actor=cast.actor("owner"), entry=read(cast, json.dumps(document)))
    assert field in dict(caught.value.problems)
    assert not Template.objects.filter(slug="other").exists()


def upload(client: Client, content: bytes, name: str = "template.json") -> Any:
    file = SimpleUploadedFile(name, content, content_type="application/json")
    return client.post("/templates/import/", {"do": "file", "file": file}, follow=True)


def test_the_page_reads_files(client: Client, cast: Cast) -> None:
    version = build.template_version()
    client.force_login(cast.owner)
    ours = json.loads(exported(version)) | {"slug": "copied"}
    page = upload(client, json.dumps(ours).encode()).content.decode()
    assert "with the very content of the file" in page
    assert "From a file" in page
    assert "template.json" in page
    form = upload(client, json.dumps(build.DEFINITION).encode())
    assert form.templates[0].name == "catalogue/publish.html"
    assert "one-instance" in unescape(form.content.decode())
    for content, said in (
        (b"{not json", "not JSON"),
        (b"[]", "a JSON object"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b" " * 262_145, "at most 262,144 bytes"),
        (json.dumps(ours | {"digest": "0"}).encode(), "digest"),
    ):
        refused = upload(client, content)
        assert refused.status_code == 422
        assert said in unescape(refused.content.decode())


def test_the_page_asks_an_account_and_opens_its_template_as_a_form(
    client: Client, place: AccountRegion, cast: Cast
) -> None:
    ref = in_account(place)
    client.force_login(cast.owner)
    page = client.post("/templates/import/", {"do": "ask", "place": place.pk}).content.decode()
    assert ref in page
    assert "aws:ebs:pause-volume-io" in page
    form = client.get(f"/templates/import/{place.pk}/?fis={ref}")
    text = unescape(form.content.decode())
    assert "The role is that of each account." in text
    typed = {
        **form.context["typed"],
        "name": "Read there",
        "failure_family": "Instance loss",
        "slug": "read-there",
    }
    done = client.post("/templates/new/", typed, follow=True).content.decode()
    assert f"From an AWS account by {cast.owner.name}" in done
    assert ref in done


def test_an_account_that_does_not_know_it_is_said_so_on_the_page(
    client: Client, place: AccountRegion, cast: Cast
) -> None:
    client.force_login(cast.owner)
    for query in ("fis=EXTunknown", "action=aws:none:such"):
        answer = client.get(f"/templates/import/{place.pk}/?{query}")
        assert answer.status_code == 502
        assert "ResourceNotFoundException" in answer.content.decode()
    assert client.get(f"/templates/import/{place.pk}/").status_code == 422
    assert client.post("/templates/import/", {"place": "x"}).status_code == 404


def test_an_origin_is_what_was_given_out() -> None:
    assert read_origin("") == ("authored", "")
    with pytest.raises(Invalid, match="begin again"):
        read_origin("account:FIS template EXT1")


def test_who_uses_a_template_is_on_its_page(client: Client, cast: Cast) -> None:
    _, run = build.live(cast)
    client.force_login(cast.author)
    page = client.get("/templates/stop-one-instance/").content.decode()
    assert "1 application<" in page
    assert "Mqtt Broker" in page
    client.force_login(cast.outsider)
    assert (
        run.experiment.application.name
        in client.get("/templates/stop-one-instance/").content.decode()
    )


def test_a_scenario_of_aws_is_added_once_and_says_what_it_is(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    asked = {"do": "scenario", "scenario": "az_application_slowdown"}
    page = client.post("/templates/import/", asked, follow=True).content.decode()
    assert "AZ: Application Slowdown v1 is published" in page
    assert "LatencyForEC2" in page
    assert "after AWS&#x27;s scenario" in page
    again = client.post("/templates/import/", asked)
    assert again.status_code == 422
    assert "there is nothing to import" in again.content.decode()
    unknown = client.post("/templates/import/", {"do": "scenario", "scenario": "none"})
    assert "one of az_application_slowdown" in unescape(unknown.content.decode())
    assert Template.objects.count() == 1


def test_an_experiment_json_becomes_a_document_of_the_chaos_toolkit(cast: Cast) -> None:
    experiment = document(action("to-zero", desired(0)))["experiment"]
    begun = begin_from_text(actor=cast.actor("owner"), text=json.dumps(experiment))
    assert isinstance(begun, Beginning)
    assert (begun.engine, begun.summary) == ("chaostoolkit", experiment["description"])
    assert begun.definition["experiment"] == experiment
    stops: Any = begun.definition["stopConditions"]
    assert stops[0]["value"] == "{{alarm_arn}}"
