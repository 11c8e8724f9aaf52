"""What may not be published is refused by the API with the exact place of each mistake."""

from __future__ import annotations

import pytest

from exercises.models import AuditEntry, TemplateVersion
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast
from tests.publish_mistakes import MISTAKES, SOUND, Mistake

pytestmark = pytest.mark.django_db

PATH = "/api/v1/templates/stop-one-instance/versions/"


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_by_its_place_and_nothing_is_published(
    cast: Cast, caller: Caller, mistake: Mistake
) -> None:
    build.template_version()
    body = {"definition": mistake.definition, "parameters": mistake.parameters, "rung": 1}
    answer = caller("owner").post(PATH, body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    named = [
        row["problem"] for row in answer.json()["errors"] if row["field"].startswith(mistake.field)
    ]
    assert any(mistake.said in text for text in named), answer.json()
    assert TemplateVersion.objects.count() == 1
    assert not AuditEntry.objects.filter(action="template.publish").exists()


def test_all_mistakes_of_both_documents_are_named_at_once(cast: Cast, caller: Caller) -> None:
    build.template_version()
    answer = caller("owner").post(PATH, {"definition": "{}", "parameters": "{", "rung": 1})
    fields = {row["field"] for row in answer.json()["errors"]}
    assert "parameters" in fields
    wrong = caller("owner").post(PATH, {"definition": "{}", "parameters": "[]", "rung": 1})
    fields = {row["field"] for row in wrong.json()["errors"]}
    assert {"definition.actions", "definition.stopConditions", "definition.roleArn"} <= fields


def test_what_is_sound_is_published_as_the_next_version(cast: Cast, caller: Caller) -> None:
    build.template_version()
    body = {
        "definition": SOUND,
        "parameters": MISTAKES["an unknown action"].parameters,
        "rung": 1,
    }
    answer = caller("owner").post(PATH, body)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["number"] == 2
