"""What AWS says of the runs of one Region. Called by services.observe, without a transaction.

Each question stands for itself: what is wrong with one run, role or metric costs its own
answer and no other. All of it ends in time for a worker to write down what was learned.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Max

from exercises.aws.alarms import alarm_states
from exercises.aws.fleet import application_nodes
from exercises.domain.engine_values import (
    AlarmReading,
    EngineStatus,
    Node,
    Observation,
    Reading,
    Watch,
)
from exercises.domain.errors import ChaosplaneError, EngineError, FurtherAccountError
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import baseline_s, probes_from_json
from exercises.domain.stop_alarms import MISSING, UNKNOWN, alarms_of, name_of
from exercises.engines.registry import engine
from exercises.models import AccountRegion, Run, Sample
from exercises.probes.protocol import ProbeRequest
from exercises.probes.registry import Outstanding, ask_outside, read_many
from exercises.queries.plans import planned_wall
from exercises.services.asking import asking

log = logging.getLogger(__name__)

BUDGET_S: Final = 20.0
"""A Region that does not answer takes seconds for each question: after this none is asked
until the next cycle, so that it keeps no worker from the other Regions."""


class Problems:
    """What went wrong in one cycle, each thing once.

    `is_blind` when it was this account that could not be read. What only a further account of
    an experiment keeps to itself says nothing about who watches here.
    """

    def __init__(self, place: AccountRegion) -> None:
        self._place = place
        self._found: dict[str, None] = {}
        self.is_blind = False

    def __str__(self) -> str:
        return "; ".join(self._found)

    def add(self, problem: str, *, is_elsewhere: bool = False) -> None:
        self._found[problem] = None
        self.is_blind = self.is_blind or not is_elsewhere
        log.warning("observe.failed", extra={"region": str(self._place), "error": problem})

    @contextmanager
    def contained(self, what: str, *, is_elsewhere: bool = False) -> Iterator[None]:
        """Keep to `what` whatever goes wrong inside. `is_elsewhere`: another account is asked."""
        try:
            yield
        except EngineError as error:
            further = is_elsewhere or isinstance(error, FurtherAccountError)
            self.add(str(error), is_elsewhere=further)
        except (ChaosplaneError, DatabaseError, LookupError, TypeError, ValueError) as error:
            log.exception("observe.failed.inside", extra={"what": what})
            self.add(f"{what}: {error}")


@dataclass(slots=True)
class Seen:
    """The answers of one cycle; what AWS did not say is not in them.

    Observations by reference, fleets and readings by run, alarms by ARN. `is_read` is false
    when AWS did not tell every measurement that it has.
    """

    at: datetime
    observations: dict[str, Observation] = field(default_factory=dict)
    fleets: dict[str, Sequence[Node]] = field(default_factory=dict)
    readings: Mapping[str, Sequence[Reading]] = field(default_factory=dict)
    is_read: bool = False
    alarms: Mapping[str, AlarmReading] = field(default_factory=dict)


def look(place: AccountRegion, runs: Sequence[Run], problems: Problems, *, now: datetime) -> Seen:
    """Ask everything that is wanted of these runs, what matters most first."""
    seen = Seen(now)
    ends_at = time.monotonic() + BUDGET_S
    probes = _Probes(place, runs, problems, now)
    for run in runs:
        if run.ended_at is None and time.monotonic() < ends_at:
            with problems.contained(run.experiment.code):
                seen.observations |= _observed(place, run)
    seen.fleets = _fleets(place, runs, problems, ends_at)
    if time.monotonic() < ends_at:
        with problems.contained("probes"):
            probes.read_into(seen)
    seen.alarms = _alarms(place, runs, is_late=time.monotonic() >= ends_at)
    return seen


def _observed(place: AccountRegion, run: Run) -> dict[str, Observation]:
    plan = run.revision.plan
    last = EngineStatus(run.engine_status) if run.engine_status else None
    watch = Watch(run.experiment_ref, last, full=True, approved=plan["definition"])
    return {seen.ref: seen for seen in engine(plan["engine"]).observe(place.access, [watch])}


def _fleets(
    place: AccountRegion, runs: Sequence[Run], problems: Problems, ends_at: float
) -> dict[str, Sequence[Node]]:
    """The application's instances in every account that a run reaches, each asked once; of a
    run whose accounts did not all tell, nothing: half a fleet would pass for all of it."""
    wanted = {}
    for run in runs:
        with problems.contained(run.experiment.code):
            tag = run.experiment.deployment.tag_value
            wanted[str(run.pk)] = [(tag, each.access) for each in run.places()]
    told: dict[tuple[str, AccountAccess], Sequence[Node]] = {}
    for tag, access in dict.fromkeys(asked for each in wanted.values() for asked in each):
        if time.monotonic() < ends_at:
            with problems.contained(tag, is_elsewhere=access != place.access):
                told[tag, access] = application_nodes(access, tag)
    return {
        run: [node for asked in each for node in told[asked]]
        for run, each in wanted.items()
        if told.keys() >= set(each)
    }


class _Probes:
    """The probes of these runs. What is not AWS is asked from the beginning on, beside the
    questions to AWS, so that nobody waits for it twice."""

    def __init__(
        self, place: AccountRegion, runs: Sequence[Run], problems: Problems, now: datetime
    ) -> None:
        self._problems = problems
        self._asking = asking(place, until=now)
        self._requests: list[ProbeRequest] = []
        newest = _newest_samples(runs)
        for run in runs:
            with problems.contained(run.experiment.code):
                self._requests += _requests(run, newest)
        self._outside: Outstanding = ask_outside(self._asking, self._requests)

    def read_into(self, seen: Seen) -> None:
        if not self._requests:
            seen.is_read = True
            return
        answers = read_many(self._asking, self._requests, self._outside)
        seen.readings, seen.is_read = answers.readings, answers.is_complete
        for problem in answers.problems:
            self._problems.add(problem)


def _requests(run: Run, newest: Mapping[tuple[UUID, str], datetime]) -> list[ProbeRequest]:
    specs = () if run.is_rehearsal else probes_from_json(run.revision.plan["steady_state"])
    began = run.started_at or run.scheduled_at
    return [
        ProbeRequest(
            str(run.pk),
            spec,
            newest.get((run.pk, spec.key), began - planned_wall(baseline_s(spec))),
        )
        for spec in specs
    ]


def _newest_samples(runs: Sequence[Run]) -> dict[tuple[UUID, str], datetime]:
    """How far each probe of each run has been read: one may be later than another."""
    rows = Sample.objects.filter(run__in=runs).values_list("run", "probe").annotate(Max("at"))
    return {(run_id, probe): at for run_id, probe, at in rows.order_by()}


def _alarms(place: AccountRegion, runs: Sequence[Run], *, is_late: bool) -> dict[str, AlarmReading]:
    """What AWS says of every alarm of these runs; that it did not say is an answer too."""
    arns = sorted({arn for run in runs for arn in alarms_of(run.revision.plan)})
    if is_late:
        return {arn: AlarmReading(arn, name_of(arn), UNKNOWN, "AWS is too slow.") for arn in arns}
    try:
        told = {alarm.arn: alarm for alarm in alarm_states(place.access, arns)} if arns else {}
    except EngineError as error:
        log.warning("observe.alarms.failed", extra={"region": str(place), "error": str(error)})
        return {arn: AlarmReading(arn, name_of(arn), UNKNOWN, str(error)) for arn in arns}
    missing = "AWS knows no alarm of this name."
    return {arn: told.get(arn) or AlarmReading(arn, name_of(arn), MISSING, missing) for arn in arns}
