"""The catalogue: templates and their immutable versions."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.people import User


class Template(Record):
    """A catalogue entry. What it does lives in its versions."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    summary = models.TextField(blank=True)
    failure_family = models.SlugField(max_length=60)
    engine = models.CharField(max_length=20, default="fis")
    icon = models.CharField(max_length=30, default="flask")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class TemplateVersion(AppendOnly):
    """What a template does, fixed for ever once published.

    `generator` names a rule of domain.generators; empty means that `definition` is the
    engine's document with placeholders. `parameters` is the schema of the form.
    """

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    generator = models.CharField(max_length=40, blank=True)
    definition = models.JSONField(default=dict)
    parameters = models.JSONField(default=list)
    rung = models.PositiveSmallIntegerField()
    hypothesis = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("template", "-number")
        constraints = (
            models.UniqueConstraint(fields=("template", "number"), name="one_row_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
