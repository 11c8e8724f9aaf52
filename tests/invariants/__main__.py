"""`make invariants`: take each line of `cuts.py` away, and see that its tests fail.

Works in copies of the project, one per core; ONLY=7 tries the cuts of one promise, and
ONLY="the token" those whose rule says so.
"""

from __future__ import annotations

import os
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.invariants.cuts import CUTS, PROMISES, Cut

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "*.pyc")
FAILED, PASSED = 1, 0
"""Exit codes of pytest (its manual, "Exit codes")."""


def main() -> int:
    cuts = _chosen(os.environ.get("ONLY") or "")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaosplane-cuts-") as folder:
        places = [_copy(Path(folder) / str(number)) for number in range(os.cpu_count() or 1)]
        problems = _whole(places[0], cuts) or _try_all(places, cuts)
    noticed, promises = len(cuts) - len(problems), {cut.promise for cut in cuts}
    print(
        f"invariants: {noticed} of {len(cuts)} lines are missed when they are taken away,"
        f" {len(promises)} of {len(PROMISES)} promises, {time.monotonic() - began:.0f} s"
    )
    return 1 if problems else 0


def _chosen(only: str) -> Sequence[Cut]:
    found = [cut for cut in CUTS if not only or only == str(cut.promise) or only in cut.rule]
    if not found:
        raise SystemExit(f"no promise has the number and no rule the words {only!r}")
    return found


def _copy(place: Path) -> Path:
    shutil.copytree(ROOT, place, ignore=LEFT_OUT)
    return place


def _whole(place: Path, cuts: Sequence[Cut]) -> list[str]:
    """A test that fails anyway would notice everything."""
    names = sorted({word for cut in cuts for word in shlex.split(cut.tests)})
    code, said = _pytest(place, [name for name in names if name.startswith("tests/")])
    if code == PASSED:
        return []
    print(said)
    return ["the tests fail without a cut"] * len(cuts)


def _try_all(places: Sequence[Path], cuts: Sequence[Cut]) -> list[str]:
    todo: queue.SimpleQueue[Cut] = queue.SimpleQueue()
    for cut in cuts:
        todo.put(cut)
    problems: list[str] = []
    workers = [threading.Thread(target=_work, args=(place, todo, problems)) for place in places]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return problems


def _work(place: Path, todo: queue.SimpleQueue[Cut], problems: list[str]) -> None:
    while True:
        try:
            cut = todo.get_nowait()
        except queue.Empty:
            return
        problem = _try(place, cut)
        if problem:
            problems.append(problem)
            print(problem, flush=True)


def _try(place: Path, cut: Cut) -> str:
    """What is wrong with the tests of this cut; empty when they notice it."""
    file = place / cut.file
    whole = file.read_text("utf-8")
    file.write_text(whole.replace(cut.line, cut.left), "utf-8")
    try:
        code, said = _pytest(place, ["-x", *shlex.split(cut.tests)])
    finally:
        file.write_text(whole, "utf-8")
    if code == PASSED:
        return f"{cut.name}: nobody misses it ({cut.file}, {cut.tests})"
    if code != FAILED or "\nFAILED " not in said:
        return f"{cut.name}: it breaks the tests instead of failing one\n{said[-2000:]}"
    return ""


def _pytest(place: Path, arguments: Sequence[str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    variables = {k: v for k, v in os.environ.items() if k != "CHAOSPLANE_HOME"}
    done = subprocess.run(
        command, cwd=place, env=variables, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
