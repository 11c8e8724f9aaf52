"""The classes of bypasses by their number, as docs/developer/bypass-classes.md explains them.

A test says which it tries with `pytest.mark.bypass("B1")`; test_every_class.py and
`make bypass` hold that none is left out.
"""

from __future__ import annotations

import os
from typing import Final

CLASSES: Final = {
    "B1": "an author, sender or scheduler approves their own",
    "B2": "whoever edited it approves it",
    "B3": "an approval survives an edit",
    "B4": "an approval survives another account, Region, slot or window",
    "B5": "those who are governed change the policy",
    "B6": "a name stands for another content than was read",
    "B7": "the approver has left or lost the role by the start",
    "B8": "one person decides as two",
    "B9": "a token or a program approves",
    "B10": "an approval is replayed, linked to or fetched",
    "B11": "an approval races an edit, a no or itself",
    "B12": "a no races the start",
    "B13": "a lapsed approval still lets it through",
    "B14": "somebody almighty is exempt",
    "B15": "a start by hand is exempt from a freeze",
    "B16": "another part of the product starts by itself",
    "B17": "a freeze is wrong in time",
    "B18": "work runs into a freeze, or comes out of one as a burst",
    "B19": "anyone who sees it decides",
    "B20": "the template changes between the check and the start",
    "B21": "the same plan leans on something that changed",
    "B22": "two contents have one digest, or one content two",
    "B23": "a friend is let into the group to approve",
    "B24": "one person fills two places",
    "B25": "one approval serves a whole series",
    "B26": "a setting switches four eyes off",
}

TRIES: Final = int(os.environ.get("TRIES") or 4)
"""Interleavings of each race: a few in the suite, 200 in `make bypass`."""
