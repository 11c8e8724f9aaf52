"""`make bench NAME=planning_pages`: an exercise of 60 teams and 200 experiments, and a year of
2,000 entries.

Each page is asked for with a tenth of the rows and with all of them: the number of queries has
to be the same. Its time is held against a bare Django view in the same run, which reads the same
main rows with one query and writes them into a plain table. Exits with 1 when a page asks more
for more rows, or takes longer than GOAL times the bare view. `ARGS=--short` measures little.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks._database import migrated_database

if TYPE_CHECKING:
    from django.test import Client

    from exercises.models import Exercise
    from tests.cast import Cast

GOAL, GOAL_SHORT = 15.0, 60.0
"""Few rows are a small part of a page, so they say little about time."""
TABLE = """{% load l10n %}<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>
{% endfor %}</tr>{% endfor %}</table>"""
YEAR = 2031
TWO_DAYS = timedelta(days=2)
FIRST_FREEZE = 64
"""A day of March, the month that is shown: with few rows and with many there is a freeze."""


@dataclass(frozen=True)
class Size:
    teams: int
    experiments: int
    editions: int
    own: int
    freezes: int

    def tenth(self) -> Size:
        return Size(*(max(2, value // 10) for value in self.__dict__.values()))


FULL = Size(teams=60, experiments=200, editions=240, own=750, freezes=50)
SHORT = Size(teams=12, experiments=40, editions=24, own=75, freezes=5)


def main(arguments: Sequence[str]) -> int:
    is_short = "--short" in arguments
    with migrated_database("planning"):
        if is_short:
            return _measure(SHORT, rounds=3, goal=GOAL_SHORT)
        return _measure(FULL, rounds=9, goal=GOAL)


def _measure(size: Size, *, rounds: int, goal: float) -> int:
    from django.test import Client
    from django.test.utils import override_settings

    from tests import cast as people

    everyone = people.assemble()
    client = Client()
    client.force_login(everyone.lead)
    pages = [
        ("plan", "/exercises/bench/", _plan_rows),
        ("experiments", "/exercises/bench/experiments/", _plan_rows),
        ("conflicts", "/exercises/bench/conflicts/", _plan_rows),
        ("calendar, a year", f"/calendar/{YEAR}/", _year_rows),
        ("calendar, a month", f"/calendar/{YEAR}-03/", _month_rows),
    ]
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        grow = _Rows(everyone)
        grow.to(size.tenth())
        few = {name: _queries(client, page) for name, page, _ in pages}
        grow.to(size)
        print(f"{'page':20}{'queries':>9}{'ms':>8}{'bare ms':>9}{'ratio':>7}")
        return max([_judge(client, page, few[page[0]], rounds, goal) for page in pages])


Page = tuple[str, str, Callable[[], Any]]


def _judge(client: Client, page: Page, few: int, rounds: int, goal: float) -> int:
    name, address, rows = page
    many = _queries(client, address)
    ours, bare = [], []
    for _ in range(rounds):  # taking turns, so that both suffer what else the machine does
        ours.append(_timed(lambda: client.get(address)))
        bare.append(_timed(lambda: _bare(rows)))
    ratio = statistics.median(ours) / statistics.median(bare)
    print(
        f"{name:20}{many:>9}{1000 * statistics.median(ours):>8.0f}"
        f"{1000 * statistics.median(bare):>9.1f}{ratio:>7.1f}"
    )
    problems = []
    if many != few:
        problems.append(f"{few} queries for few rows, {many} for many")
    if ratio > goal:
        problems.append(f"{ratio:.1f} times the bare view, the goal is {goal:g}")
    for problem in problems:
        print(f"  short of its goal: {problem}")
    return 1 if problems else 0


def _queries(client: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)  # the first one fills caches of the process
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200, address
    return len(seen)


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


# -- The floor ----------------------------------------------------------------------------


def _bare(rows: Callable[[], Any]) -> None:
    """What the least of views would do: one query, one table, all of Django around it."""
    from django.http import HttpResponse
    from django.template import engines
    from django.test import RequestFactory

    RequestFactory().get("/")
    HttpResponse(engines["django"].from_string(TABLE).render({"rows": rows()}))


def _plan_rows() -> list[tuple[Any, ...]]:
    from exercises.models import Experiment

    rows = Experiment.objects.filter(exercise__slug="bench").select_related(
        "application__team", "template_version__template", "deployment__place__account", "revision"
    )
    return [
        (row.code, row.title, row.application.name, row.application.team.name, row.az, row.status)
        for row in rows
    ]


def _year_rows() -> list[tuple[Any, ...]]:
    return _calendar_rows(datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC))


def _month_rows() -> list[tuple[Any, ...]]:
    return _calendar_rows(datetime(YEAR, 2, 24, tzinfo=UTC), datetime(YEAR, 4, 7, tzinfo=UTC))


def _calendar_rows(since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    """As many rows as the calendar has entries: an exercise and its deadlines, or one alone."""
    from exercises.models import Exercise

    rows = Exercise.objects.filter(starts_at__gte=since, starts_at__lt=until).order_by("starts_at")
    return [
        (row.starts_at, row.ends_at, row.name, row.region, row.phase)
        for row in rows
        for _ in range(1 if row.kind == "self_service" else 5)
    ]


# -- What is measured ---------------------------------------------------------------------


class _Rows:
    """The estate and its plans, which only ever grow."""

    def __init__(self, cast: Cast) -> None:
        from exercises.models.due_work import database_now
        from tests import build

        self._cast = cast
        self._exercise: Exercise = build.exercise(
            cast, slug="bench", opens_in=timedelta(days=2), hours=48
        )
        self._model = build.proposed(cast, self._exercise)
        self._now = database_now()
        self._has = Size(0, 1, 0, 0, 0)
        self._deployments: list[Any] = []

    def to(self, size: Size) -> None:
        from exercises.models import FreezeWindow

        has, self._has = self._has, size
        self._teams(has.teams, size.teams)
        self._plan(has.experiments, size.experiments)
        self._year(has.editions, size.editions, "itee")
        self._year(has.own, size.own, "self_service")
        FreezeWindow.objects.bulk_create(
            FreezeWindow(
                name=f"Freeze {n}", environments=["dev"], starts_at=day, ends_at=day + TWO_DAYS
            )
            for n in range(has.freezes, size.freezes)
            for day in [_day(FIRST_FREEZE + n * 7 % 300)]
        )

    def _teams(self, has: int, wanted: int) -> None:
        from exercises.models import Application, Deployment, Team
        from tests import build

        for number in range(has, wanted):
            team = Team.objects.create(slug=f"team-{number}", name=f"Team {number}")
            application = Application.objects.create(
                slug=f"app-{number}", name=f"Application {number}", team=team
            )
            self._deployments.append(
                Deployment.objects.create(
                    application=application,
                    place=build.account(f"{300 + number % 12}000000000"),
                    tag_value=application.slug,
                    steady_state=self._model.steady_state,
                    alarm_arns=self._model.deployment.alarm_arns,
                )
            )
            if number:
                application.depends_on.add(self._deployments[number // 2].application)

    def _plan(self, has: int, wanted: int) -> None:
        from exercises.models import Participation

        for number in range(has, wanted):
            deployment = self._deployments[number % len(self._deployments)]
            self._experiment(self._exercise, deployment, f"Experiment {number}", number * 120)
            Participation.objects.get_or_create(
                exercise=self._exercise, application=deployment.application,
                defaults={"answer": "accepted", "on_call": f"Person {number % 40}"},
            )  # fmt: skip

    def _year(self, has: int, wanted: int, kind: str) -> None:
        from exercises.models import Exercise

        for number in range(has, wanted):
            starts_at = _day(number * 364 // wanted + 0.3 + number % 7 / 24)
            exercise = Exercise.objects.create(
                slug=f"{kind}-{number}".replace("_", "-"), name=f"{kind} {number}", kind=kind,
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
                region="eu-central-1", lead=self._cast.lead, phase="closed",
            )  # fmt: skip
            deployment = self._deployments[number % len(self._deployments)]
            self._experiment(exercise, deployment, f"Slot {number}", 0)

    def _experiment(self, exercise: Exercise, deployment: Any, title: str, offset_s: int) -> None:
        from exercises.models import Experiment, ExperimentRevision

        made = Experiment.objects.create(
            exercise=exercise, application=deployment.application, deployment=deployment,
            template_version=self._model.template_version, title=title,
            hypothesis=self._model.hypothesis, parameters=self._model.parameters,
            steady_state=self._model.steady_state, az=self._model.az, slot_offset_s=offset_s,
            status="proposed", author=self._cast.author, proposed_by=self._cast.author,
            proposed_at=self._now,
        )  # fmt: skip
        assert self._model.revision is not None
        made.revision = ExperimentRevision.objects.create(
            experiment=made, number=1, digest=self._model.revision.digest,
            plan=self._model.revision.plan, author=self._cast.author,
        )  # fmt: skip
        made.save(update_fields=["revision"])


def _day(number: float) -> datetime:
    return datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(days=number)


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
