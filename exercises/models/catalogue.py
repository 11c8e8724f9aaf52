"""The catalogue: templates, their immutable versions, and what accounts offer to make more."""

from __future__ import annotations

from typing import Final

from django.db import models

from exercises.models.accounts import AccountRegion
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


ORIGINS: Final = (
    ("authored", "Written here"),
    ("account", "From an AWS account"),
    ("action", "From an action that an account offers"),
    ("file", "From a file"),
    ("git", "From a Git repository"),
)


class TemplateVersion(AppendOnly):
    """What a template does, fixed for ever once published.

    `generator` names a rule of domain.generators; empty means that `definition` is the
    engine's document with placeholders. `parameters` is the schema of the form. `origin` says
    where it was begun, `origin_detail` what it was there.
    """

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    generator = models.CharField(max_length=40, blank=True)
    definition = models.JSONField(default=dict)
    parameters = models.JSONField(default=list)
    rung = models.PositiveSmallIntegerField()
    hypothesis = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    origin = models.CharField(
        max_length=10, choices=ORIGINS, default="authored", db_default="authored"
    )
    origin_detail = models.CharField(max_length=400, blank=True, default="", db_default="")
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("template", "-number")
        constraints = (
            models.UniqueConstraint(fields=("template", "number"), name="one_row_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class OfferedAction(Record):
    """An action that FIS offers in one account and Region, as it said when it was asked.

    `parameters` maps each name to its description and whether it is required, `targets` each
    name to a type of resource (AWS FIS API Reference, Action). Actions that the product's own
    table knows are kept too: what the account says counts.
    """

    place = models.ForeignKey(
        AccountRegion, on_delete=models.CASCADE, related_name="offered_actions"
    )
    action_id = models.CharField(max_length=128)
    description = models.CharField(max_length=512, blank=True)
    parameters = models.JSONField(default=dict)
    targets = models.JSONField(default=dict)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("place", "action_id")
        constraints = (
            models.UniqueConstraint(fields=("place", "action_id"), name="one_row_per_offer"),
        )

    def __str__(self) -> str:
        return self.action_id
