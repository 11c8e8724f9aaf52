"""The audit log as a page and a file: who may read it, and that it is narrowed and safe."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client

from exercises.domain.actors import Door
from exercises.services.audit import record
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PAGE = "/audit/"


def read(client: Client, cast: Cast, query: str = "", name: str = "auditor") -> str:
    client.force_login(getattr(cast, name))
    return client.get(PAGE + query).content.decode()


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}export/"])
@pytest.mark.parametrize("name", ["author", "owner", "lead", "safety"])
def test_others_are_told_who_can_read_it(
    client: Client, cast: Cast, name: str, address: str
) -> None:
    client.force_login(getattr(cast, name))
    answer = client.get(address)
    assert answer.status_code == 403
    assert "Only auditors and leadership read the audit log" in answer.content.decode()
    assert 'href="/audit/"' not in client.get("/").content.decode()
    assert client.post(f"{PAGE}check/").status_code == 403


def test_it_is_narrowed_by_who_what_thing_and_time(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    record(cast.actor("lead", Door.API), "run.stop", experiment, reason="Enough.")
    everything = read(client, cast)
    assert "experiment.propose" in everything
    assert "run.stop" in everything
    assert 'href="/audit/"' in everything
    for query in ("?who=programme", "?action=run.", f"?object_id={experiment.pk}&action=run"):
        page = read(client, cast, query)
        assert "Enough." in page
        assert ">experiment.propose</code>" not in page
    assert "No entry matches" in read(client, cast, "?until=2020-01-01T00:00")
    assert "The filter cannot be used" in read(client, cast, "?since=yesterday", "leadership")


def test_the_chain_is_checked_on_demand(client: Client, cast: Cast) -> None:
    build.proposed(cast)
    client.force_login(cast.auditor)
    assert "The chain is whole: " in client.post(f"{PAGE}check/", follow=True).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE exercises_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE exercises_auditentry SET actor_name = 'Nobody' WHERE seq = 1")
        cursor.execute("ALTER TABLE exercises_auditentry ENABLE TRIGGER USER")
    answer = client.post(f"{PAGE}check/", follow=True).content.decode()
    assert "The chain is broken at entry 1" in answer


def test_the_file_has_every_column_and_no_formula(client: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    cast.owner.name = "=HYPERLINK(1)"
    cast.owner.save(update_fields=["name"])
    record(cast.actor("owner"), "experiment.look", experiment)
    client.force_login(cast.auditor)
    answer = client.get(f"{PAGE}export/?action=experiment.look")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    header, line = csv.reader(io.StringIO(text))
    found = dict(zip(header, line, strict=True))
    assert found["actor_name"] == "'=HYPERLINK(1)"
    assert len(found["hash"]) == 64
