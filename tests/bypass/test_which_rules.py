"""The rules themselves: who sets them, that there is one gate, and that nothing goes past it."""

from __future__ import annotations

import ast
import copy
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.test import Client
from rest_framework.test import APIClient

from exercises import permissions
from exercises.domain.actors import Door
from exercises.domain.errors import NotAllowed
from exercises.domain.freezes import FreezeFacts, freezes_touching
from exercises.domain.policy_document import default_rules
from exercises.domain.times import Window
from exercises.models import Exercise, FreezeWindow, PolicyActivation, PolicyVersion, Run
from exercises.models.append_only import AppendOnly
from exercises.models.due_work import database_now
from exercises.queries.policy import current_policy
from exercises.queries.start_gate import refusals
from exercises.services.policy import activate_policy, propose_policy
from exercises.services.start import start_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, work_off
from tests.project.house_rules import Module, modules_that_start_experiments
from tests.project.test_house_rules import modules

if TYPE_CHECKING:
    from simulator.server import Simulator

ROOT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def laxer() -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(default_rules())
    for row in document["rows"]:
        row["approvals"] = {"service_owner": 1}
    return document


@pytest.mark.bypass("B5")
@pytest.mark.django_db
def test_those_who_are_governed_set_no_policy(
    cast: Cast, as_person: Callable[[str], Client], caller: Callable[..., APIClient]
) -> None:
    """B5: teams propose none, nobody puts in force what they wrote, no token does at all."""
    for name in ("author", "owner", "operator", "outsider"):
        with pytest.raises(NotAllowed):
            propose_policy(actor=cast.actor(name), document=laxer(), reason="Less to ask")
        assert as_person(name).get("/policy/new/").status_code == 403
    version = propose_policy(actor=cast.actor("lead"), document=laxer(), reason="Less to ask")
    form = {"digest_seen": version.digest}
    for name in ("owner", "lead"):
        told = as_person(name).post(f"/policy/v{version.number}/activate/", form)
        assert told.status_code == 403, name
    for actor in (cast.actor("safety", Door.API), cast.actor("lead"), cast.actor("owner")):
        with pytest.raises(NotAllowed):
            activate_policy(actor=actor, version=version, digest_seen=version.digest)
    guessed = f"/api/v1/policy/{version.number}/activate/"
    assert caller("safety").post(guessed, form).status_code in {404, 405}
    assert current_policy().number == 1


@pytest.mark.bypass("B5")
@pytest.mark.django_db
def test_a_policy_in_force_is_history(cast: Cast) -> None:
    """B5: neither its rules nor who put it in force can be written over."""
    assert issubclass(PolicyVersion, AppendOnly)
    assert issubclass(PolicyActivation, AppendOnly)


def freeze_now(**changes: object) -> FreezeWindow:
    now = database_now()
    values = {"name": "Launch", "starts_at": now, "ends_at": now + HOUR, "environments": []}
    return FreezeWindow.objects.create(**values | changes)


@pytest.mark.bypass("B15")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["exercise", "self_service"])
def test_no_way_to_start_is_exempt_from_a_freeze(cast: Cast, estate: Simulator, kind: str) -> None:
    """B15: said Go by hand or scheduled by itself, the run meets the same gate."""
    exercise, run = build.live(cast)
    Exercise.objects.filter(pk=exercise.pk).update(kind=kind)
    freeze_now()
    Run.objects.filter(pk=run.pk).update(due_at=database_now())
    claimed = fresh(run)
    start_run(run_id=str(claimed.pk), fence=claimed.fence)  # as by hand, past the schedule
    assert fresh(run).state == "skipped"
    assert "Launch" in fresh(run).state_reason


@pytest.mark.bypass("B15")
def test_the_gate_has_no_word_for_by_hand() -> None:
    """B15: no argument of the gate or of a start says who asks or how urgent it is."""
    for path in ("domain/gate.py", "queries/start_gate.py", "services/start.py"):
        tree = ast.parse((ROOT / "exercises" / path).read_text("utf-8"))
        names = {a.arg for node in ast.walk(tree) if isinstance(node, ast.arguments)
                 for a in [*node.args, *node.kwonlyargs]}  # fmt: skip
        assert not {n for n in names if re.search(r"manual|force|skip|override|by_hand|urgent", n)}


