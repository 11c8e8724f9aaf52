"""`python -m tests.drills.scene APPLICATION MINUTES` says Go and prints the id of the run."""

from __future__ import annotations

import sys

import django

APPLICATIONS = {
    "mqtt-broker": "111111111111",
    "ci-runners": "222222222222",
    "charging-sessions": "222222222222",
    "identity-tokens": "222222222222",
}


def main(application: str, minutes: int) -> str:
    from exercises.models import Exercise, Team, User
    from tests import build
    from tests.cast import Cast, assemble

    people = {user.name: user for user in User.objects.all()}
    teams = {team.slug: team for team in Team.objects.all()}
    cast = (
        Cast(
            team=teams["vehicle-telemetry"],
            other_team=teams["charging"],
            lead=people["Programme lead"],
            safety=people["Safety officer"],
            owner=people["Team owner"],
            operator=people["Team operator"],
            author=people["Team author"],
            outsider=people["Outsider"],
            leadership=people["Leadership"],
            auditor=people["Auditor"],
        )
        if people
        else assemble()
    )
    where = build.deployment(cast, slug=application, place=build.account(APPLICATIONS[application]))
    exercise, run = build.live(
        cast, deployment=where, title=f"Stop one of {application}", parameters={"minutes": minutes}
    )
    # The next scene plans one of the same month.
    Exercise.objects.filter(pk=exercise.pk).update(slug=f"drill-{exercise.pk}")
    return str(run.pk)


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(main(sys.argv[1], int(sys.argv[2])))
