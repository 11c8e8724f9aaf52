"""The exercises of the process variant: built, acted on and judged from beside the cluster."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, close_old_connections, connection
from psycopg_pool import PoolTimeout

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.exercise_phases import Phase
from exercises.models import (
    AccountRegion,
    Application,
    Deployment,
    Exercise,
    Experiment,
    FreezeWindow,
    Run,
    TemplateVersion,
)
from exercises.models.due_work import database_now
from exercises.services.decide import decide
from exercises.services.go_live import go_live
from exercises.services.tokens import issue_token
from tests import build, cast
from tests.harness.chaos import PERSONAL, SLOT_S, Event, Story
from tests.harness.cluster import SPEED, Cluster
from tests.harness.ledger import Act, Ledger
from tests.harness.oracle import ENDED, RUN_TAG, Evidence, violations

PLACES: Final = (
    ("111111111111", "mqtt-broker", "mqtt-undelivered-high"),
    ("222222222222", "media-catalogue", "media-catalogue-availability"),
    ("333333333333", "mqtt-broker", "mqtt-undelivered-high"),
)
RUNS: Final = 2
ANY_INSTANCE: Final = {
    "one-instance": {
        "resourceType": "aws:ec2:instance",
        "resourceTags": {"chaosplane:application": "{{application}}"},
        "selectionMode": "COUNT(1)",
    }
}
"""Stopped or not: who plays side by side must not empty the targets of the others."""


class Theatre:
    """The people, and the next exercise for them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.people = cast.assemble()
        actor = self.people.actor("author")
        _, self.token = issue_token(actor=actor, name="crash", scopes=["read", "stop"], days=1)
        self.template = TemplateVersion.objects.create(
            template=build.template_version().template,
            number=2,
            definition=build.DEFINITION | {"targets": ANY_INSTANCE},
            parameters=build.PARAMETERS,
            rung=1,
        )
        self._applications = 0

    def stage(self, story: Story) -> Staged:
        """An approved exercise of two runs, just before Go."""
        exercise, experiments = self.approved(f"seed-{story.seed}", [SLOT_S] * RUNS)
        for event in story.events:
            if event.kind == "order" and event.what in PERSONAL and not event.seconds:
                act = PERSONAL[event.what]
                pk = exercise.pk if act == "go" else experiments[-1].pk
                self.cluster.die_in(event.what, act, pk)
        return Staged(self, story, exercise)

    def approved(self, slug: str, slots_s: Sequence[float]) -> tuple[Exercise, list[Experiment]]:
        """An exercise just before Go, with an experiment so many wall seconds after it."""
        exercise = build.exercise(self.people, slug=slug, opens_in=timedelta(minutes=5))
        experiments = [
            build.approved(
                self.people,
                exercise,
                deployment=self._deployment(),
                template_version=self.template,
                parameters={"minutes": 1},
                slot_offset_s=int(slot_s * SPEED),
            )
            for slot_s in slots_s
        ]
        for experiment in experiments:
            build.passed_preflight(experiment)
        Exercise.objects.filter(pk=exercise.pk).update(
            phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
        )
        exercise.refresh_from_db()
        return exercise, experiments

    def freeze(self, act: Act, until: datetime, playing: Sequence[Staged]) -> None:
        """Freezes are for everybody: each exercise that plays has it in its ledger."""
        act.until = until
        for staged in playing:
            staged.ledger.acts.append(act)

        def begin() -> None:
            FreezeWindow.objects.create(
                name="Launch", starts_at=database_now(), ends_at=until, environments=[]
            )

        if in_database(begin):
            act.acknowledged = datetime.now(UTC)

    def _deployment(self) -> Deployment:
        number = self._applications
        self._applications += 1
        account_id, tag_value, alarm = PLACES[number % len(PLACES)]
        application = Application.objects.create(
            slug=f"app-{number}", name=f"Application {number}", team=self.people.team, tier=1
        )
        build.ladder_opened(application, self.people.lead)
        return Deployment.objects.create(
            application=application,
            place=build.account(account_id),
            tag_value=tag_value,
            alarm_arns=[f"arn:aws:cloudwatch:{build.REGION}:{account_id}:alarm:{alarm}"],
            steady_state=_measured_at_all(tag_value, account_id),
        )


