"""What is wrong with a document, looked up with what accounts said they offer where it is FIS's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exercises.domain.engine_documents import FIS, document_problems
from exercises.domain.fis_catalogue import FisAction, actions
from exercises.domain.lint_rules import Problem
from exercises.domain.offered_actions import Offer
from exercises.domain.plans import JsonObject
from exercises.domain.templates_lint import lint
from exercises.models import OfferedAction

DEPENDS_ON_OFFERS = frozenset({"FIS-ACT-002", "FIS-ACT-003", "FIS-ACT-006", "FIS-TGT-001"})


def lint_offered(definition: JsonObject, *, production: bool, engine: str = FIS) -> list[Problem]:
    """The mistakes in a document of this engine; FIS actions that our table does not know are
    looked up with accounts. Raises Invalid for an unknown engine."""
    problems = document_problems(engine, definition, production=production)
    if engine != FIS or not any(problem.rule_id in DEPENDS_ON_OFFERS for problem in problems):
        return problems
    known = _known(_named_in(definition))
    return lint(definition, production=production, known=known) if known else problems


def _offer(row: OfferedAction) -> Offer:
    return Offer(
        action_id=row.action_id,
        description=row.description,
        parameters={
            name: (str(about["description"]), bool(about["required"]))
            for name, about in row.parameters.items()
        },
        targets=dict(row.targets),
    )


def _named_in(definition: JsonObject) -> list[str]:
    entries = definition.get("actions")
    bodies = entries.values() if isinstance(entries, Mapping) else ()
    found = [body.get("actionId") for body in bodies if isinstance(body, Mapping)]
    return [text for text in found if isinstance(text, str) and "\x00" not in text]


def _known(action_ids: Iterable[str]) -> Mapping[str, FisAction] | None:
    """Our table with what accounts say of these actions; None when none says anything."""
    rows = OfferedAction.objects.filter(action_id__in=list(action_ids)).order_by("asked_at")
    offered = {row.action_id: _offer(row).known for row in rows}
    if not offered:
        return None
    table = actions()
    return {**table, **{name: _joined(table.get(name), found) for name, found in offered.items()}}


def _joined(ours: FisAction | None, offered: FisAction) -> FisAction:
    """What the account says, within the durations that our table knows."""
    if ours is None:
        return offered
    return FisAction(
        action_id=offered.action_id,
        targets=offered.targets,
        required=offered.required,
        optional=offered.optional | ours.optional,
        least_s=ours.least_s,
        most_s=ours.most_s,
    )
