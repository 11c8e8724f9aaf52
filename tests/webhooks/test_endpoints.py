"""Who may have what called, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import AuditEntry, WebhookEndpoint
from exercises.services import webhooks
from tests.cast import Cast

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.test/hooks/SECRET"


def _add(cast: Cast, who: str = "owner", **changes: Any) -> WebhookEndpoint:
    wanted: dict[str, Any] = {"url": URL, "events": ["run.ended"], "team": cast.team} | changes
    return webhooks.add_endpoint(actor=cast.actor(who), **wanted)[0]


def test_a_team_s_webhooks_are_its_owners_and_the_organisation_s_the_leads(cast: Cast) -> None:
    assert _add(cast).team == cast.team
    assert _add(cast, "lead", team=None).team is None
    for who, team in (
        ("operator", cast.team), ("author", cast.team), ("owner", cast.other_team),
        ("owner", None), ("safety", None), ("auditor", cast.team),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            _add(cast, who, team=team)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"url": "http://receiver.example.test/"}, "url", "https"),
        ({"url": "https://127.0.0.1/"}, "url", "not on the public internet"),
        ({"url": "https://[fd00:ec2::254]/"}, "url", "not on the public internet"),
        ({"url": "https://receiver.example.test:8443/"}, "url", "port is 443"),
        ({"url": "https://receiver.example.test/" + "a" * 1000}, "url", "1,000"),
        ({"events": []}, "events", "at least one"),
        ({"events": ["run.exploded"]}, "events", "run.exploded"),
        ({"events": ["webhook.test"]}, "events", "webhook.test"),
        ({"description": "a" * 201}, "description", "200"),
    ],
)
def test_bad_input_is_named_by_its_field(
    cast: Cast, changes: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(Invalid) as error:
        _add(cast, **changes)
    [(name, words)] = error.value.problems
    assert (name, says in words) == (field, True)


def test_a_team_has_twenty_at_most(cast: Cast) -> None:
    for _ in range(webhooks.MOST):
        _add(cast)
    with pytest.raises(Invalid, match="20 endpoints at most"):
        _add(cast)
    assert _add(cast, "lead", team=None).pk


def test_neither_the_secret_nor_the_address_is_kept_in_the_clear_elsewhere(cast: Cast) -> None:
    endpoint, secret = webhooks.add_endpoint(
        actor=cast.actor("owner"), url=URL, events=["run.ended"], team=cast.team
    )
    assert secret.startswith("whsec_")
    assert secret not in endpoint.secret
    details = [str(entry.details) for entry in AuditEntry.objects.all()]
    assert details
    assert not [d for d in details if "SECRET" in d or secret in d]


def test_what_is_removed_is_called_no_more_and_keeps_no_secret(cast: Cast) -> None:
    endpoint = _add(cast)
    webhooks.try_endpoint(actor=cast.actor("owner"), endpoint=endpoint)
    webhooks.remove_endpoint(actor=cast.actor("owner"), endpoint=endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.deliveries.count()) == ("", 0)
    assert not WebhookEndpoint.objects.managed_by(cast.actor("owner")).exists()
