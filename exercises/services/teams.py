"""Create a team, and say who belongs to it in which role."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.capacities import TeamRole
from exercises.domain.errors import Invalid, Refusal, Refused
from exercises.models import Division, Membership, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record


def create_team(*, actor: Actor, slug: str, name: str, division: Division | None = None) -> Team:
    """Create a team without members. Raises NotAllowed, Invalid (slug, name)."""
    authorize(actor, "team.create")
    problems = _name_problems(slug, name)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        team = Team.objects.create(slug=slug, name=name.strip(), division=division)
        record(actor, "team.create", team, name=team.name)
    return team


def add_member(*, actor: Actor, team: Team, user: User, role: str) -> Membership:
    """Take a person into the team. Raises NotAllowed, Invalid (user, role)."""
    authorize(actor, "team.manage", team)
    _check_role(role)
    if not user.is_active:
        raise Invalid("email", f"{user.name} has no active account")
    with transaction.atomic():
        _locked(team)
        if Membership.objects.filter(team=team, user=user).exists():
            raise Invalid("email", f"{user.name} is a member already; change the role instead")
        membership = Membership.objects.create(team=team, user=user, role=role)
        record(actor, "team.add_member", team, user=user.pk, role=role)
    return membership


def change_role(*, actor: Actor, membership: Membership, role: str) -> Membership:
    """Give a member another role. Raises NotAllowed, Invalid, Refused (the last owner)."""
    authorize(actor, "team.manage", membership.team)
    _check_role(role)
    with transaction.atomic():
        _locked(membership.team)
        membership.refresh_from_db(fields=["role", "granted_at"])
        before = membership.role
        if role != TeamRole.OWNER.value:
            _check_owner_left(membership)
        if role != before:
            membership.granted_at = database_now()
        membership.role = role
        membership.save(update_fields=["role", "granted_at"])
        record(
            actor,
            "team.change_role",
            membership.team,
            user=membership.user_id,
            before=before,
            after=role,
        )
    return membership


def remove_member(*, actor: Actor, membership: Membership) -> None:
    """Take a person out of the team. Raises NotAllowed, Refused (the last owner)."""
    authorize(actor, "team.manage", membership.team)
    with transaction.atomic():
        _locked(membership.team)
        membership.refresh_from_db(fields=["role"])
        _check_owner_left(membership)
        team, user_id = membership.team, membership.user_id
        membership.delete()
        record(actor, "team.remove_member", team, user=user_id)


def _locked(team: Team) -> None:
    """One change of a team's members at a time, or two owners could leave at once."""
    Team.objects.select_for_update().get(pk=team.pk)


def _check_owner_left(membership: Membership) -> None:
    if membership.role != TeamRole.OWNER.value:
        return
    others = Membership.objects.filter(team=membership.team, role=TeamRole.OWNER.value)
    if not others.exclude(pk=membership.pk).exists():
        raise Refused(
            Refusal(
                rule="team.last_owner",
                because=f"{membership.team.name} would have no owner left to approve for it.",
                lifted_by="Make another member owner first.",
            )
        )


def _check_role(role: str) -> None:
    if role not in {r.value for r in TeamRole}:
        raise Invalid("role", f"one of {', '.join(r.value for r in TeamRole)}")


def _name_problems(slug: str, name: str) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if not 1 <= len(name.strip()) <= 120:
        problems.append(("name", "between 1 and 120 characters"))
    try:
        validate_slug(slug)
    except ValidationError:
        problems.append(("slug", "letters, digits, hyphens and underscores only"))
    if len(slug) > 50:
        problems.append(("slug", "at most 50 characters"))
    elif Team.objects.filter(slug=slug).exists():
        problems.append(("slug", f"“{slug}” is taken; choose another"))
    return problems
