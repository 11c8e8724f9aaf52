"""The report as PDF: what the page says, the same bytes, nothing fetched, fonts in it."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from exercises.domain.report_numbers import (
    ApplicationFact,
    Facts,
    FindingFact,
    RunFact,
    report,
)
from exercises.domain.report_periods import period_from
from exercises.models import Run
from exercises.paper import pdf
from exercises.paper.pdf import pdf_of
from exercises.queries.report import ReportPage
from exercises.services.report_pdf import programme_pdf
from tests.cast import Cast
from tests.findings.conftest import fallen
from tests.reports.test_pages import key

__all__ = ["fallen"]


def has_pango() -> bool:
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


needs_pango = pytest.mark.skipif(not has_pango(), reason="the Pango library is not installed")


def read(data: bytes) -> Any:
    return PdfReader(io.BytesIO(data))


@needs_pango
@pytest.mark.django_db
def test_one_page_says_what_the_report_says_and_leads_to_its_rows(
    client: Client, cast: Cast, fallen: Run
) -> None:
    client.force_login(cast.leadership)
    answers = [client.get(reverse("report_pdf", args=[key()])) for _ in range(2)]
    assert answers[0]["Content-Type"] == "application/pdf"
    assert answers[0].content == answers[1].content
    paper = read(answers[0].content)
    assert len(paper.pages) == 1
    text = " ".join(paper.pages[0].extract_text().split())
    for words in ("Hypotheses held", "0 of 1 runs", "Vehicle Telemetry", "Page 1 of 1"):
        assert words in text
    links = [a.get_object()["/A"]["/URI"] for a in paper.pages[0]["/Annots"]]
    assert any(link.endswith(f"{reverse('report_runs', args=[key()])}?tier=1") for link in links)


def of_teams(count: int) -> ReportPage:
    """Three months of so many teams with an application each, which ran every month."""
    period = period_from("2026-10")
    teams = range(1, count + 1)
    numbers = report(
        period,
        Facts(
            as_of=date(2026, 10, 31),
            runs=[
                RunFact(month, team, True, "held", 240.0, 30.0)
                for team in teams
                for month in period.year
            ],
            applications=[
                ApplicationFact(team, f"Application {team}", team, f"Charging Operations {team}", 1)
                for team in teams
            ],
            findings=[FindingFact(7, 3, date(2026, 8, 1), date(2026, 9, 1), None)],
        ),
    )
    return ReportPage(numbers, "All programmes", "We test more", False, None, (), "UTC")


@needs_pango
@pytest.mark.parametrize(("teams", "pages"), [(14, 1), (60, 2)])
def test_what_leadership_reads_is_one_page_with_any_number_of_teams(teams: int, pages: int) -> None:
    paper = read(programme_pdf(of_teams(teams)))
    assert len(paper.pages) == pages
    first, last = (" ".join(paper.pages[at].extract_text().split()) for at in (0, -1))
    for words in (
        "Outcome in production",
        "Open findings by age",
        "High 0 0 1 1",
        "Time to detect and to recover",
        "To recover 4 m 4 m 4 m",
        "What leadership should know",
        "Decisions we ask for",
    ):
        assert words in first
    assert all(f"Charging Operations {team} " in last for team in range(1, teams + 1))


@needs_pango
def test_a_pdf_is_tagged_and_has_all_of_its_fonts() -> None:
    paper = read(pdf_of("<html lang=en><title>T</title><h1>H\N{MINUS SIGN}1</h1><p><b>x</b>"))
    root = paper.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    fonts = paper.pages[0]["/Resources"]["/Font"].values()
    names = [font.get_object()["/BaseFont"] for font in fonts]
    assert names
    assert all("+Report" in name for name in names)


@needs_pango
def test_a_pdf_fetches_nothing() -> None:
    html = '<img src="file:///etc/hostname" alt=""><img src="http://127.0.0.1:9/x" alt="">text'
    assert "text" in read(pdf_of(f"<html lang=en><title>T</title>{html}")).pages[0].extract_text()


@pytest.mark.django_db
def test_without_pango_the_page_says_what_to_install(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(pdf, "_library", missing)
    client.force_login(cast.leadership)
    answer = client.get(reverse("report_pdf", args=[key()]))
    assert answer.status_code == 503
    assert "apt-get install libpango-1.0-0" in answer.content.decode()
