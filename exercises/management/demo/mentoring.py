"""Teams of the demo that help each other: one mentor said yes, another is asked."""

from __future__ import annotations

from exercises.management.demo.world import World
from exercises.models import MentorRequest
from exercises.services.mentoring import answer_mentor_request, ask_mentor

FAMILY = "instance-loss"


def seed_mentoring(world: World) -> None:
    """Once, when the past is there: it makes the mentors."""
    if MentorRequest.objects.exists():
        return
    accepted = ask_mentor(
        actor=world.actor("Developer platform engineer"),
        application=world.applications["ci-runners"],
        family=FAMILY,
        mentor=world.people["Charging engineer"],
        message="How did you find out that the health check was too slow?",
    )
    answer_mentor_request(
        actor=world.actor("Charging engineer"), request=accepted, answer="accepted"
    )
    ask_mentor(
        actor=world.actor("Identity engineer"),
        application=world.applications["identity-tokens"],
        family=FAMILY,
        mentor=world.people["Telemetry service owner"],
        message="Our next run is to hold: would you look at the plan with us?",
    )
