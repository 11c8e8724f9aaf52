"""A Chaos Toolkit run by the engine against the bare `chaos run` of the same experiment.

Both play it on simulated AWS, in turn, TRIES times; from the order to the end that is on disk
against the life of the bare process. The figure is the ratio of the medians.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from exercises.aws.sessions import start_variables
from exercises.domain.engine_values import StartOrder, Watch
from exercises.domain.plans import AccountAccess
from exercises.domain.toolkit_plan import rights_of, runnable
from exercises.engines.chaostoolkit import ToolkitEngine
from tests.simulated_aws import PLATFORM, access_to, stopped_clock
from tests.toolkit_experiments import action, desired, document

TRIES = 5
GOAL = 1.2
PAUSE_S = 2.0
PYTHON = Path(__file__).parents[1] / ".venv-toolkit" / "bin" / "python"


def main() -> int:
    method = [action(f"step-{n}", desired(n % 2), pauses={"after": PAUSE_S}) for n in range(4)]
    definition = document(*method)
    with tempfile.TemporaryDirectory() as folder, stopped_clock() as aws:
        aws.join("content-moderation")
        os.environ |= {
            "CHAOSPLANE_TOOLKIT_DIR": folder,
            "CHAOSPLANE_TOOLKIT_PYTHON": str(PYTHON),
            "CHAOSPLANE_TIME_SPEED": "1",
        }
        access = access_to(PLATFORM)
        bare, ours = [], []
        for _ in range(TRIES):
            bare.append(_bare(Path(folder), access, definition))
            ours.append(_ours(access, definition))
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"bare chaos run: {statistics.median(bare):.2f} s (median of {TRIES})")
    print(f"by the engine:  {statistics.median(ours):.2f} s")
    print(f"chaostoolkit_overhead: {ratio:.2f} times (goal: at most {GOAL})")
    return 0 if ratio <= GOAL else 1


def _bare(folder: Path, access: AccountAccess, definition: dict[str, object]) -> float:
    path = folder / "bare.json"
    path.write_text(json.dumps(runnable(definition, region=access.region, speed=1)))
    environment = os.environ | start_variables(access, rights_of(definition))
    chaos = [str(PYTHON.parent / "chaos"), "--no-version-check", "run"]
    began = time.perf_counter()
    subprocess.run(
        [*chaos, "--rollback-strategy=always", str(path)],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return time.perf_counter() - began


def _ours(access: AccountAccess, definition: dict[str, object]) -> float:
    engine, run_id = ToolkitEngine(), str(uuid4())
    ref = engine.provision(access, definition, "bench")
    not_after = datetime.now(UTC) + timedelta(seconds=60)
    began = datetime.now(UTC)
    seen = engine.start(access, StartOrder(run_id, ref, run_id, False, not_after))
    while not seen.status.is_terminal:
        time.sleep(0.2)
        [seen] = engine.observe(access, [Watch(seen.ref, None, full=False)])
    if seen.ended_at is None or seen.status.value != "completed":
        raise RuntimeError(f"{seen.status.value}: {seen.reason}")
    return (seen.ended_at - began).total_seconds()


if __name__ == "__main__":
    sys.exit(main())
