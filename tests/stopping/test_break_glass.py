"""`chaosplane stop` needs AWS credentials and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws.safety_lever import disengage, lever_status
from exercises.engines.registry import engine
from exercises.stopping import break_glass
from exercises.stopping.break_glass import Wish
from exercises.stopping.journal import Journal
from tests.fis_definitions import order, stopping
from tests.simulated_aws import PRODUCTION, REGION, access_to, stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator

ROOT = Path(__file__).resolve().parents[2]
ROLE = ["--role-arn", access_to(PRODUCTION).stop_role_arn, "--external-id", "chaosplane-demo"]


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


def started(name: str) -> str:
    """The experiment of a run of this name, under way."""
    fis, access = engine("fis"), access_to(PRODUCTION)
    template = fis.provision(access, stopping(f"{REGION}a"), "break-glass")
    return fis.start(access, order(template, name)).ref


def pass_time(aws: Simulator) -> None:
    clock: Any = aws.clock
    for _ in range(20):
        clock.advance(60)


@pytest.fixture(autouse=True)
def nothing_runs_on(aws: Simulator) -> Iterator[None]:
    """What one test started is over before the next, whichever came before it."""
    yield
    fis, access = engine("fis"), access_to(PRODUCTION)
    for found in fis.discover(access):
        fis.stop(access, found.ref)
    pass_time(aws)


def chaosplane_stop(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """As an operator would type it: no settings, no database, no queue."""
    own = ("DJANGO", "CHAOSPLANE", "DATABASE", "REDIS", "PYTEST")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    command = [sys.executable, "-m", "chaosplane.cli", "stop", *arguments]
    return subprocess.run(
        [*command, "--journal", str(home)],
        env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_everything_of_ours_in_a_region_is_stopped_and_written_down(
    aws: Simulator, tmp_path: Path
) -> None:
    ref = started("run-all")
    done = chaosplane_stop("--all", "--account", PRODUCTION, *ROLE, home=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"$ aws fis stop-experiment --id {ref} --region {REGION}" in done.stdout
    (entry,) = Journal(tmp_path).under_way()
    assert entry.order.door == "cli"
    assert set(entry.targets) == {ref}
    pass_time(aws)
    again = chaosplane_stop("--run", ref, *ROLE, home=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    nothing = chaosplane_stop("--all", *ROLE, home=tmp_path)
    assert nothing.returncode == 0
    assert "Nothing of ours runs" in nothing.stdout


@pytest.mark.parametrize("spoilt", ["{}", "no JSON", None], ids=["empty", "torn", "unreadable"])
def test_a_list_that_cannot_be_read_keeps_nothing_from_being_stopped(
    aws: Simulator, tmp_path: Path, spoilt: str | None
) -> None:
    """It belongs to the service; whoever breaks the glass may be somebody else."""
    ref = started(f"run-unlisted-{spoilt}")
    targets = tmp_path / "targets.json"
    if spoilt is None:
        targets.mkdir()  # root may read whatever belongs to another
    else:
        targets.write_text(spoilt)
    done = chaosplane_stop("--all", "--account", PRODUCTION, *ROLE, home=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert ref in done.stdout
    assert "What reaches here from other accounts is not known" in done.stdout


def test_a_run_that_is_not_there_stops_nothing(aws: Simulator, tmp_path: Path) -> None:
    ref = started("run-stays")
    done = chaosplane_stop("--run", "6c0b6f0e-aaaa-bbbb-cccc-000000000000", *ROLE, home=tmp_path)
    assert done.returncode == 1
    assert "Nothing was stopped" in done.stdout
    chaosplane_stop("--run", ref, *ROLE, home=tmp_path)


def test_an_experiment_is_found_by_its_id_in_whichever_region_it_runs(
    aws: Simulator, tmp_path: Path
) -> None:
    ref = started("run-elsewhere")
    done = chaosplane_stop(
        "--run", ref, "--region", "eu-west-1", "--region", REGION, *ROLE, home=tmp_path
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"$ aws fis stop-experiment --id {ref} --region {REGION}" in done.stdout


def test_a_run_of_the_chaos_toolkit_is_found_by_its_reference(
    aws: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = access_to(PRODUCTION)
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_DIR", str(tmp_path))
    for name in ("one", "two"):
        told = {"run_id": name, "tags": {}, "access": asdict(access), "definition": {}}
        (tmp_path / name).mkdir()
        (tmp_path / name / "order.json").write_text(json.dumps(told))

    found, problems = break_glass._targets(
        Wish(regions=[REGION], journal=tmp_path, run="CTK-two"), [access]
    )

    assert ([target.run_id for target in found], problems) == (["two"], [])


def test_nothing_is_called_stopped_while_leases_may_not_be_listed(
    aws: Simulator, tmp_path: Path
) -> None:
    from simulator.knobs import Knob

    aws.knobs.add(Knob("deny", "GetParametersByPath"))
    try:
        done = chaosplane_stop("--all", *ROLE, home=tmp_path)
    finally:
        aws.knobs.clear()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT CONFIRMED" in done.stdout
    assert "access denied" in done.stdout
    assert "Nothing of ours runs" not in done.stdout


def test_another_account_than_was_named_is_left_alone(aws: Simulator, tmp_path: Path) -> None:
    done = chaosplane_stop("--all", "--account", "222222222222", *ROLE, home=tmp_path)
    assert done.returncode == 2
    assert "nothing was done" in done.stdout


def test_the_safety_lever_is_engaged_when_asked_for(aws: Simulator, tmp_path: Path) -> None:
    done = chaosplane_stop(
        "--all", *ROLE, "--engage-safety-lever", "--reason", "fire", home=tmp_path
    )
    assert done.returncode in {0, 3}, done.stdout + done.stderr
    access = access_to(PRODUCTION)
    pass_time(aws)
    assert lever_status(access) == "engaged"
    assert disengage(access, "put out") == "disengaged"


def test_it_needs_neither_settings_nor_a_database() -> None:
    program = (
        "import sys; import chaosplane.cli, exercises.stopping.break_glass;"
        "from django.conf import settings;"
        "print(settings.configured, sorted({'psycopg', 'redis'} & sys.modules.keys()))"
    )
    seen = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "False []"


def test_engines_find_what_of_ours_runs(aws: Simulator) -> None:
    ref = started("run-found")
    (found,) = engine("fis").discover(access_to(PRODUCTION))
    assert found.ref == ref
    engine("fis").stop(access_to(PRODUCTION), ref)
