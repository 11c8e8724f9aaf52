"""The catalogue: what a template does, and publishing a version that cannot be wrong."""

from __future__ import annotations

import json
from html import unescape

import pytest
from django.test import Client

from exercises.models import Template, TemplateVersion
from exercises.web.forms.templates import typed_for_new_template
from tests import build
from tests.cast import Cast
from tests.publish_mistakes import MISTAKES, Mistake

pytestmark = pytest.mark.django_db


def version_form(**changes: str) -> dict[str, str]:
    return {
        "definition": json.dumps(build.DEFINITION),
        "parameters": json.dumps(build.PARAMETERS),
        "rung": "1",
        "hypothesis": "If one stops, then nobody notices.",
        "notes": "Shorter",
    } | changes


def new_template(**changes: str) -> dict[str, str]:
    entry = {
        "name": "Lose one instance",
        "slug": "",
        "summary": "One instance goes away.",
        "failure_family": "Instance loss",
    }
    return version_form() | entry | changes


def test_the_catalogue_is_searched_and_filtered(client: Client, cast: Cast) -> None:
    build.template_version()
    client.force_login(cast.author)
    for query in ("", "?q=stop", "?q=EC2", "?rung=1", "?family=instance-loss"):
        assert "Stop one instance" in client.get(f"/templates/{query}").content.decode()
    for query in ("?q=cache", "?rung=5", "?family=zone-loss"):
        assert "No template matches" in client.get(f"/templates/{query}").content.decode()


def test_a_template_shows_what_happens_and_who_must_agree(client: Client, cast: Cast) -> None:
    version = build.template_version()
    client.force_login(cast.author)
    page = client.get(f"/templates/{version.template.slug}/").content.decode()
    assert "Stop-one" in page
    assert "Service owner, Programme lead" in page
    assert "1 to 30 min" in page
    document = client.get(f"/templates/{version.template.slug}/document.json")
    assert document.json() == build.DEFINITION


def test_a_generated_template_shows_what_it_would_build(client: Client, cast: Cast) -> None:
    version = build.template_version(rung=3, generator="az_power")
    client.force_login(cast.author)
    page = client.get(f"/templates/{version.template.slug}/")
    assert page.status_code == 200
    assert "Stop-Instances" in page.content.decode()


def test_a_published_version_is_compared_with_the_one_before(client: Client, cast: Cast) -> None:
    version = build.template_version()
    client.force_login(cast.owner)
    changed = json.loads(json.dumps(build.DEFINITION))
    changed["actions"]["Stop-one"]["parameters"]["startInstancesAfterDuration"] = "PT2M"
    url = f"/templates/{version.template.slug}/versions/new/"
    page = client.post(url, version_form(definition=json.dumps(changed)), follow=True)
    text = page.content.decode()
    assert "v2, current" in text
    assert "PT2M" in text
    assert TemplateVersion.objects.count() == 2


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.parametrize("address", ["stop-one-instance/versions/new/", "new/"])
def test_a_mistake_is_refused_with_its_place_and_what_was_typed(
    client: Client, cast: Cast, mistake: Mistake, address: str
) -> None:
    build.template_version()
    client.force_login(cast.owner)
    typed = new_template(definition=mistake.definition, parameters=mistake.parameters)
    answer = client.post(f"/templates/{address}", typed)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert mistake.said in page
    if "." in mistake.field or "[" in mistake.field:
        assert mistake.field in page
    assert mistake.definition in page
    assert "If one stops, then nobody notices." in page
    assert TemplateVersion.objects.count() == 1
    assert Template.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "between 1 and 120"),
        ({"slug": "stop-one-instance"}, "is taken"),
        ({"slug": "new"}, "address of a page"),
        ({"slug": "no spaces"}, "letters, digits"),
        ({"failure_family": ""}, "letters, digits"),
        ({"rung": "9"}, "between 1"),
    ],
)
def test_a_template_without_a_sound_entry_is_not_added(
    client: Client, cast: Cast, changes: dict[str, str], said: str
) -> None:
    build.template_version()
    client.force_login(cast.owner)
    answer = client.post("/templates/new/", new_template(**changes))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "One instance goes away." in answer.content.decode()
    assert Template.objects.count() == 1


def test_a_template_is_added_with_its_first_version(client: Client, cast: Cast) -> None:
    client.force_login(cast.operator)
    assert "Stop-one-instance" in client.get("/templates/new/").content.decode()
    answer = client.post("/templates/new/", new_template())
    assert answer["Location"] == "/templates/lose-one-instance/"
    version = TemplateVersion.objects.get()
    assert version.number == 1
    assert version.template.failure_family == "instance-loss"
    assert version.author == cast.operator
    assert "Lose one instance" in client.get("/templates/").content.decode()


def test_the_document_that_the_form_starts_with_can_be_published(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.owner)
    typed = typed_for_new_template() | {"name": "As given", "failure_family": "instance-loss"}
    assert client.post("/templates/new/", typed).status_code == 302


def test_a_member_may_not_publish(client: Client, cast: Cast) -> None:
    version = build.template_version()
    client.force_login(cast.author)
    for url in (f"/templates/{version.template.slug}/versions/new/", "/templates/new/"):
        assert client.get(url).status_code == 403
        assert client.post(url, new_template()).status_code == 403
    assert Template.objects.count() == 1
    assert "Add template" not in client.get("/templates/").content.decode()
    assert (
        "Publish a version"
        not in client.get(f"/templates/{version.template.slug}/").content.decode()
    )
