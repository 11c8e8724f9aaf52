"""The facts of a delivery gate: what can happen to an application, and what was proved.

The API, the badge and its page ask here: four queries, however much was run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.delivery_gate import Gate, Proof, gate_of
from exercises.domain.errors import Invalid
from exercises.domain.failure_families import applies_to
from exercises.domain.verdicts import RunVerdict
from exercises.models import Application, Run, Template

_JUDGED: Final = (RunVerdict.HELD.value, RunVerdict.NOT_HELD.value)
_FAMILY: Final = "experiment__template_version__template__failure_family"


@dataclass(frozen=True, slots=True)
class Shown:
    """A gate, and the runs it names, by id; those that the asker may not see are left out."""

    gate: Gate
    runs: Mapping[str, Run]
    environments: Mapping[str, str]


def gate_now(
    application: Application,
    *,
    max_age: timedelta,
    now: datetime,
    family: str = "",
    actor: Actor | None = None,
) -> Shown:
    """The gate at this moment. Raises Invalid for a family that it is not about.

    A verdict is no secret, as on the ladder; the run behind it is for who sees its exercise.
    """
    newest = _newest_runs(application)
    proofs = [_proof(run) for run in newest.values()]
    families = _families(application, proofs)
    if family and family not in families:
        known = ", ".join(families) or "none"
        raise Invalid("family", f"not a failure that can happen to it; one of: {known}")
    gate = gate_of([family] if family else families, proofs, max_age=max_age, now=now)
    named = {one.proof.run_id for one in gate.families if one.proof}
    seen = (
        set(Run.objects.visible_to(actor).filter(pk__in=named).values_list("pk", flat=True))
        if actor and named
        else set()
    )
    return Shown(
        gate,
        {pk: run for pk, run in newest.items() if run.pk in seen},
        {pk: _environment(run) for pk, run in newest.items()},
    )


def _newest_runs(application: Application) -> dict[str, Run]:
    """The newest run of each failure that held, and that did not; rehearsals prove nothing."""
    rows = (
        Run.objects.filter(
            experiment__application=application,
            is_rehearsal=False,
            verdict__in=_JUDGED,
            started_at__isnull=False,
        )
        .select_related(
            "experiment__template_version__template", "experiment__deployment__place__account"
        )
        .order_by(_FAMILY, "verdict", "-started_at", "-pk")
        .distinct(_FAMILY, "verdict")
    )
    return {str(run.pk): run for run in rows}


def _proof(run: Run) -> Proof:
    assert run.started_at is not None
    family = run.experiment.template_version.template.failure_family
    return Proof(family, run.verdict == RunVerdict.HELD.value, run.started_at, str(run.pk))


def _families(application: Application, proofs: list[Proof]) -> list[str]:
    """What the catalogue can do to it, and what was done to it."""
    offered = (
        Template.objects.filter(retired_at__isnull=True, versions__isnull=False)
        .values_list("failure_family", flat=True)
        .order_by()
        .distinct()
    )
    tags = application.architecture_tags
    return sorted({f for f in offered if applies_to(f, tags)} | {p.family for p in proofs})


def _environment(run: Run) -> str:
    return str(run.experiment.deployment.place.account.environment)
