"""`python -m tests.openapi.everybody` prints a token of somebody who holds every role.

Called by __main__ in the environment of a demo, so that nothing is refused for want of a role.
"""

from __future__ import annotations

import django

django.setup()

from django.db import connection  # noqa: E402 - models need the apps to be there

from exercises.domain.actors import Door  # noqa: E402
from exercises.domain.capacities import OrgRole, TeamRole  # noqa: E402
from exercises.models import Membership, OrganisationRole, Team, User  # noqa: E402
from exercises.permissions import actor_for  # noqa: E402
from exercises.services.tokens import SCOPES, issue_token  # noqa: E402
from tests.openapi.estate import OWN_TOKEN  # noqa: E402


def main() -> None:
    person = User.objects.create_user(email="everybody@example.test", name="Everybody at once")
    for role in OrgRole:
        OrganisationRole.objects.create(user=person, role=role.value)
    for team in Team.objects.all():
        Membership.objects.create(user=person, team=team, role=TeamRole.OWNER.value)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('exercises_apitoken', 'id'), %s, false)",
            [OWN_TOKEN],
        )
    actor = actor_for(person, Door.PAGE)
    print(issue_token(actor=actor, name="schemathesis", scopes=list(SCOPES), days=1)[1])


if __name__ == "__main__":
    main()
