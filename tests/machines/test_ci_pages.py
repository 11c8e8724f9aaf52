"""Sign in from CI, on the page and through the API: rules in order, tried without being kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from exercises.domain.errors import NotAllowed
from exercises.models import AuditEntry, KeptAnswer, OidcIssuer, OidcRule
from exercises.services.ci_issuers import MOST, add_issuer, change_issuer, try_token
from exercises.services.tokens import issue_token
from tests.cast import Cast
from tests.machines.conftest import AUDIENCE, RULES, URL, Ci, rules

pytestmark = pytest.mark.django_db

PAGE = "/settings/ci/"
RULE = {
    "team": "vehicle-telemetry",
    "scopes": ["read"],
    "conditions": [{"claim": "repository", "pattern": "org/app"}],
}


@pytest.fixture
def lead(client: Client, cast: Cast) -> Client:
    client.force_login(cast.lead)
    return client


def _api(cast: Cast) -> APIClient:
    _, secret = issue_token(actor=cast.actor("lead"), name="lead", scopes=["read", "write"], days=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_an_example_begins_the_form(lead: Client) -> None:
    assert "No issuers yet" in lead.get(PAGE).content.decode()
    page = lead.get(f"{PAGE}?example=github").content.decode()
    assert "https://token.actions.githubusercontent.com" in page
    assert "refs/heads/main" in page


def test_the_rules_are_shown_in_their_order_and_changed_as_text(
    lead: Client, issuer: OidcIssuer
) -> None:
    address = f"{PAGE}{issuer.pk}/"
    shown = lead.get(address).content.decode()
    assert "repository = org/app" in shown
    assert "ref = refs/heads/*" in shown
    text = f"charging: read if sub = repo:org/charging:*\n{RULES}"
    lead.post(address, {"audience": AUDIENCE, "rules": text, "is_active": "on"})
    assert list(OidcRule.objects.values_list("team__slug", flat=True)) == [
        "charging",
        "vehicle-telemetry",
    ]
    entry = AuditEntry.objects.get(action="ci_issuer.change")
    assert entry.details["rules"][0] == "charging: read if sub = repo:org/charging:*"


def test_a_line_that_is_wrong_is_named_and_what_was_typed_stays(
    lead: Client, issuer: OidcIssuer
) -> None:
    text = "telemetry if"
    answer = lead.post(f"{PAGE}{issuer.pk}/", {"audience": AUDIENCE, "rules": text})
    assert answer.status_code == 422
    assert "line 1" in answer.content.decode()
    assert text in answer.content.decode()
    assert OidcRule.objects.get().rule == rules()[0]


def test_a_rule_that_stays_keeps_when_it_was_last_used(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    try_token(actor=cast.actor("lead"), token=ci.token())
    assert OidcRule.objects.get().last_used_at is None
    used = AuditEntry.objects.get().at
    OidcRule.objects.update(last_used_at=used)
    more = [*rules("charging: read if repository = org/charging"), *rules()]
    change_issuer(actor=cast.actor("lead"), issuer=issuer, audience=AUDIENCE, rules=more)
    assert list(OidcRule.objects.values_list("last_used_at", flat=True)) == [None, used]


def test_a_token_is_tried_and_is_in_no_answer(lead: Client, ci: Ci, issuer: OidcIssuer) -> None:
    good = ci.token()
    page = lead.post(f"{PAGE}try/", {"token": good}).content.decode()
    assert "It lets the job in" in page
    assert "Fits first" in page
    bad = ci.token(ref="refs/tags/v1", exp=1)
    refused = lead.post(f"{PAGE}try/", {"token": bad}).content.decode()
    assert "ref is “refs/tags/v1”, not “refs/heads/*”" in refused
    assert "has passed" in refused
    for token, answer in ((good, page), (bad, refused)):
        assert not any(part in answer for part in token.split("."))
    assert lead.get(f"{PAGE}try/").status_code == 405


def test_what_cannot_be_told_for_want_of_keys_is_said(
    lead: Client, ci: Ci, issuer: OidcIssuer
) -> None:
    OidcIssuer.objects.update(keys=[], keys_read_at=None)
    answer = lead.post(f"{PAGE}try/", {"token": ci.token()})
    assert answer.status_code == 422
    assert "cannot be read" in answer.content.decode()


def test_an_issuer_is_removed(lead: Client, issuer: OidcIssuer) -> None:
    lead.post(f"{PAGE}{issuer.pk}/remove/")
    assert not OidcIssuer.objects.exists()
    assert AuditEntry.objects.filter(action="ci_issuer.remove").exists()


def test_only_a_programme_lead_sees_and_says_it(
    client: Client, cast: Cast, issuer: OidcIssuer
) -> None:
    for name in ("owner", "safety", "auditor", "leadership"):
        client.force_login(getattr(cast, name))
        assert client.get(PAGE).status_code == 403
        with pytest.raises(NotAllowed):
            try_token(actor=cast.actor(name), token="a.b.c")


def test_through_the_api_it_is_written_whole_and_only_as_it_was_read(
    cast: Cast, issuer: OidcIssuer
) -> None:
    client = _api(cast)
    address = f"/api/v1/ci-issuers/{issuer.pk}/"
    read = client.get(address)
    assert read.json()["key_ids"] == ["rsa", "ec"]
    assert read.json()["rules"][0]["conditions"][1] == {
        "claim": "ref",
        "pattern": "refs/heads/*",
    }
    body = {"audience": AUDIENCE, "rules": [RULE], "is_active": False}
    written = client.put(address, body, headers={"If-Match": read["ETag"]})
    assert (written.status_code, written.json()["rules"]) == (200, [RULE])
    assert client.put(address, body, headers={"If-Match": read["ETag"]}).status_code == 412
    assert client.delete(address).status_code == 204


def test_through_the_api_a_token_is_tried_and_not_kept(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    token = ci.token(repository="org/other")
    answer = _api(cast).post(
        "/api/v1/ci-issuers/try/", {"token": token}, headers={"Idempotency-Key": "k"}
    )
    said = answer.json()
    assert said["lets_in"] is False
    assert [row["field"] for row in said["problems"]] == ["rules"]
    assert said["rules"][0]["why_not"] == "repository is “org/other”, not “org/app”"
    assert not any(part in str(KeptAnswer.objects.get().body) for part in token.split("."))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://ci.example.test"}, "url"),
        ({"url": "https://ci.example.test/?a=b"}, "url"),
        ({"url": "https://" + "a" * 300}, "url"),
        ({"url": URL}, "url"),
        ({"audience": ""}, "audience"),
        ({"audience": "x" * 301}, "audience"),
        ({"rules": [RULE | {"team": "nobody"}]}, "rules"),
        ({"rules": [RULE | {"conditions": [{"claim": "ref", "pattern": "*"}]}]}, "rules"),
        ({"rules": [RULE] * 51}, "rules"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_bad_input_names_the_field(
    cast: Cast, issuer: OidcIssuer, change: dict[str, Any], field: str
) -> None:
    body = {"url": "https://other.example.test", "audience": AUDIENCE, "rules": [RULE]}
    answer = _api(cast).post("/api/v1/ci-issuers/", body | change)
    assert answer.status_code == 422
    assert {row["field"] for row in answer.json()["errors"]} == {field}
    assert OidcIssuer.objects.count() == 1


def test_there_is_a_limit_to_how_many_issuers(cast: Cast, ci: Ci, issuer: OidcIssuer) -> None:
    OidcIssuer.objects.bulk_create(
        OidcIssuer(url=f"{URL}/{number}", audience=AUDIENCE, created_by=cast.lead)
        for number in range(MOST - 1)
    )
    answer = _api(cast).post(
        "/api/v1/ci-issuers/", {"url": f"{URL}/x", "audience": AUDIENCE, "rules": []}
    )
    assert "20 issuers at most" in answer.json()["errors"][0]["problem"]


def test_an_issuer_whose_keys_cannot_be_read_is_kept_and_says_so(cast: Cast, ci: Ci) -> None:
    ci.server.status = 404
    issuer = add_issuer(
        actor=cast.actor("lead"), url=URL, audience=AUDIENCE, rules=[], reach=ci.server.reach
    )
    assert "404" in issuer.keys_problem
    assert issuer.keys_read_at is None
