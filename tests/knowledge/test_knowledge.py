"""Knowledge pages: written, kept in versions, found by their words, shown where they belong."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.models import AuditEntry, Finding, KnowledgePage, KnowledgeVersion
from exercises.services.knowledge import MAX_BODY, Writing, write_anew, write_page
from exercises.services.tokens import issue_token
from tests import build, past
from tests.cast import Cast

pytestmark = pytest.mark.django_db
QUORUM = Writing(
    "Ask for a quorum before clients connect",
    "Two halves of a cluster took clients. **Fencing** keeps the smaller half out.",
    families=["instance-loss"],
)


@pytest.fixture
def page(cast: Cast) -> KnowledgePage:
    build.template_version()
    return write_page(actor=cast.actor("author"), writing=QUORUM)


def listed(client: Client, query: str) -> str:
    return client.get(reverse("knowledge_list") + query).content.decode()


def test_every_version_stays_and_postgresql_keeps_it(
    client: Client, cast: Cast, page: KnowledgePage
) -> None:
    later = Writing("A quorum first", "Fence *before* anything else.", note="Shorter")
    write_anew(actor=cast.actor("outsider"), page=page, writing=later, seen=1)
    client.force_login(cast.leadership)
    address = reverse("knowledge_detail", args=[page.slug])
    now, before = client.get(address), client.get(address + "?v=1")
    assert "<em>before</em>" in now.content.decode()
    assert "This is how the page was" in before.content.decode()
    assert "<strong>Fencing</strong>" in before.content.decode()
    assert client.get(address + "?v=9").status_code == 404
    first = KnowledgeVersion.objects.get(number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        KnowledgeVersion.objects.filter(pk=first.pk).update(body="Nothing happened.")
    assert AuditEntry.objects.filter(action="knowledge.write").count() == 2


def test_who_edits_an_old_version_is_told_and_keeps_what_was_typed(
    client: Client, cast: Cast, page: KnowledgePage
) -> None:
    write_anew(actor=cast.actor("author"), page=page, writing=QUORUM, seen=1)
    with pytest.raises(Conflict):
        write_anew(actor=cast.actor("author"), page=page, writing=QUORUM, seen=1)
    client.force_login(cast.author)
    answer = client.post(
        reverse("knowledge_edit", args=[page.slug]),
        {"title": QUORUM.title, "body": "My own words", "seen": "1"},
    )
    assert answer.status_code == 409
    assert "version 2 was saved meanwhile" in answer.content.decode()
    assert "My own words" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "writing", "said"),
    [
        ("title", Writing("Hm", "x"), "5 to 160"),
        ("body", Writing("A title", " "), "1 to 20,000"),
        ("body", Writing("A title", "x" * (MAX_BODY + 1)), "1 to 20,000"),
        ("note", Writing("A title", "x", note="x" * 301), "at most 300"),
        ("families", Writing("A title", "x", families=["weather"]), "there is no “weather”"),
        ("templates", Writing("A title", "x", templates=["none"]), "there is no “none”"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field_and_limit(
    cast: Cast, field: str, writing: Writing, said: str
) -> None:
    with pytest.raises(Invalid) as caught:
        write_page(actor=cast.actor("author"), writing=writing)
    assert [(name, said in text) for name, text in caught.value.problems] == [(field, True)]


def test_who_does_no_work_reads_and_does_not_write(
    client: Client, cast: Cast, page: KnowledgePage
) -> None:
    for name in ("leadership", "auditor"):
        with pytest.raises(NotAllowed):
            write_page(actor=cast.actor(name), writing=QUORUM)
    client.force_login(cast.auditor)
    assert "Write a page" not in listed(client, "")


def test_pages_and_findings_are_found_by_their_words(
    client: Client, cast: Cast, page: KnowledgePage, drafted: Finding
) -> None:
    Finding.objects.filter(pk=drafted.pk).update(title="Clients were fenced too late")
    client.force_login(cast.author)
    for query in (
        "?q=fence",
        "?q=fencing+cluster",
        "?q=quorum+or+weather",
        "?family=instance-loss",
    ):
        assert QUORUM.title in listed(client, query), query
    for query in ("?q=weather", "?q=quorum+-cluster", "?q=')%3B+drop", "?family=az-power"):
        assert QUORUM.title not in listed(client, query), query
    assert drafted.code in listed(client, "?q=fence")
    found = client.get(reverse("finding_list") + "?q=fencing").content.decode()
    assert drafted.code in found  # its words are "fenced": full text, not letters
    client.force_login(cast.outsider)
    assert drafted.code not in listed(client, "?q=fence")  # a draft of another team


def test_a_page_from_a_finding_begins_with_its_words(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    with pytest.raises(Refused, match="not accepted"):
        write_page(actor=cast.actor("author"), writing=QUORUM, finding=drafted)
    Finding.objects.filter(pk=drafted.pk).update(state="accepted", owner=cast.owner)
    client.force_login(cast.author)
    detail = reverse("finding_detail", args=[drafted.pk])
    write = f"{reverse('knowledge_new')}?finding={drafted.code}"
    assert write in client.get(detail).content.decode()
    form = client.get(write).content.decode()
    assert "## What happened" in form
    assert drafted.title in form
    client.post(
        reverse("knowledge_new"),
        {"finding": drafted.code, "title": QUORUM.title, "body": QUORUM.body},
    )
    shown = client.get(detail).content.decode()
    assert QUORUM.title in shown


def test_it_is_shown_at_its_template_and_at_findings_of_its_failure(
    client: Client, cast: Cast, page: KnowledgePage, drafted: Finding
) -> None:
    client.force_login(cast.author)
    for address in (
        reverse("template_detail", args=["stop-one-instance"]),
        reverse("finding_detail", args=[drafted.pk]),
    ):
        assert reverse("knowledge_detail", args=[page.slug]) in client.get(address).content.decode()


def test_a_longer_list_costs_no_more_queries(client: Client, cast: Cast) -> None:
    past.version("az-power")
    client.force_login(cast.author)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            listed(client, "?q=quorum")
        return len(asked)

    build.template_version()
    write_page(actor=cast.actor("author"), writing=QUORUM)
    before = cost()
    for _ in range(3):
        write_page(actor=cast.actor("author"), writing=QUORUM)
    assert cost() == before


def test_the_api_searches_writes_and_keeps_versions(client: Client, cast: Cast) -> None:
    build.template_version()
    _, token = issue_token(actor=cast.actor("author"), name="t", scopes=["read", "write"], days=1)
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"title": QUORUM.title, "body": QUORUM.body, "families": ["instance-loss"]}
    asked: dict[str, Any] = {"content_type": "application/json", "headers": headers}
    written = client.post(reverse("api-knowledge-list"), sent, **asked)
    assert written.status_code == 201
    address = reverse("api-knowledge-detail", args=[written.json()["slug"]])
    assert client.put(address, {**sent, "seen": 1}, **asked).json()["current"]["number"] == 2
    assert client.put(address, {**sent, "seen": 1}, **asked).status_code == 409
    found = client.get(reverse("api-knowledge-list") + "?search=fence", headers=headers).json()
    assert [row["current"]["title"] for row in found["results"]] == [QUORUM.title]
    refused = client.post(
        reverse("api-knowledge-list"), {**sent, "body": "x" * (MAX_BODY + 1)}, **asked
    )
    assert refused.status_code == 422
    assert "body" in str(refused.json()["errors"])
