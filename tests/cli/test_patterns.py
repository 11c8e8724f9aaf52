"""The scripts of canary and feature flag: what they leave at AWS for each way a run can end.

They are played as they stand, with stand-ins for the two commands they call.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from chaosplane import cli

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "api" / "examples"
AWS = """#!/bin/sh
echo "$@" >>"$CALLS"
case "$*" in
*get-alias*) echo 7 ;;
*publish-version*) echo 8 ;;
*start-deployment*) echo 3 ;;
esac
"""
CHAOSPLANE = """#!/bin/sh
echo "$@" >>"$ASKED"
case "$1" in
propose) [ "$ENDS" != refused ] || exit 2; echo '{"code": "EXP-17"}' ;;
run) [ "$ENDS" != interrupted ] || { kill -INT $PPID; exit 130; }; exit "$ENDS" ;;
esac
"""
CANARY = {"FUNCTION": "search", "ALIAS": "live", "EXPERIMENT": "late.json"}
FLAG = {
    **{name: name.lower() for name in ("APPLICATION", "ENVIRONMENT", "PROFILE", "STRATEGY")},
    "OFF": "1",
    "SOME": "2",
    "ALL": "3",
    "EXPERIMENT": "late.json",
}


def play(name: str, given: dict[str, str], ends: str, folder: Path) -> tuple[int, list[str]]:
    """The exit code of a script, and what it asked of AWS."""
    for command, text in (("aws", AWS), ("chaosplane", CHAOSPLANE)):
        (folder / command).write_text(text)
        (folder / command).chmod(0o755)
    environment = {
        **given,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "ASKED": str(folder / "asked"),
        "ENDS": ends,
    }
    done = subprocess.run(["sh", EXAMPLES / name], env=environment, check=False, timeout=60)
    for line in (folder / "asked").read_text().splitlines():
        cli.parser().parse_args(line.split())  # a command that there is
    return done.returncode, (folder / "calls").read_text().splitlines()


WAYS = [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4), ("refused", 2), ("interrupted", 130)]


@pytest.mark.parametrize(("ends", "code"), WAYS)
def test_a_canary_gets_all_calls_if_it_held_and_none_if_not(
    ends: str, code: int, tmp_path: Path
) -> None:
    ended, calls = play("canary.sh", CANARY, ends, tmp_path)
    assert ended == code
    assert "AdditionalVersionWeights={8=0.1}" in calls[2]
    version = "8" if ends == "0" else "7"
    assert (
        f"--function-version {version} --routing-config AdditionalVersionWeights={{}}"
        in (calls[-1])
    )


@pytest.mark.parametrize(("ends", "code"), WAYS)
def test_a_flag_goes_on_for_all_if_it_held_and_off_if_not(
    ends: str, code: int, tmp_path: Path
) -> None:
    ended, calls = play("feature-flag.sh", FLAG, ends, tmp_path)
    assert ended == code
    started = [call for call in calls if "start-deployment" in call]
    versions = [call.partition("--configuration-version ")[2].split()[0] for call in started]
    assert versions == ["2", "3" if ends == "0" else "1"]
    assert "wait deployment-complete" in calls[-1]
