"""The lines that keep the promises of the product (cuts.toml), and what is left without each.

`__main__.py` cuts one after another in a copy of the project and sees that the tests named
beside it fail. `test_cuts.py` holds that every line is still there and every promise has one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROMISES: Final = {
    1: "At most one engine experiment per run, whatever crashes, repeats or is delivered twice",
    2: "No start without valid decisions for the digest that runs, by people who may decide",
    3: "No start in a freeze, outside the window, over the limits, or after a stop",
    4: "An acknowledged stop ends with the experiment terminal or never started",
    5: "After healing, every experiment is ours and in the right state, or reported as foreign",
    6: "What ran equals what was approved: verified before the start and after it",
    7: "Nobody sees or changes what is not theirs; Stop is for everyone in the room",
    8: "History is append-only: events, decisions, scores and audit",
    9: "A finding is verified only by a run that held, after the fix, on the same family",
    10: "Missed is skipped: nothing is caught up after an outage or a freeze",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Take `line` of `file` away, or put `left` in its place: `tests` have to fail.

    `file` and `tests` count from the root of the project; `line` stands in it once.
    """

    promise: int
    rule: str
    file: str
    line: str
    left: str
    tests: str

    @property
    def name(self) -> str:
        return f"{self.promise}: {self.rule}"


TABLE: Final = Path(__file__).with_name("cuts.toml")
CUTS: Final = tuple(Cut(**row) for row in tomllib.loads(TABLE.read_text("utf-8"))["cut"])
