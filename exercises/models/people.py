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
    """People only: who signs in, is listed, chosen, told or asked is found through it."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(service_of=None)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """One account a person: an address in other letters is the same address."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user


class AccountManager(models.Manager["User"]):
    """People and the services of teams: whoever a row may point to."""

    def service_of(self, team: Team) -> User:
        """The service of this team, made when it is first asked for."""
        service, is_new = self.get_or_create(
            service_of=team,
            defaults={"email": f"service:{team.slug}", "name": f"Service of {team.name}"[:120]},
        )
        if is_new:
            service.set_unusable_password()
            service.save(update_fields=["password"])
        return service


class User(AbstractBaseUser):
    """A person. Rights come from memberships and organisation roles, never from a flag.

    A row with `service_of` is no person but the machine identity of that team: it holds no
    membership, role or password, what stands for its e-mail is no address, and `objects` does
    not find it, so nobody signs in as it.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    demo_hint = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    service_of = models.OneToOneField(
        "Team", null=True, blank=True, on_delete=models.PROTECT, related_name="service"
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()
    accounts: ClassVar[AccountManager] = AccountManager()

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
