"""Knowledge: what a failure family teaches, on pages that keep every version of themselves."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.findings import LANGUAGE, Finding
from exercises.models.people import User


class KnowledgePage(Record):
    """A page. What it says is its newest version; `finding` is what it was written from."""

    slug = models.SlugField(max_length=60, unique=True)
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="knowledge"
    )
    current = models.OneToOneField(
        "KnowledgeVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug


class KnowledgeVersion(AppendOnly):
    """What a page said from one moment on. `body` is Markdown; families and templates by slug."""

    page = models.ForeignKey(KnowledgePage, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    body = models.TextField()
    families = models.JSONField(default=list)
    templates = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    words = models.GeneratedField(
        expression=SearchVector("title", weight="A", config=LANGUAGE)
        + SearchVector("body", weight="B", config=LANGUAGE),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ("page", "-number")
        constraints = (
            models.UniqueConstraint(fields=("page", "number"), name="one_row_a_knowledge_version"),
        )
        indexes = (GinIndex(fields=("words",), name="knowledge_words"),)

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"
