"""The catalogue: what a template does, and publishing a version that cannot be wrong."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from exercises.models import TemplateVersion
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def version_form(**changes: str) -> dict[str, str]:
    return {
        "definition": json.dumps(build.DEFINITION),
        "parameters": json.dumps(build.PARAMETERS),
        "rung": "1",
        "hypothesis": "If one stops, then nobody notices.",
        "notes": "Shorter",
    } | changes


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"definition": "{not json"}, "not JSON"),
        ({"definition": '{"a": 1, "a": 2}'}, "twice"),
        ({"definition": "[]"}, "JSON object"),
        ({"definition": "{}"}, "actions"),
        ({"parameters": '{"name": "x"}'}, "JSON list"),
        ({"rung": "9"}, "between 1"),
    ],
)
def test_a_wrong_version_is_refused_with_what_was_typed(
    client: Client, cast: Cast, changes: dict[str, str], said: str
) -> None:
    version = build.template_version()
    client.force_login(cast.owner)
    answer = client.post(
        f"/templates/{version.template.slug}/versions/new/", version_form(**changes)
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "If one stops, then nobody notices." in text
    assert TemplateVersion.objects.count() == 1


def test_a_member_may_not_publish(client: Client, cast: Cast) -> None:
    version = build.template_version()
    client.force_login(cast.author)
    url = f"/templates/{version.template.slug}/versions/new/"
    assert client.get(url).status_code == 403
    assert client.post(url, version_form()).status_code == 403
    assert (
        "Publish a version"
        not in client.get(f"/templates/{version.template.slug}/").content.decode()
    )
