"""Give and take roles of the organisation: by whoever runs the installation, on its machine.

Called by `manage.py grant_role` only. No page and no token gives such a role, so that nobody
signed in can make themselves, or a friend, one of the people who must agree.
"""

from __future__ import annotations

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole
from exercises.domain.errors import Invalid
from exercises.models import OrganisationRole, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record


def grant_role(*, actor: Actor, user: User, role: str, reason: str) -> OrganisationRole:
    """Give a role; it decides a day from now. Raises NotAllowed, Invalid (role, user, reason)."""
    authorize(actor, "role.grant")
    _check(role, reason)
    if not user.is_active:
        raise Invalid("user", f"{user.name} has no active account")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if OrganisationRole.objects.filter(user=user, role=role).exists():
            raise Invalid("role", f"{user.name} holds it already")
        held = OrganisationRole.objects.create(user=user, role=role, granted_at=database_now())
        record(actor, "role.grant", user, role=role, reason=reason.strip())
    return held


def withdraw_role(*, actor: Actor, user: User, role: str, reason: str) -> None:
    """Take a role away at once; approvals given in it count no more. Raises as above."""
    authorize(actor, "role.grant")
    _check(role, reason)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        gone, _ = OrganisationRole.objects.filter(user=user, role=role).delete()
        if not gone:
            raise Invalid("role", f"{user.name} does not hold it")
        record(actor, "role.withdraw", user, role=role, reason=reason.strip())


def _check(role: str, reason: str) -> None:
    roles = [r.value for r in OrgRole]
    if role not in roles:
        raise Invalid("role", f"one of {', '.join(roles)}")
    if not 1 <= len(reason.strip()) <= 500:
        raise Invalid("reason", "say why, in 1 to 500 characters")
