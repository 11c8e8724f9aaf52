"""`make bench NAME=programme_report`: three years of 60 teams and 10,000 runs on one page.

The numbers of one period (`queries.report.report_page`) are held against one aggregate query
over the same rows in the same run; the number of queries with a tenth of the runs has to be
the same. Exits with 1 when either falls short. `ARGS=--short` measures little.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks._database import migrated_database

GOAL = 5.0
END = datetime(2026, 11, 1, tzinfo=UTC)
YEARS = 3
AGGREGATE = """
SELECT date_trunc('month', r.started_at), e.application_id, r.verdict, count(*),
       max((r.judgement #>> '{probes,0,longest_outside_s}')::float)
FROM exercises_run r JOIN exercises_experiment e ON e.id = r.experiment_id
WHERE NOT r.is_rehearsal AND r.started_at IS NOT NULL
GROUP BY 1, 2, 3
"""


def main(arguments: Sequence[str]) -> int:
    is_short = "--short" in arguments
    teams, runs, rounds = (10, 500, 3) if is_short else (60, 10_000, 15)
    with migrated_database("programme_report"):
        return _measure(teams, runs, rounds)


def _measure(teams: int, runs: int, rounds: int) -> int:
    from django.db import connection

    from exercises.domain.report_periods import period_from
    from exercises.queries.report import report_page

    period = period_from("2026-10")

    def ours() -> None:
        assert report_page(period, now=END).numbers.held.whole

    def aggregate() -> None:
        with connection.cursor() as cursor:
            cursor.execute(AGGREGATE)
            assert cursor.fetchall()

    experiments = _teams(teams)
    _runs(experiments, runs // 10)
    few = _queries(ours)
    _runs(experiments, runs - runs // 10)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many = _queries(ours)
    pairs = [(_timed(ours), _timed(aggregate)) for _ in range(rounds)]
    mine, floor = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"programme_report: {runs} runs of {teams} teams in {YEARS} years: {mine:.1f} ms, one"
        f" aggregate query {floor:.1f} ms, ratio {mine / floor:.2f} (goal {GOAL:g}),"
        f" {few} queries for a tenth of the runs, {many} for all"
    )
    return 1 if many != few or mine / floor > GOAL else 0


def _queries(step: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        step()
    return len(seen)


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def _teams(count: int) -> list[tuple[int, int]]:
    """An experiment in production for each team; its id and that of its revision."""
    from exercises.domain.exercise_phases import Phase
    from exercises.models import (
        Application,
        Deployment,
        Exercise,
        Experiment,
        ExperimentRevision,
        Team,
    )
    from tests import build
    from tests import cast as people

    everyone = people.assemble()
    place, version = build.account(), build.template_version()
    exercise = Exercise.objects.create(
        slug="bench",
        name="Bench",
        starts_at=END - timedelta(days=1),
        ends_at=END,
        region=build.REGION,
        lead=everyone.lead,
        phase=Phase.CLOSED.value,
    )
    made = []
    for number in range(count):
        team = Team.objects.create(slug=f"team-{number}", name=f"Team {number}")
        application = Application.objects.create(
            slug=f"app-{number}", name=f"Application {number}", team=team, tier=1 + number % 3
        )
        experiment = Experiment.objects.create(
            exercise=exercise,
            application=application,
            deployment=Deployment.objects.create(application=application, place=place),
            template_version=version,
            title="Stop one instance",
            status="proposed",
            author=everyone.author,
        )
        revision = ExperimentRevision.objects.create(
            experiment=experiment, number=1, digest="0" * 64, plan={}, author=everyone.author
        )
        made.append((experiment.pk, revision.pk))
    return made


def _runs(experiments: Sequence[tuple[int, int]], count: int) -> None:
    from exercises.models import Run

    rng = random.Random(count)
    rows = []
    for _ in range(count):
        experiment, revision = rng.choice(experiments)
        started_at = END - timedelta(days=365 * YEARS * rng.random() + 0.5)
        spans = [rng.choice((0.0, 30.0, 240.0)) for _ in range(3)]
        rows.append(
            Run(
                experiment_id=experiment,
                revision_id=revision,
                token=str(uuid.UUID(int=rng.getrandbits(128))),
                state="completed",
                verdict=rng.choice(("held", "held", "not_held", "inconclusive")),
                judgement={"probes": [{"longest_outside_s": s, "recovered": True} for s in spans]},
                scheduled_at=started_at,
                started_at=started_at,
                is_imported=True,
            )
        )
    Run.objects.bulk_create(rows, batch_size=1000)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
