"""`manage.py grant_role EMAIL ROLE --reason TEXT [--withdraw]`: a role of the organisation.

For whoever runs the installation. The audit trail keeps it with the reason.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exercises.domain.approvals import ROLE_SETTLES_AFTER
from exercises.domain.capacities import OrgRole
from exercises.domain.errors import Invalid
from exercises.models import User
from exercises.services.organisation_roles import grant_role, withdraw_role
from exercises.services.system import SYSTEM


class Command(BaseCommand):
    help = "Give a person a role of the organisation, or take it away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in OrgRole])
        parser.add_argument("--reason", required=True, help="kept in the audit trail")
        parser.add_argument("--withdraw", action="store_true", help="take the role away")

    def handle(self, *args: Any, **options: Any) -> None:
        email, role = options["email"], options["role"]
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"email: nobody is known as {email}")
        change = withdraw_role if options["withdraw"] else grant_role
        try:
            change(actor=SYSTEM, user=user, role=role, reason=options["reason"])
        except Invalid as error:
            raise CommandError(str(error)) from error
        if options["withdraw"]:
            self.stdout.write(f"{user.name} is {role} no more.")
        else:
            hours = int(ROLE_SETTLES_AFTER.total_seconds() // 3600)
            self.stdout.write(f"{user.name} is {role}; it decides in {hours} hours from now.")
