"""Benchmarks run to their end and print a line that programs can read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.worker
@pytest.mark.timeout(300)
def test_dispatch_measures_both_figures_against_their_floors() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.dispatch", "--short"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["benchmark"] == "dispatch"
    assert min(figures["rows_per_s"], figures["floor_rows_per_s"], figures["floor_ms"]) > 0


@pytest.mark.worker
@pytest.mark.timeout(300)
def test_planning_pages_ask_no_more_for_more_rows() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.planning_pages", "--short"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.count("calendar, a") == 2
