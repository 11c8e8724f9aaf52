"""The template of docs/api/eventbridge.md: what EventBridge would send opens and resolves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exercises.models import Incident
from tests import build
from tests.api.conftest import caller
from tests.cast import Cast

__all__ = ["caller"]
pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api" / "eventbridge.md"


class WithTags(yaml.SafeLoader):
    """CloudFormation's short forms (!Sub, !GetAtt) are tags of their own."""


WithTags.add_multi_constructor("!", lambda loader, suffix, node: loader.construct_scalar(node))


def sent(rule: str, values: dict[str, str]) -> dict[str, Any]:
    """The body that the rule's transformer makes of an event."""
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    template = yaml.load(found[1], WithTags)
    [target] = template["Resources"][rule]["Properties"]["Targets"]
    transformer = target["InputTransformer"]
    assert set(transformer["InputPathsMap"]) == set(values)
    text = transformer["InputTemplate"]
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    body: dict[str, Any] = json.loads(text)
    return body


def test_an_alarm_opens_an_incident_and_its_end_resolves_the_same(cast: Cast, caller: Any) -> None:
    place = build.account()
    values = {
        "alarm": "page-undelivered",
        "account": place.account.account_id,
        "region": place.region,
    }
    lead = caller("lead")
    opened = lead.post("/api/v1/incidents/", sent("Opened", values))
    assert opened.status_code in {200, 201}, opened.json()
    resolved = lead.post("/api/v1/incidents/", sent("Resolved", values))
    assert resolved.status_code in {200, 201}, resolved.json()
    incident = Incident.objects.get()
    assert (incident.title, incident.resolved_at is None) == (
        "page-undelivered is in alarm", False,
    )  # fmt: skip
