"""`make bench NAME=api_list`: a page of 50 runs out of 100,000, asked for with a token.

CPU of this process for a request, as a ratio to a bare DRF endpoint in the same run: the same
columns by a ModelSerializer, DRF's own cursor pagination, the same middleware, and nobody asked
who it is or what they may see. The first page and one deep in the list, as somebody who sees all
and as a member of a team. Exits with 1 when a ratio is over GOAL, or when a page asks more
queries of 100,000 rows than of 200. `ARGS=--short` takes 5,000 rows.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks._database import migrated_database

if TYPE_CHECKING:
    from tests.cast import Cast

GOAL = 1.5
ROWS, SHORT_ROWS, FEW = 100_000, 5_000, 200
EXERCISES, EACH = 20, 50
ROUNDS, IN_A_ROUND = 9, 4
DEEP = 40
ADDRESS = "/api/v1/runs/?page_size=50"
BARE = "/bare/runs/"

Get = Callable[[str], Any]


def main(arguments: Sequence[str]) -> int:
    with migrated_database("api_list"):
        return _measure(SHORT_ROWS if "--short" in arguments else ROWS)


def _measure(rows: int) -> int:
    from django.test import Client, override_settings

    from tests import cast as people

    with override_settings(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="benchmarks._bare_list"):
        cast = people.assemble()
        _experiments(cast)
        _runs(FEW)
        ways = [("sees all", _with_token(cast, "lead")), ("member", _with_token(cast, "author"))]
        few = [_queries(get, ADDRESS) for _, get in ways]
        _runs(rows - FEW)
        print(f"{'':22}{'queries':>8}{'ms CPU':>8}{'bare':>7}{'ratio':>7}{'ms':>8}{'bare':>7}")
        bare = Client().get
        worst = 0.0
        for (name, get), least in zip(ways, few, strict=True):
            for depth, pages in (("first page", 0), ("deep", DEEP)):
                asked = _Asked(get, _after(get, ADDRESS, pages), bare, _after(bare, BARE, pages))
                worst = max(worst, asked.judge(f"{name}, {depth}", least))
        print(f"api_list: 50 of {rows:,} runs, {worst:.2f} times the bare endpoint, goal {GOAL}")
        return 0 if worst <= GOAL else 1


@dataclass(frozen=True)
class _Asked:
    ours: Get
    address: str
    bare: Get
    bare_address: str

    def judge(self, name: str, least: int) -> float:
        """Measure by turns, so that both suffer what else the machine does, and say it."""
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(_timed(lambda: self.ours(self.address)))
            bare.append(_timed(lambda: self.bare(self.bare_address)))
        queries = _queries(self.ours, self.address)
        ratio = min(cpu for cpu, _ in ours) / min(cpu for cpu, _ in bare)
        print(
            f"{name:22}{queries:>8}{1000 * min(cpu for cpu, _ in ours):>8.1f}"
            f"{1000 * min(cpu for cpu, _ in bare):>7.1f}{ratio:>7.2f}"
            f"{1000 * statistics.median(wall for _, wall in ours):>8.1f}"
            f"{1000 * statistics.median(wall for _, wall in bare):>7.1f}"
        )
        if queries != least:
            print(f"  short of its goal: {least} queries of few rows, {queries} of many")
            return float("inf")
        return ratio


def _timed(step: Callable[[], Any]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(IN_A_ROUND):
        answer = step()
        assert len(answer.json()["results"]) == 50
    return (
        (time.process_time() - cpu) / IN_A_ROUND,
        (time.perf_counter() - wall) / IN_A_ROUND,
    )


def _queries(get: Get, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    get(address)  # the first one notes when the token was used
    with CaptureQueriesContext(connection) as seen:
        assert get(address).status_code == 200
    return len(seen)


def _after(get: Get, address: str, pages: int) -> str:
    for _ in range(pages):
        address = get(address).json()["next"].removeprefix("http://testserver")
    return address


def _with_token(cast: Cast, name: str) -> Get:
    from django.test import Client

    from exercises.services.tokens import issue_token

    _, secret = issue_token(actor=cast.actor(name), name="bench", scopes=["read"], days=1)
    return Client(headers={"Authorization": f"Bearer {secret}"}).get


# -- What is listed -----------------------------------------------------------------------


def _experiments(cast: Cast) -> None:
    """A year of exercises; every fourth is an experiment of the team's own."""
    from datetime import timedelta

    from exercises.models import Exercise, Experiment, ExperimentRevision, Run
    from exercises.models.due_work import database_now
    from tests import build

    first = build.proposed(cast, build.exercise(cast))
    revision, now = first.revision, database_now()
    assert revision is not None
    Run.objects.create(
        experiment=first, revision=revision, token="first", state="completed", verdict="held",
        verdict_reason="Everything stayed within its limits.", experiment_ref="EXPfirst",
        scheduled_at=now - timedelta(days=365), started_at=now, ended_at=now, observed_at=now,
    )  # fmt: skip
    for number in range(EXERCISES):
        where = build.exercise(cast, slug=f"bench-{number}")
        if number % 4 == 0:
            Exercise.objects.filter(pk=where.pk).update(kind="self_service")
        for _ in range(EACH):
            first.pk, first.exercise, first.revision = None, where, None
            first._state.adding = True
            first.save(force_insert=True)
            copied = ExperimentRevision.objects.create(
                experiment=first, number=1, digest=revision.digest, plan=revision.plan,
                author=cast.author,
            )  # fmt: skip
            Experiment.objects.filter(pk=first.pk).update(revision=copied)


def _runs(number: int) -> None:
    """Copies of the first run, one after the other, spread over the experiments."""
    from django.db import connection

    from exercises.models import Run

    own = {
        "id": "gen_random_uuid()",
        "token": "gen_random_uuid()::text",
        "experiment_ref": "'EXP' || gen_random_uuid()",
        "experiment_id": "e.id",
        "revision_id": "e.revision_id",
        "scheduled_at": "r.scheduled_at + n * interval '5 minutes'",
    }
    columns = [str(field.column) for field in Run._meta.fields]
    values = ", ".join(own.get(column, f"r.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO exercises_run ({", ".join(columns)})
                SELECT {values}
                FROM exercises_run r, generate_series(1, %s) n
                JOIN (
                    SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS of
                    FROM exercises_experiment
                ) e ON e.place = n %% e.of
                WHERE r.token = 'first'""",
            [number],
        )
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
