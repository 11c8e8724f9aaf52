"""`make bench NAME=demo_start`: how long a newcomer waits for the demo, and for its end.

Clones the last commit into an empty folder, as a newcomer does, and runs `make demo` twice:
cold, with everything to be installed, and warm. Each ends by Ctrl-C. Exits with 1 when the
cold start takes more than 180 s, the warm one more than 15 s, or an end more than 10 s.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
COLD_S, WARM_S, END_S = 180.0, 15.0, 10.0
OURS = ("MAKE", "MFLAGS", "CHAOSPLANE_", "PYTHON", "VIRTUAL_ENV", "NAME", "ARGS", "PORT")
"""What make and this run set for themselves, and a newcomer has not."""
DEMO = ["make", "demo", "HEADLESS=1", "PORT=0"]


def main() -> int:
    home = Path(tempfile.mkdtemp(prefix="chaosplane-newcomer-"))
    # PostgreSQL runs as nobody when we are root and has to reach its data.
    home.chmod(0o755)
    try:
        began = time.monotonic()
        clone = home / "chaosplane"
        subprocess.run(["git", "clone", "-q", str(PROJECT), str(clone)], check=True)
        cloned_s = time.monotonic() - began
        cold, cold_end = _once(clone)
        warm, warm_end = _once(clone)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    cold, end = cold + cloned_s, max(cold_end, warm_end)
    good = cold <= COLD_S and warm <= WARM_S and end <= END_S
    print(
        f"demo_start: cold {cold:.1f} s (at most {COLD_S:.0f}), warm {warm:.1f} s"
        f" (at most {WARM_S:.0f}), ended {end:.1f} s after Ctrl-C (at most {END_S:.0f}):"
        f" {'good' if good else 'NOT good'}"
    )
    return 0 if good else 1


def _once(clone: Path) -> tuple[float, float]:
    """Seconds to the printed address, and from Ctrl-C to the end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    began = time.monotonic()
    demo = subprocess.Popen(
        DEMO, cwd=clone, env=own, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert demo.stdout is not None
    said = []
    try:
        for line in demo.stdout:
            said.append(line)
            if line.startswith("ready: "):
                break
        else:
            raise RuntimeError(f"make demo never was ready:\n{''.join(said[-20:])}")
        ready = time.monotonic() - began
        asked = time.monotonic()
        os.killpg(demo.pid, signal.SIGINT)  # what a terminal does
        demo.stdout.read()
        demo.wait()
        return ready, time.monotonic() - asked
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