class Staged:
    """One exercise of one seed, and what is known of what people did to it."""

    def __init__(self, theatre: Theatre, story: Story, exercise: Exercise) -> None:
        self.theatre = theatre
        self.story = story
        self.exercise = exercise
        self.ledger = Ledger(aws_refused=story.refuses_for_good)
        self.run_ids: list[str] = []

    def go(self) -> None:
        go_live(actor=self.theatre.people.actor("lead"), exercise=self.exercise)
        self.went()

    def went(self) -> None:
        """Somebody said Go: these are the runs from now on."""
        runs = Run.objects.filter(experiment__exercise=self.exercise, is_rehearsal=False)
        self.run_ids = [str(pk) for pk in runs.order_by("pk").values_list("pk", flat=True)]
        # PostgreSQL may die next: no connection of ours is to be found dead later.
        connection.close()

    def act(self, event: Event, playing: Sequence[Staged]) -> None:
        """Somebody does something; whether it was answered is in the ledger."""
        act = Act(event.kind, datetime.now(UTC))
        run_id = self.run_ids[int(event.what)]
        if event.kind == "stop":
            act.run_id = run_id
            self._answered(act, lambda: self._stop(f"runs/{run_id}", event.what))
        elif event.kind == "stop_all":
            acts = [Act("stop", act.begun, run_id=each) for each in self.run_ids]
            self.ledger.acts += acts
            if self._stop(f"exercises/{self.exercise.slug}", event.what):
                for each in acts:
                    each.acknowledged = datetime.now(UTC)
        elif event.kind == "decline":
            act.run_id = run_id
            self._answered(act, lambda: in_database(lambda: self._decline(run_id)))
        else:
            self.theatre.freeze(act, act.begun + timedelta(seconds=event.seconds), playing)

    def _answered(self, act: Act, do: Callable[[], bool]) -> None:
        self.ledger.acts.append(act)
        if do():
            act.acknowledged = datetime.now(UTC)

    def _stop(self, what: str, web: str) -> bool:
        """Over the API of one of the two web processes, dead or alive."""
        asked = urllib.request.Request(
            f"{self.theatre.cluster.urls[int(web)]}/api/v1/{what}/stop/",
            data=b"{}",
            headers={
                "Authorization": f"Bearer {self.theatre.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(asked, timeout=8) as answer:
                json.load(answer)
            return True
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def _decline(self, run_id: str) -> None:
        run = Run.objects.select_related("revision", "experiment").get(pk=run_id)
        decide(
            actor=self.theatre.people.actor("owner"),
            experiment=run.experiment,
            verdict=DecisionVerdict.DECLINE,
            digest_seen=run.revision.digest,
            reason="not today",
        )

    def is_tried(self) -> bool:
        """Whether AWS was asked for each start, or nobody is going to ask any more."""
        close_old_connections()
        asked = {
            entry["input"].get("tags", {}).get(RUN_TAG)
            for entry in self._journal()
            if entry["operation"] == "StartExperiment"
        }
        waiting = Run.objects.unfinished().filter(pk__in=self.run_ids)
        return all(str(pk) in asked for pk in waiting.values_list("pk", flat=True))

    def healed(self) -> None:
        self.ledger.healed_at = datetime.now(UTC)

    def is_quiet(self, experiments: Mapping[str, Any]) -> bool:
        close_old_connections()
        if Run.objects.unfinished().filter(pk__in=self.run_ids).exists():
            return False
        mine = [each for each in self._made() if each in experiments]
        return all(experiments[ref]["state"]["status"] in ENDED for ref in mine)

    def violations(self) -> list[str]:
        experiments = self.theatre.cluster.experiments()
        for document in experiments.values():
            if "endTime" in document:
                document["endTime"] = datetime.fromisoformat(document["endTime"])
        mine = self._made()
        entries = [
            entry
            for entry in self._journal()
            if {entry["made"], entry["input"].get("id")} & mine
            or entry["input"].get("tags", {}).get(RUN_TAG) in self.run_ids
        ]
        runs = Run.objects.filter(pk__in=self.run_ids)
        known = list(runs.select_related("revision", "experiment__exercise"))
        found = violations(Evidence(entries, experiments), self.ledger, known)
        if found:
            self._tell(entries)
        return found

    def _tell(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """What led to it: with processes a seed may go otherwise when it is played again."""
        for act in self.ledger.acts:
            print(f"  {act.begun:%T.%f} to {act.acknowledged} {act.kind} {act.run_id}")
        for entry in entries:
            what = entry["input"].get("id") or entry["input"].get("tags", {}).get(RUN_TAG)
            print(f"  {entry['at']} {entry['operation']} {what} {entry['made']} {entry['outcome']}")

    def _made(self) -> set[str]:
        return {
            entry["made"]
            for entry in self._journal()
            if entry["operation"] == "StartExperiment"
            and entry["made"]
            and entry["input"].get("tags", {}).get(RUN_TAG) in self.run_ids
        }

    def _journal(self) -> list[dict[str, Any]]:
        lines = self.theatre.cluster.journal.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if "Experiment" in line]


def _measured_at_all(application: str, account_id: str) -> list[dict[str, Any]]:
    """Before a start there has to be data. What the others break at the same time is no reason
    not to start here: a latency is above zero whatever they do."""
    probe, other = build.probes_of(application, account_id)
    metric = "PublishToDeliverP99" if application == "mqtt-broker" else "LatencyP95"
    latency = {"metric": metric, "unit": "ms", "low": 1, "high": None}
    return [probe | latency, other | latency | {"stat": "Maximum"}]


def in_database(do: Callable[[], object]) -> bool:
    """Whether the database took it."""
    try:
        do()
        return True
    except (DatabaseError, PoolTimeout):
        return False
    finally:
        connection.close()


def end_leases() -> None:
    """Let the time of the leases pass that the dead still hold."""
    close_old_connections()
    later = database_now() + timedelta(seconds=1)
    for rows in (Run.objects.all(), AccountRegion.objects.all()):
        rows.filter(lease_until__gt=later).update(lease_until=later)
