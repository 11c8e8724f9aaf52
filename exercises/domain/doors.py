"""What a token carries: the scope that an action needs, what only a person says on a page, and
what the service of a team may do at all.

Data for permissions.py, which decides.
"""

from __future__ import annotations

from typing import Final

SCOPE_OF: Final[dict[str, str]] = {
    "exercise.view": "read",
    "finding.trace": "read",
    "exercise.stop": "stop",
    "run.stop": "stop",
    "account.stop": "stop",
    "incident.report": "incidents",
    "incident.stop": "stop",
    "audit.read": "read",
    "delivery.view": "read",
    "report.see_mails": "read",
    "account.look": "read",
}


BY_HAND: Final = frozenset(
    {
        "exercise.go",
        "exercise.confirm_go",
        "exercise.continue",
        "experiment.decide",
        "experiment.go",
        "participation.poll",
        "participation.acknowledge",
        "mentor.answer",
        "mentor.sign_off",
        "ladder.override",
        "freeze.except",
        "policy.activate",
        "lever.release",
        "gameday.see",
        "gameday.judge",
        "gameday.correct",
        "gameday.freeze",
        "person.forget",
    }
)
"""A person's word, given on a page: no token and no other door carries it."""


OF_A_SERVICE: Final = frozenset(
    {
        "exercise.view",
        "exercise.note",
        "exercise.stop",
        "run.stop",
        "experiment.propose",
        "experiment.edit",
        "experiment.preflight",
        "experiment.cancel",
        "finding.work",
        "finding.trace",
    }
)
"""All that the machine identity of a team does, within the rights of a member: it is nobody's
word, judges nothing, and makes no tokens."""
