"""What a parameter will hold is shown letter for letter, where it is chosen and agreed to."""

from __future__ import annotations

import html
import json

import pytest
from django.test import Client

from exercises.domain.engine_documents import LAMBDA_CONFIG
from exercises.services.catalogue import VersionText, add_template_with_version
from exercises.web.forms.template_starters import STARTERS
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_value_is_shown_on_the_template_and_on_the_proposed_experiment(
    client: Client, cast: Cast
) -> None:
    definition, parameters = STARTERS[LAMBDA_CONFIG]
    version = add_template_with_version(
        actor=cast.actor("lead"),
        slug="late",
        name="Late answers",
        summary="",
        failure_family="instance-loss",
        engine=LAMBDA_CONFIG,
        version=VersionText(json.dumps(definition), json.dumps(parameters), 1),
    )
    client.force_login(cast.author)

    page = html.unescape(client.get("/templates/late/").content.decode())
    assert '"latency":{"enabled":true,"percentage":50,"min_latency":400,"max_latency":400}' in page
    assert "up to 60 s late" in page
    assert "ssm:PutParameter" in page
    assert "fis:StartExperiment" not in page

    experiment = build.proposed(
        cast,
        template_version=version,
        parameters={"format": "chaos_lambda", "delay_ms": 250, "percent": 10, "minutes": 5},
    )
    page = html.unescape(client.get(f"/experiments/EXP-{experiment.pk}/").content.decode())
    assert '{"fault_type":"latency","is_enabled":true,"delay":250,"rate":0.1}' in page
