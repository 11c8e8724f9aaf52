"""Whether runs left anything behind: for the pages, the report, the evidence pack, and the rule
that holds a debrief open. A constant number of queries for any number of runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, IntegerField, When

from exercises.domain.clean_ups import SETTLED, CleanUpState
from exercises.models import CleanUp, Exercise, Experiment, Run, RunSnapshot

KIND_WORDS: Final = {
    "instances": ("instance", "instances"),
    "groups": ("Auto Scaling group", "Auto Scaling groups"),
    "volumes": ("volume", "volumes"),
    "subnets": ("subnet", "subnets"),
    "endpoints": ("VPC endpoint", "VPC endpoints"),
    "services": ("ECS service", "ECS services"),
    "container-instances": ("container instance", "container instances"),
    "db-clusters": ("database cluster", "database clusters"),
    "db-instances": ("database instance", "database instances"),
    "function-faults": ("place of Lambda faults", "places of Lambda faults"),
    "commands": ("instance for commands under way", "instances for commands under way"),
    "tables": ("global table", "global tables"),
    "parameters": ("parameter", "parameters"),
}
_OPEN: Final = [state.value for state in CleanUpState if state not in SETTLED]


@dataclass(frozen=True, slots=True)
class CleanUpShown:
    """A clean-up as people read it. `by_design` and `compared` are of its certificate."""

    row: CleanUp
    run: Run
    state: CleanUpState
    left: Sequence[Mapping[str, Any]]
    by_design: Sequence[Mapping[str, Any]]
    compared: Sequence[str]
    not_seen: Sequence[str]

    @property
    def look(self) -> str:
        """The key of its pill."""
        return f"residue_{self.state.value}"

    @property
    def is_left(self) -> bool:
        return self.state is CleanUpState.LEFT

    @property
    def is_clean(self) -> bool:
        return self.state is CleanUpState.CLEAN


def clean_up_of(experiment: Experiment) -> CleanUp | None:
    """What people have to see to, else that of the newest run."""
    return (
        CleanUp.objects.filter(run__experiment=experiment)
        .select_related(
            "run__experiment__application__team", "run__experiment__exercise", "run__revision"
        )
        .select_related("done_by", "waived_by")
        .order_by(
            Case(
                When(state=CleanUpState.LEFT.value, then=0), default=1, output_field=IntegerField()
            ),
            "-pk",
        )
        .first()
    )


def clean_ups_of(runs: Iterable[Run]) -> dict[UUID, CleanUpShown]:
    """By run; a run from before there were clean-ups has none."""
    rows = CleanUp.objects.filter(run__in=list(runs)).select_related("run", "waived_by", "done_by")
    return {row.run_id: shown(row) for row in rows}


def open_clean_ups(exercise: Exercise) -> list[CleanUp]:
    """What is neither clean nor waived, of its runs that have ended or are under way."""
    rows = CleanUp.objects.filter(run__experiment__exercise=exercise, state__in=_OPEN)
    return list(rows.select_related("run__experiment").order_by("pk"))


def shown(row: CleanUp) -> CleanUpShown:
    """One clean-up in words."""
    certificate = row.certificate
    return CleanUpShown(
        row=row,
        run=row.run,
        state=CleanUpState(row.state),
        left=row.left,
        by_design=certificate.get("by_design", ()),
        compared=[_counted(kind, n) for kind, n in certificate.get("compared", {}).items()],
        not_seen=certificate.get("not_seen", ()),
    )


def _counted(kind: str, count: int) -> str:
    one, many = KIND_WORDS.get(kind, (kind, kind))
    return f"{count} {one if count == 1 else many}"


def clean_up_documents(runs: Iterable[Run]) -> list[dict[str, object]]:
    """The clean-ups of these runs with every snapshot, as the evidence pack passes them on."""
    rows = list(
        CleanUp.objects.filter(run__in=list(runs))
        .select_related("done_by", "waived_by")
        .order_by("pk")
    )
    seen: dict[UUID, list[dict[str, object]]] = defaultdict(list)
    for shot in RunSnapshot.objects.filter(run__in=[row.run_id for row in rows]):
        seen[shot.run_id].append(
            {
                "moment": shot.moment,
                "taken_at": _at(shot.taken_at),
                "sha256": shot.hash,
                "document": shot.document,
                "changes": shot.changes,
            }
        )
    return [_document(row) | {"snapshots": seen[row.run_id]} for row in rows]


def _document(row: CleanUp) -> dict[str, object]:
    return {
        "run": str(row.run_id),
        "state": row.state,
        "looks": row.looks,
        "problem": row.problem,
        "left": row.left,
        "asked_at": _at(row.asked_at),
        "done_at": _at(row.done_at),
        "done_by": row.done_by.name if row.done_by else None,
        "waived_by": row.waived_by.name if row.waived_by else None,
        "waived_because": row.waived_because,
        "settled_at": _at(row.settled_at),
        "certificate": row.certificate or None,
        "certificate_sha256": row.hash,
    }


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