@pytest.mark.bypass("B16")
def test_one_module_asks_aws_and_one_function_asks_that_module() -> None:
    """B16: StartExperiment, the engine's start and the way to it stand in one place each."""
    product = modules("chaosplane", "exercises")
    assert modules_that_start_experiments(product) == ["exercises/engines/fis.py"]
    assert _callers(product, "ask_engine") == {
        "exercises/services/settle_starts.py",
        "exercises/services/start.py",
    }
    starting = {
        str(module.path)
        for module in product
        if re.search(r"engine\([^)]*\]?\)\.start\(|chosen\.start\(", module.source)
    }
    assert starting == {"exercises/services/start_steps.py"}


def _callers(product: list[Module], name: str) -> set[str]:
    return {
        str(module.path)
        for module in product
        for call in module.calls()
        if isinstance(call.func, ast.Name) and call.func.id == name
    }


@pytest.mark.bypass("B16")
@pytest.mark.django_db
def test_moving_the_state_by_hand_starts_nothing(cast: Cast, estate: Simulator) -> None:
    """B16: a state is what was seen, no order; the database refuses a made-up one."""
    _, run = build.live(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state="running")
    assert fresh(run).state == "scheduled"


@pytest.mark.bypass("B17")
def test_a_freeze_holds_what_it_meets_minute_by_minute() -> None:
    """B17: against an oracle that walks every minute of run and freeze."""
    rng = random.Random(17)
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    for _ in range(300):
        begins, lasts = rng.randrange(120), rng.randrange(1, 60)
        slot, takes = rng.randrange(120), rng.randrange(1, 60)
        freeze = FreezeFacts(
            1,
            "Launch",
            Window(start + begins * MINUTE, start + (begins + lasts) * MINUTE),
            frozenset(),
            frozenset(),
            frozenset(),
        )
        busy = Window(start + slot * MINUTE, start + (slot + takes) * MINUTE)
        held = bool(
            freezes_touching([freeze], busy, environment="dev", account_ids=["1"], team_id=1)
        )
        frozen = set(range(begins, begins + lasts))
        assert held == bool(frozen & set(range(slot, slot + takes)))


@pytest.mark.bypass("B18")
@pytest.mark.django_db
def test_what_would_run_into_a_freeze_does_not_start(cast: Cast) -> None:
    """B18: the longest it can take must be over before the freeze begins."""
    _, run = build.live(cast)
    now = database_now()
    soon = now + timedelta(minutes=2)
    freeze = freeze_now(starts_at=soon, ends_at=now + HOUR)
    found = {r.rule for r in refusals(fresh(run), now=now, target_count=1)}
    assert "freeze.active" in found
    FreezeWindow.objects.filter(pk=freeze.pk).update(starts_at=now + 10 * MINUTE)
    found = {r.rule for r in refusals(fresh(run), now=now, target_count=1)}
    assert "freeze.active" not in found


@pytest.mark.bypass("B18")
@pytest.mark.django_db
def test_nothing_comes_out_of_a_freeze_as_a_burst(cast: Cast, estate: Simulator) -> None:
    """B18: what was held is skipped, and the end of the freeze brings nothing back."""
    _, run = build.live(cast)
    freeze = freeze_now()
    work_off()
    assert fresh(run).state == "skipped"
    FreezeWindow.objects.filter(pk=freeze.pk).update(ends_at=database_now())
    work_off(ahead_s=600)
    assert fresh(run).state == "skipped"
    assert Run.objects.exclude(pk=run.pk).count() == 0


@pytest.mark.bypass("B26")
def test_no_setting_switches_four_eyes_off() -> None:
    """B26: the rules read no setting but the speed of simulated time, which production
    refuses; no setting has a name that would."""
    told = re.compile(r"FOUR_EYES|SELF_APPROV|APPROVAL|BYPASS|SKIP_|REQUIRE_")
    assert [name for name in dir(django_settings) if name.isupper() and told.search(name)] == []
    for path in (
        "domain/approvals.py", "domain/gate.py", "domain/policy.py", "domain/capacities.py",
        "queries/approvals.py", "queries/start_gate.py", "queries/policy.py",
        "services/decide.py", "services/start.py", "services/policy.py", "permissions.py",
    ):  # fmt: skip
        source = (ROOT / "exercises" / path).read_text("utf-8")
        assert not re.search(r"django\.conf|os\.environ|getenv", source), path


@pytest.mark.bypass("B26")
def test_the_product_knows_no_tests() -> None:
    """B26: nothing of the tests' settings or builders is imported by the product."""
    for module in modules("chaosplane", "exercises"):
        assert not re.search(r"^\s*(from|import) tests\b", module.source, re.MULTILINE), module.path
    assert {"experiment.decide", "policy.activate"} <= permissions.RULES.keys()
