"""Each failpoint is in exactly one place, and does what it is told."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from exercises import failpoints

PRODUCT = Path(failpoints.__file__).parent


def used() -> Iterator[str]:
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "failpoint":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), f"{path}: say the name itself"
                yield str(argument.value)


def test_every_failpoint_is_in_one_place_and_registered() -> None:
    assert Counter(used()) == Counter(failpoints.NAMES)


def passing(folder: Path, order: str) -> subprocess.CompletedProcess[str]:
    (folder / "start.sent").write_text(order)
    program = (
        "from exercises.failpoints import failpoint; failpoint('start.recorded');"
        "failpoint('start.sent'); failpoint('start.sent'); print('alive')"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"CHAOSPLANE_FAILPOINTS": str(folder), "PATH": "/usr/bin:/bin"},
        cwd=PRODUCT.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("order", "code", "output"),
    [("kill", -9, ""), ("raise", 1, ""), ("sleep 0.1", 0, "alive\n"), ("pause 0.2", 0, "alive\n")],
)
def test_an_order_strikes_once(tmp_path: Path, order: str, code: int, output: str) -> None:
    done = passing(tmp_path, order)
    assert (done.returncode, done.stdout) == (code, output)
    assert (tmp_path / failpoints.HITS).read_text() == f"start.sent {order.split()[0]}\n"
    assert not (tmp_path / "start.sent").exists()


def test_a_failpoint_that_is_not_registered_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match=r"start\.nowhere"):
        failpoints.arm({"start.nowhere": lambda: None})
