"""`python -m tests.harness.person ACT ID`: somebody whose process dies in the middle of an act.

Go, a decision or an edit come over pages that need a session; what matters is that the
process which carries them out is killed right before it commits.
"""

from __future__ import annotations

import sys


def main(act: str, pk: str) -> None:
    import django

    django.setup()
    from exercises.domain.actors import Door
    from exercises.domain.approvals import DecisionVerdict
    from exercises.models import Exercise, Experiment, User
    from exercises.permissions import actor_for
    from exercises.services.decide import decide
    from exercises.services.go_live import go_live
    from exercises.services.propose import Draft, edit_draft

    def person(role: str) -> User:
        return User.objects.get(name=role)

    if act == "go":
        lead = actor_for(person("Programme lead"), Door.PAGE)
        go_live(actor=lead, exercise=Exercise.objects.get(pk=pk))
        return
    experiment = Experiment.objects.select_related("revision").get(pk=pk)
    assert experiment.revision is not None
    if act == "decide":
        decide(
            actor=actor_for(person("Team owner"), Door.PAGE),
            experiment=experiment,
            verdict=DecisionVerdict.DECLINE,
            digest_seen=experiment.revision.digest,
            reason="not today",
        )
        return
    draft = Draft(
        deployment=experiment.deployment,
        template_version=experiment.template_version,
        title=experiment.title,
        hypothesis=experiment.hypothesis,
        parameters={"minutes": 2},
        steady_state=experiment.steady_state,
        az=experiment.az,
        slot_offset_s=experiment.slot_offset_s,
        target_cap=experiment.target_cap,
    )
    edit_draft(
        actor=actor_for(person("Team author"), Door.PAGE), experiment=experiment, draft=draft
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
