"""The engine of a template: chosen, shown, filtered by, and never guessed wrong."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from exercises.domain.engine_documents import KINDS, LAMBDA_CONFIG, engine_of
from exercises.domain.errors import Invalid
from exercises.domain.lambda_documents import written
from exercises.domain.parameters import fill
from exercises.engines.registry import ENGINES
from exercises.queries.catalogue import cards
from exercises.services.catalogue import VersionText, add_template_with_version
from exercises.services.template_imports import Beginning, begin_from_text
from exercises.web.forms.template_starters import STARTERS
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ALARM = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:x"


def test_every_engine_that_can_be_chosen_can_carry_a_document_out() -> None:
    assert KINDS.keys() == ENGINES.keys() == STARTERS.keys()


@pytest.mark.parametrize("engine", KINDS)
def test_the_example_of_each_engine_can_be_published_and_is_found_by_it(
    cast: Cast, engine: str
) -> None:
    definition, parameters = STARTERS[engine]
    version = add_template_with_version(
        actor=cast.actor("lead"),
        slug=f"of-{engine.replace('_', '-')}",
        name="An example",
        summary="",
        failure_family="example",
        engine=engine,
        version=VersionText(json.dumps(definition), json.dumps(parameters), 1),
    )

    assert engine_of(definition) == engine
    assert version.template in [c.template for c in cards(cast.actor("lead"), engines=[engine])]
    assert all(c.template.engine == engine for c in cards(cast.actor("lead"), engines=[engine]))


def test_an_unknown_engine_is_refused_by_name_and_nothing_is_published(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        add_template_with_version(
            actor=cast.actor("lead"),
            slug="of-nobody",
            name="An example",
            summary="",
            failure_family="example",
            engine="gremlin",
            version=VersionText("{}", "[]", 1),
        )

    assert ("engine", f"unknown, must be one of {', '.join(KINDS)}") in error.value.problems
    assert not [c for c in cards(cast.actor("lead")) if c.template.slug == "of-nobody"]


@pytest.mark.parametrize("engine", KINDS)
def test_the_form_starts_with_the_example_of_the_engine(
    client: Client, cast: Cast, engine: str
) -> None:
    client.force_login(cast.lead)

    page = client.get("/templates/new/", {"engine": engine})

    assert f'<option value="{engine}" selected>' in page.content.decode()
    assert KINDS[engine].document in page.context["kind"].document


def test_what_a_parameter_holds_in_one_account_begins_a_template_for_every_account(
    cast: Cast,
) -> None:
    held = {"latency": {"enabled": True, "percentage": 20, "min_latency": 1, "max_latency": 9}}
    begun = begin_from_text(actor=cast.actor("lead"), text=json.dumps(held), file_name="held.json")
    assert isinstance(begun, Beginning)

    version = add_template_with_version(
        actor=cast.actor("lead"),
        slug="held",
        name="Held",
        summary="",
        failure_family="example",
        engine=begun.engine,
        version=VersionText(begun.definition_text, begun.parameters_text, 1),
    )

    assert version.template.engine == LAMBDA_CONFIG
    filled = fill(version.definition, {"parameter": "/a", "minutes": 5, "alarm_arn": ALARM})
    [written_value] = written(filled)
    assert json.loads(written_value.value) == held


def test_a_file_that_injects_nothing_begins_nothing(cast: Cast) -> None:
    with pytest.raises(Invalid, match="switched off"):
        begin_from_text(actor=cast.actor("lead"), text='{"is_enabled": false}')
