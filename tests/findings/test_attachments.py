"""Files beside a finding: told by their bytes, kept as they were, taken away with a reason."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from exercises.domain.attachments import MAX_BYTES, MOST, clean_name, media_type_of
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.evidence_pack import verify
from exercises.models import AttachedBytes, Attachment, AuditEntry, Finding
from exercises.services.attachments import attach_file, take_file_away
from exercises.services.evidence_pack import export_pack
from exercises.services.tokens import issue_token
from tests.cast import Cast

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("chart.png", PNG, "image/png"),
        ("chart.txt", PNG, "image/png"),
        ("photo", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("report.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("broker.log", "Übergabe an Zone b\n".encode(), "text/plain"),
        ("rows.CSV", b"a,b\n1,2\n", "text/csv"),
    ],
)
def test_bytes_say_what_a_file_is(name: str, content: bytes, media_type: str) -> None:
    assert media_type_of(name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.png", b"", "empty"),
        ("a.log", b"x" * (MAX_BYTES + 1), "at most 2 MB"),
        ("a.html", b"<script>alert(1)</script>", "PNG, JPEG"),
        ("a.svg", b"<svg onload='x()'/>", "PNG, JPEG"),
        ("a.png", b"<script>alert(1)</script>", "PNG, JPEG"),
        ("a.txt", b"\xff\xfe\x00", "plain text in UTF-8"),
        ("a.exe", b"MZ\x90\x00", "PNG, JPEG"),
    ],
)
def test_any_other_file_is_refused_with_what_would_do(name: str, content: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        media_type_of(name, content)


def test_a_name_is_only_a_name() -> None:
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name('C:\\temp\\a "b"\r\nX: y.png') == "a _b_X_ y.png"
    for name in ("", "...", "/", "x" * 101):
        with pytest.raises(Invalid, match="1 to 100 characters"):
            clean_name(name)


@pytest.mark.django_db
def test_a_file_stays_as_it_was(cast: Cast, drafted: Finding) -> None:
    kept = attach_file(actor=cast.actor("author"), finding=drafted, name="chart.png", content=PNG)
    assert kept.sha256 == hashlib.sha256(PNG).hexdigest()
    for row in (Attachment.objects.filter(pk=kept.pk), AttachedBytes.objects.filter(pk=kept.pk)):
        change = {"sha256": ""} if row.model is Attachment else {"content": b""}
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            row.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.filter(pk=kept.pk).delete()
    with pytest.raises(NotAllowed):
        attach_file(actor=cast.actor("outsider"), finding=drafted, name="a.png", content=PNG)


@pytest.mark.django_db
def test_what_is_taken_away_is_gone_and_its_going_is_told(cast: Cast, drafted: Finding) -> None:
    author = cast.actor("author")
    kept = attach_file(actor=author, finding=drafted, name="chart.png", content=PNG)
    with pytest.raises(Invalid, match="1 to 300"):
        take_file_away(actor=author, attachment=kept, because=" ")
    take_file_away(actor=author, attachment=kept, because="Shows a customer")
    assert not AttachedBytes.objects.exists()
    assert Attachment.objects.get().name == "chart.png"
    assert drafted.notes.last().text == "chart.png was taken away: Shows a customer"  # type: ignore[union-attr]
    assert AuditEntry.objects.filter(action="finding.take_file_away").exists()
    with pytest.raises(Conflict):
        take_file_away(actor=author, attachment=kept, because="Again")


@pytest.mark.django_db
def test_a_finding_keeps_no_more_than_it_says(cast: Cast, drafted: Finding) -> None:
    author = cast.actor("author")
    for number in range(MOST):
        attach_file(actor=author, finding=drafted, name=f"{number}.png", content=PNG)
    with pytest.raises(Invalid, match=f"at most {MOST}"):
        attach_file(actor=author, finding=drafted, name="more.png", content=PNG)


@pytest.mark.django_db
def test_the_page_attaches_shows_and_takes_away(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    page = reverse("finding_detail", args=[drafted.pk])
    wrong = _send(client, drafted, SimpleUploadedFile("a.svg", b"<svg/>"))
    assert wrong.status_code == 422
    assert "PNG, JPEG" in wrong.content.decode()
    large = _send(client, drafted, SimpleUploadedFile("a.log", b"x" * (MAX_BYTES + 9)))
    assert "at most 2 MB" in large.content.decode()
    assert _send(client, drafted, None).status_code == 422
    assert _send(client, drafted, SimpleUploadedFile("<b>.png", PNG)).status_code == 302
    kept = Attachment.objects.get()
    address = reverse("finding_file", args=[drafted.pk, kept.pk])
    assert address in client.get(page).content.decode()
    answer = client.get(address)
    assert answer.content == PNG
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    away = reverse("finding_file_away", args=[drafted.pk, kept.pk])
    assert client.post(away, {"because": ""}).status_code == 422
    assert client.post(away, {"because": "Shows a customer"}).status_code == 302
    assert client.get(address).status_code == 404
    assert "taken away" in client.get(page).content.decode()


def _send(client: Client, finding: Finding, file: Any) -> Any:
    address = reverse("finding_attach", args=[finding.pk])
    return client.post(address, {"file": file} if file else {})


@pytest.mark.django_db
def test_a_program_attaches_reads_and_takes_away(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    secret = issue_token(actor=cast.actor("author"), name="s", scopes=["read", "write"], days=1)[1]
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/findings/{drafted.pk}/attachments/"
    wrong = client.post(address, {"file": SimpleUploadedFile("a.svg", b"<svg/>")}, headers=headers)
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "file"
    made = client.post(address, {"file": SimpleUploadedFile("a.png", PNG)}, headers=headers)
    assert made.status_code == 201, made.content
    (listed,) = client.get(address, headers=headers).json()
    assert listed["sha256"] == hashlib.sha256(PNG).hexdigest()
    one = f"{address}{listed['id']}/"
    assert client.get(one, headers=headers).content == PNG
    away = client.post(
        f"{one}take-away/", {"because": "Old"}, content_type="application/json", headers=headers
    )
    assert away.status_code == 204
    assert client.get(one, headers=headers).status_code == 404
    assert client.get(address, headers=headers).json()[0]["is_held"] is False


@pytest.mark.django_db
def test_the_evidence_pack_holds_what_is_still_here(cast: Cast, drafted: Finding) -> None:
    author = cast.actor("author")
    Finding.objects.filter(pk=drafted.pk).update(state="found")
    kept, gone = (
        attach_file(actor=author, finding=drafted, name=name, content=PNG)
        for name in ("Ünser chart.png", "gone.png")
    )
    take_file_away(actor=author, attachment=gone, because="Old")
    pack = export_pack(actor=cast.actor("lead"), exercise=drafted.exercise)
    assert not verify(pack).problems
    with zipfile.ZipFile(io.BytesIO(pack)) as files:
        held = [name for name in files.namelist() if name.startswith("attachments/")]
        assert held == [f"attachments/{drafted.code}/{kept.pk}-Ünser chart.png"]
        assert files.read(held[0]) == PNG
        assert b"gone.png" in files.read("findings.json")
