"""Plays a schedule on a stage, heals, waits for quiet, and asks the oracle.

Processes are calls here: a crash is an exception that nothing may catch, a sleeping worker
is a call in whose middle the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from celery import current_app
from django.db import connection

from exercises import failpoints, hints, tasks
from exercises.domain.approvals import DecisionVerdict
from exercises.domain.errors import Conflict, EngineError, Invalid, NotAllowed, Refused
from exercises.models import Exercise, FreezeWindow, Membership, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.services import start as _start
from exercises.services.decide import decide
from exercises.services.propose import edit_draft
from exercises.services.stop import stop_all, stop_run
from tests import build
from tests.harness.ledger import Act, Ledger
from tests.harness.oracle import Evidence, violations
from tests.harness.scene import Scene
from tests.harness.schedule import REFUSED_FOR_GOOD
from tests.harness.steps import Crash, Meanwhile, Schedule, Step

start: Any = _start

ANSWERED = (Conflict, Invalid, NotAllowed, Refused)
"""What a person is told instead of being obeyed: the act did not happen."""

PAUSES_S = (3.0, 20.0, 65.0, *(120.0,) * 12)
"""Between looks, once all is well: leases of the dead end first, then what was never found
is given up."""
LASTS_S = 65.0
"""After this an experiment that runs has ended."""
MOMENT_S = 0.05
"""Everything takes its moment, so that what came first can be told."""


class Crashed(BaseException):
    """The process died. Not an Exception: no handler may see it."""


class Player:
    """Carries out one schedule."""

    def __init__(
        self, scene: Scene, story: Schedule, tell: Callable[[str], None] | None = None
    ) -> None:
        self.scene = scene
        self._tell = tell
        self.story = story
        self.ledger = Ledger()
        self.messages: list[tuple[str, tuple[object, ...]]] = []
        self.delivered: list[tuple[str, tuple[object, ...]]] = []
        self.broker_loss = 0.0
        self.killed: set[str] = set()
        self._orders: dict[str, Crash | Meanwhile] = {}
        self._depth = len(connection.savepoint_ids)
        self._sent = 0

    def play(self) -> list[str]:
        """Every promise that was broken."""
        with self._listening():
            for step in self.story.steps:
                self._step(step)
            self._heal()
            self._quieten()
        if self._tell:
            self._tell_the_end(self._tell)
        return violations(self._evidence(), self.ledger, self.scene.runs())

    def _tell_the_end(self, tell: Callable[[str], None]) -> None:
        for entry in self.scene.stage.simulator.journal.entries():
            if entry["operation"].startswith(("Start", "Stop")):
                tell(f"AWS {entry['at'][11:23]} {entry['operation']} {entry['outcome']}")
        for event in RunEvent.objects.filter(run__in=self.scene.runs()).order_by("at", "pk"):
            tell(f"LOG {event.at:%H:%M:%S.%f} {event.kind}: {event.text}")
        for act in self.ledger.acts:
            tell(f"ACT {act}")

    # -- The broker

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """The broker is ours, and whoever sleeps lets time pass for everybody."""
        wake, slept = hints.wake, start.time
        hints.wake = self._wake
        start.time = SimpleNamespace(sleep=self.scene.stage.advance)
        try:
            yield
        finally:
            hints.wake, start.time = wake, slept
            failpoints.arm({})

    def _wake(self, task: str, *args: object) -> bool:
        self._sent += 1
        if self.broker_loss >= 1:
            return False
        # Every third message is lost without a word while the broker is unwell.
        if not (self.broker_loss and self._sent % 3 == 0):
            self.messages.append((task, args))
        return True

    # -- Steps

    def _step(self, step: Step) -> None:
        """One step; whoever dies in it stays dead, and the others go on."""
        if self._tell:
            self._tell(f"{database_now():%H:%M:%S.%f} {step} {len(self.messages)} messages")
        self.scene.stage.advance(MOMENT_S)
        if step.order is not None:
            self._give(step.order)
        try:
            getattr(self, f"_do_{step.kind}")(step)
        except Crashed:
            connection.run_on_commit.clear()

    def _give(self, order: Crash | Meanwhile) -> None:
        """The order waits at its place until somebody comes by."""
        self._orders[order.place] = order
        self._arm()

    def _arm(self) -> None:
        failpoints.arm({place: self._striking(order) for place, order in self._orders.items()})

    def _striking(self, order: Crash | Meanwhile) -> Callable[[], None]:
        def strike() -> None:
            del self._orders[order.place]
            self._arm()
            if isinstance(order, Crash):
                self.killed.add(order.place)
                self._died()
                raise Crashed(order.place)
            if len(connection.savepoint_ids) != self._depth:
                raise AssertionError(f"{order.place} is inside a transaction")
            for step in order.steps:
                self._step(step)

        return strike

    def _died(self) -> None:
        """Who dies after the rest was healed costs a lease, and here two minutes until somebody
        looks again: what a run has left of its slot counts from then."""
        if self.ledger.healed_at is not None:
            self.ledger.healed_at = self.scene.stage.clock.wall()

    def _do_tick(self, step: Step) -> None:
        tasks.tick()

    def _do_work(self, step: Step) -> None:
        """A worker takes a message."""
        if self.messages:
            message = self.messages.pop(int(step.amount * len(self.messages)))
            self.delivered.append(message)
            self._carry_out(message)

    def _do_work_off(self, step: Step) -> None:
        """A worker takes every message that waits."""
        for _ in range(len(self.messages)):
            self._step(Step("work"))

    def _do_again(self, step: Step) -> None:
        """The broker delivers a message once more."""
        if self.delivered:
            self._carry_out(self.delivered[int(step.amount * len(self.delivered))])

    def _carry_out(self, message: tuple[str, tuple[object, ...]]) -> None:
        task, args = message
        try:
            current_app.tasks[task](*args)
        except EngineError:
            connection.needs_rollback = False  # a task that failed: Celery logs it and goes on

    def _do_advance(self, step: Step) -> None:
        self.scene.stage.advance(step.amount)

    def _do_broker(self, step: Step) -> None:
        self.broker_loss = step.amount

    def _do_knob(self, step: Step) -> None:
        assert step.knob is not None
        knob = step.knob
        self.ledger.aws_refused |= knob.kind in REFUSED_FOR_GOOD
        self.scene.stage.simulator.knobs.add(
            type(knob)(knob.kind, knob.operation, count=knob.count, seconds=knob.seconds)
        )

    def _do_knobs_off(self, step: Step) -> None:
        self.scene.stage.simulator.knobs.clear()

    # -- People

    def _act(self, act: Act, do: Callable[[], object]) -> None:
        try:
            do()
        except ANSWERED:
            self.ledger.acts.remove(act)
            return
        self.scene.stage.advance(MOMENT_S)
        act.acknowledged = database_now()
        self.scene.stage.advance(MOMENT_S)  # what comes next comes later

    def _run(self, step: Step) -> Run:
        runs = self.scene.runs()
        return runs[int(step.amount * len(runs))]

    def _do_go(self, step: Step) -> None:
        self.scene.go()

    def _do_stop(self, step: Step) -> None:
        run = self._run(step)
        act = self.ledger.begin("stop", database_now(), str(run.pk))
        actor = self.scene.people.actor("author")
        self._act(act, lambda: stop_run(actor=actor, run=run))

    def _do_stop_all(self, step: Step) -> None:
        run = self._run(step)
        act = self.ledger.begin("stop", database_now(), str(run.pk))
        exercise = Exercise.objects.get(pk=run.experiment.exercise_id)
        actor = self.scene.people.actor("author")
        self._act(act, lambda: stop_all(actor=actor, exercise=exercise))

    def _do_freeze(self, step: Step) -> None:
        now = database_now()
        act = self.ledger.begin("freeze", now)
        act.until = until = now + timedelta(seconds=step.amount)
        self._act(
            act,
            lambda: FreezeWindow.objects.create(
                name="Launch", starts_at=now, ends_at=until, environments=[]
            ),
        )

    def _do_lift(self, step: Step) -> None:
        now = database_now()
        FreezeWindow.objects.filter(lifted_at__isnull=True).update(lifted_at=now)
        for act in self.ledger.about("", "freeze"):
            act.until = now

    def _do_decline(self, step: Step) -> None:
        run = self._run(step)
        assert run.revision is not None
        act = self.ledger.begin("decline", database_now(), str(run.pk))
        actor = self.scene.people.actor("owner")
        self._act(
            act,
            lambda: decide(
                actor=actor,
                experiment=run.experiment,
                verdict=DecisionVerdict.DECLINE,
                digest_seen=run.revision.digest,
                reason="not today",
            ),
        )

    def _do_leave(self, step: Step) -> None:
        act = self.ledger.begin("leave", database_now())
        owner = self.scene.people.owner
        self._act(act, lambda: Membership.objects.filter(user=owner).delete())

    def _do_edit(self, step: Step) -> None:
        run = self._run(step)
        act = self.ledger.begin("edit", database_now(), str(run.pk))
        deployment = run.experiment.deployment
        draft = build.draft(self.scene.people, deployment=deployment, parameters={"minutes": 2})
        actor = self.scene.people.actor("author")
        self._act(act, lambda: edit_draft(actor=actor, experiment=run.experiment, draft=draft))

    # -- The end

    def _heal(self) -> None:
        self.scene.stage.simulator.knobs.clear()
        self.broker_loss = 0.0
        # Who was to die still dies, once; nobody acts any more.
        self._orders = {k: each for k, each in self._orders.items() if isinstance(each, Crash)}
        self._arm()
        self.ledger.healed_at = database_now()

    def _quieten(self) -> None:
        """Tick and work until nothing of ours runs any more, here or in AWS."""
        if self.story.late:
            self._give(self.story.late)
        for pause in PAUSES_S:
            self._step(Step("tick"))
            while self.messages:
                self._step(Step("work_off"))
            if self._is_quiet():
                if self.story.is_judged:
                    self._step(Step("tick"))  # what opens when nothing is left to do
                return
            is_under_way = not self.scene.mine().filter(due_at__isnull=False).exists()
            self.scene.stage.advance(max(pause, LASTS_S) if is_under_way else pause)

    def _is_quiet(self) -> bool:
        if self.scene.mine().unfinished().exists():
            return False
        if self.story.is_judged and self.scene.mine().watched().exists():
            return False
        service = self.scene.stage.simulator.service
        return not any(region.active() for region in service.regions.values())

    def _evidence(self) -> Evidence:
        simulator = self.scene.stage.simulator
        return Evidence(
            journal=simulator.journal.entries(),
            experiments={
                experiment.id: experiment.document
                for region in simulator.service.regions.values()
                for experiment in region.experiments.values()
            },
        )
