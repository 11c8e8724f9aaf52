"""Knowledge pages: the list, the search over pages and findings, and what belongs to a thing.

Search is PostgreSQL's full text, with its words for people: "quorum or zone", -lambda, "two words".
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import Cast

from exercises.domain.actors import Actor
from exercises.models import Finding, KnowledgePage, Template
from exercises.models.findings import LANGUAGE, FindingQuerySet
from exercises.queries.findings import findings_of

LONGEST_SEARCH = 100


def query_of(text: str) -> SearchQuery:
    """What was typed, as PostgreSQL asks for it; any text is a query."""
    typed = text.replace("\x00", "")[:LONGEST_SEARCH]
    return SearchQuery(typed, config=LANGUAGE, search_type="websearch")


def pages(*, text: str = "", family: str = "", template: str = "") -> QuerySet[KnowledgePage]:
    """Every page with its newest version: the best match first, else the newest."""
    found = KnowledgePage.objects.filter(current__isnull=False).select_related("current__author")
    if family:
        found = found.filter(current__families__contains=[family])
    if template:
        found = found.filter(current__templates__contains=[template])
    if text.strip():
        query = query_of(text)
        return (
            found.filter(current__words=query)
            # As a double, so that a place in this order says in text exactly what it is.
            .annotate(rank=Cast(SearchRank(F("current__words"), query), FloatField()))
            .order_by("-rank", "-current__written_at")
        )
    return found.order_by("-current__written_at", "pk")


def findings_about(actor: Actor, text: str) -> FindingQuerySet:
    """The findings that speak of it and that this actor may see, the best match first."""
    query = query_of(text)
    found = findings_of(actor).exclude(state="dismissed").filter(words=query)
    return found.annotate(rank=SearchRank(F("words"), query)).order_by("-rank", "-pk")


def known_about(*, families: Collection[str], template: str = "") -> QuerySet[KnowledgePage]:
    """What is known of any of these families or of the template."""
    about = Q()
    for family in families:
        about |= Q(current__families__contains=[family])
    if template:
        about |= Q(current__templates__contains=[template])
    return pages().filter(about) if about else KnowledgePage.objects.none()


def known_of_finding(finding: Finding) -> QuerySet[KnowledgePage]:
    """What was written from it, and what is known of its failure family."""
    about = Q(finding=finding) | Q(current__families__contains=[finding.failure_family])
    return pages().filter(about)


def families_known() -> list[str]:
    """Every failure family that the catalogue has."""
    rows = Template.objects.order_by("failure_family").values_list("failure_family", flat=True)
    return list(rows.distinct())
