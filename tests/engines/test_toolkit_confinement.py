"""Whatever a hostile experiment does is bounded, ends with its run, and sees nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from exercises.engines import toolkit_folder as files
from exercises.engines import toolkit_process
from exercises.engines.toolkit_process import CHILD, LIMITS, MARK, end_all, marked
from exercises.engines.toolkit_work import (
    LONGEST_LINE,
    MOST_EVENTS,
    MOST_JOURNAL,
    Told,
    journal_of,
    read_told,
)

CONFINE = (CHILD / "confine.py").read_text(encoding="utf-8")
NOBODY = 65_534


def confined(code: str, *, limits: dict[str, int]) -> subprocess.CompletedProcess[str]:
    """Run code under limits, in a process of its own."""
    program = f"{CONFINE}\nconfine({json.dumps(limits)})\n{code}"
    return subprocess.run(
        [Path(sys.base_prefix) / "bin" / "python3", "-c", program],
        capture_output=True,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
    )


def test_a_journal_of_100_megabytes_is_refused_and_said(tmp_path: Path) -> None:
    work = tmp_path / files.WORK
    work.mkdir()
    with (work / "journal.json").open("wb") as file:
        file.truncate(100_000_000)
    journal, problem = journal_of(tmp_path)
    assert journal is None
    assert problem == f"Its journal of 100,000,000 bytes is not taken: at most {MOST_JOURNAL:,}."


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", '"x"', "{", "\x00"])
def test_a_journal_that_is_none_is_refused_and_said(tmp_path: Path, content: str) -> None:
    work = tmp_path / files.WORK
    work.mkdir()
    (work / "journal.json").write_text(content)
    journal, problem = journal_of(tmp_path)
    assert journal is None
    assert problem.startswith("Its journal")


def test_a_journal_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    work = tmp_path / files.WORK
    work.mkdir()
    (tmp_path / "secret.json").write_text("{}")
    (work / "journal.json").symlink_to(tmp_path / "secret.json")
    assert journal_of(tmp_path)[0] is None


def test_events_are_bounded_in_length_and_number() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    told = Told([])
    told.count = MOST_EVENTS - 1
    line = json.dumps({"kind": "activity", "name": "a", "status": "x" * 5_000, "more": 1})
    os.write(writing, b"not json\n" + line.encode() + b"\n" + line.encode() + b"\n")
    [event] = read_told(reading, told)
    assert len(event["status"]) == 2_000
    assert "more" not in event
    os.write(writing, b"x" * 60_000)
    assert list(read_told(reading, told)) == []
    assert len(told.rest) <= LONGEST_LINE
    os.close(reading)
    os.close(writing)


def test_a_fork_bomb_stays_within_its_limit() -> None:
    """The limit counts the processes of a user, and the superuser has none."""
    bomb = """
started = 0
try:
    while started < 200:
        if os.fork() == 0:
            signal.pause()
        started += 1
except BlockingIOError:
    print("refused after", started)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.killpg(os.getpgrp(), signal.SIGTERM)
"""
    is_root = os.geteuid() == 0
    limit = 30 if is_root else toolkit_process._processes() + 30
    before = f"os.setpgrp()\nif {is_root}:\n    os.setuid({NOBODY})\n"
    ended = confined(before + bomb, limits={"RLIMIT_NPROC": limit})
    said, _, count = ended.stdout.strip().rpartition(" ")
    assert said == "refused after", ended.stderr
    assert int(count) <= 30


def test_no_file_of_a_run_grows_beyond_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    code = f"""
try:
    with open({str(path)!r}, "wb") as file:
        file.write(bytes(2_000_000))
except OSError as error:
    print(error.strerror)
"""
    ended = confined(code, limits={**LIMITS, "RLIMIT_FSIZE": 1_000_000})
    assert ended.stdout.strip() == "File too large", ended.stderr
    assert path.stat().st_size <= 1_000_000


def test_all_that_a_run_started_ends_with_it_wherever_it_went() -> None:
    run_id = str(uuid4())
    code = (
        "import os, sys, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork():\n"
        "            os._exit(0)\n"
        "        os.write(1, b'x')\n"
        "        time.sleep(600)\n"
        "os.write(1, b'x')\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={MARK: run_id}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.read(4) == b"xxxx"
    assert len(marked(run_id)) == 4
    assert end_all(run_id)
    assert marked(run_id) == []
    process.wait()
    process.stdout.close()


def test_a_run_is_handed_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "CHAOSPLANE_SECRET_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ):
        monkeypatch.setenv(name, "ours")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5055")
    handed = toolkit_process._environment(tmp_path, Path("/opt/toolkit/bin/python"), "run")
    assert "ours" not in handed.values()
    assert handed["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5055"
    assert handed["HOME"] == str(tmp_path)
    assert handed["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
