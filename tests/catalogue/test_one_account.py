"""No document chooses further accounts by itself: refused at every way in."""

from __future__ import annotations

import copy

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import Invalid
from exercises.models import AccountRegion, Template, TemplateVersion
from exercises.services.catalogue import publish_version
from exercises.services.propose import propose, start_draft
from exercises.services.template_imports import begin_from_template
from tests import build
from tests.cast import Cast
from tests.fis_definitions import waiting

pytestmark = pytest.mark.django_db
SEVERAL = {"accountTargeting": "multi-account", "emptyTargetResolutionMode": "fail"}
SAID = "single-account: further accounts are chosen when an experiment is proposed"


def test_a_template_of_several_accounts_is_not_published_from_the_account_that_has_it(
    place: AccountRegion, cast: Cast
) -> None:
    fis = client(place.access, "fis", Purpose.START)
    made = fis.create_experiment_template(**waiting(experimentOptions=SEVERAL))
    ref = made["experimentTemplate"]["id"]
    begun = begin_from_template(actor=cast.actor("owner"), place=place, ref=ref)
    template = Template.objects.create(slug="several", name="Several", failure_family="az-loss")

    with pytest.raises(Invalid, match=SAID) as caught:
        publish_version(
            actor=cast.actor("owner"),
            template=template,
            definition_text=begun.definition_text,
            parameters_text=begun.parameters_text,
            rung=1,
        )
    fields = [field for field, _ in caught.value.problems]
    assert fields == ["definition.experimentOptions.accountTargeting"]


def test_an_experiment_that_a_parameter_turns_on_several_accounts_is_not_proposed(
    cast: Cast,
) -> None:
    """Whatever way its version came in: what is looked at is the document as it would run."""
    definition = copy.deepcopy(build.DEFINITION)
    definition["experimentOptions"] = SEVERAL | {"accountTargeting": "{{targeting}}"}
    parameter = {"name": "targeting", "label": "Accounts", "kind": "text", "required": True}
    version = TemplateVersion.objects.create(
        template=build.template_version().template,
        number=7,
        definition=definition,
        parameters=[*build.PARAMETERS, parameter],
        rung=1,
    )
    values = {"minutes": 5, "targeting": "multi-account"}
    draft = build.draft(cast, template_version=version, parameters=values)
    author = cast.actor("author")
    experiment = start_draft(actor=author, draft=draft, exercise=build.exercise(cast))

    with pytest.raises(Invalid, match=SAID) as caught:
        propose(actor=author, experiment=experiment)
    fields = [field for field, _ in caught.value.problems]
    assert "experimentOptions.accountTargeting" in fields
