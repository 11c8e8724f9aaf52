"""Who uses chaosplane: people, teams, memberships, roles of the organisation."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models.base import Record


class Division(Record):
    """A market or legal entity: a filter over teams."""

    name = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """One account a person: an address in other letters is the same address."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A person. Rights come from memberships and organisation roles, never from a flag."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    demo_hint = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name


class OrganisationRole(Record):
    """A role across all teams. No role is exempt from four eyes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="organisation_roles")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in OrgRole])
    granted_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    """None for what was granted before it was noted, and so long ago."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "role"), name="one_row_per_organisation_role"),
        )


class Team(Record):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    division = models.ForeignKey(Division, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(Record):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in TeamRole])
    granted_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    """When this role was given, not when the person came; None as above."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("team", "user"), name="one_membership_per_team"),
        )
