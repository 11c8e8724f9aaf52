"""What one does with a clone: install, demo, test, check. The Makefile is the caller.

Needs nothing but Python 3.11, and runs before anything is installed: standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# What only tries the API from outside has more packages than the product: a place of its own.
OUTSIDE = ROOT / ".venv-schemathesis"
# What plays Chaos Toolkit experiments is a process of its own, with packages of its own.
TOOLKIT = ROOT / ".venv-toolkit"
REQUIREMENTS = ROOT / "requirements"
LOCKS = ("installer", "runtime", "embedded", "test", "dev", "schemathesis", "otel", "toolkit")
# Whole demos and installations take minutes: beside the suite, which everybody waits for.
JOURNEYS = "tests/journey"
DRILLS = "tests/drills"
# Migrations are compared with the models; no server is asked, so none is waited for or missed.
WITHOUT_DATABASE = {
    "CHAOSPLANE_ENV": "test",
    "CHAOSPLANE_DB_POOL": "0",
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Stop(Exception):
    """Something the person has to do first; the message says what."""


# -- Installing ----------------------------------------------------------------------------


def install(lock: str, into: Path = VENV) -> None:
    """Bring a virtualenv to what the lock names, unless it is there already."""
    content = (REQUIREMENTS / f"{lock}.lock").read_bytes()
    digest = hashlib.sha256(content + sys.version.encode()).hexdigest()
    stamp, python = into / f".installed-{lock}", into / "bin" / "python"
    if python.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    _make_venv()
    if into != VENV:
        # Its installer is the one of .venv; pip is there for where uv cannot.
        venv.create(into, with_pip=True, clear=True)
    print(f"Installing requirements/{lock}.lock ...", flush=True)
    wanted = ["install", "--require-hashes", "-r", str(REQUIREMENTS / f"{lock}.lock")]
    uv = VENV / "bin" / "uv"
    done = subprocess.run(
        [uv, "pip", *wanted, "--quiet", "--compile-bytecode", "--python", python], check=False
    )
    if done.returncode:
        print("uv could not install it; pip tries now, with its own configuration.", flush=True)
        run([python, "-m", "pip", *wanted, "--quiet"])
    stamp.write_text(digest)


def _make_venv() -> None:
    if (VENV / "bin" / "uv").exists():
        return
    try:
        import ensurepip  # noqa: F401 - Debian ships Python without it
    except ImportError:
        raise Stop(
            "Python's venv module is not complete here. On Debian or Ubuntu:"
            " apt-get install python3-venv"
        ) from None
    print("Making .venv ...", flush=True)
    venv.create(VENV, with_pip=True, clear=True)
    lock = REQUIREMENTS / "installer.lock"
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock])


# -- Targets -------------------------------------------------------------------------------


def setup() -> None:
    """Install everything needed to work on it"""
    install("dev")


def demo() -> None:
    """Run it all here on simulated AWS: PORT=8000 (0: any free), HEADLESS=1 opens no browser"""
    install("embedded")
    install("toolkit", TOOLKIT)
    command = [str(PYTHON), "-m", "chaosplane.cli", "demo"]
    if port := os.environ.get("PORT"):
        command += ["--port", port]
    if (os.environ.get("HEADLESS") or "0") != "0":
        command.append("--headless")
    # Takes this process's place, so that a signal reaches the demo itself.
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606


def test() -> None:
    """Run the tests; ARGS="tests/domain -k stop" runs some"""
    install("test")
    install("toolkit", TOOLKIT)
    if not chromium():
        print("No Chromium here: the browser tests will be skipped (see `make browser`).")
    _on_workers(*(_words("ARGS") or [f"--ignore={JOURNEYS}", f"--ignore={DRILLS}"]))


def _on_workers(*some: str) -> None:
    # Grouped tests share one demo, so they stay in one worker; the browser tests stay last.
    groups = ("--dist", "loadgroup", "--no-loadscope-reorder")
    pytest("-n", os.environ.get("WORKERS") or "2", *groups, *some)


def drills() -> None:
    """Break parts of a whole installation and mend them, end demos, run benchmarks in short"""
    install("test")
    install("toolkit", TOOLKIT)
    _on_workers(DRILLS, *_words("ARGS"))


def journey() -> None:
    """Run the journeys through whole demos in a browser: minutes, mostly of waiting"""
    install("test")
    install("toolkit", TOOLKIT)
    if not chromium():
        print("No Chromium here: the journeys will be skipped (see `make browser`).")
    pytest(JOURNEYS, *_words("ARGS"))


def schemathesis() -> None:
    """Try every operation of the API against its OpenAPI document: CASES=10 each, SEED=1"""
    install("test")
    install("schemathesis", OUTSIDE)
    run([PYTHON, "-m", "tests.openapi", *_words("ARGS")])


def test_fast() -> None:
    """Run the tests that need neither a browser nor a worker"""
    install("test")
    install("toolkit", TOOLKIT)
    pytest("-m", "not browser and not worker", *_words("ARGS"))


def check() -> None:
    """What CI does after the tests: lint, types, imports, migrations, deployment"""
    install("dev")
    tool("ruff", "check", ".")
    tool("ruff", "format", "--check", ".")
    tool("mypy", ".", env={"CHAOSPLANE_ENV": "test"})
    tool("lint-imports", env={"CHAOSPLANE_ENV": "test"})
    manage("makemigrations", "--check", "--dry-run", env=WITHOUT_DATABASE)
    manage("check", "--deploy", "--fail-level", "WARNING", env=_production())
    print("All checks passed.")


def fix() -> None:
    """Mend what ruff can mend"""
    install("dev")
    tool("ruff", "check", "--fix", ".")
    tool("ruff", "format", ".")


def browser() -> None:
    """Run the browser tests"""
    install("test")
    if not chromium():
        raise Stop(
            "No Chromium here. On Debian or Ubuntu: apt-get install chromium;"
            " elsewhere put `chromium` or `google-chrome` on the PATH."
        )
    pytest("-m", "browser", *_words("ARGS"))


def bench() -> None:
    """Measure: NAME=dispatch runs benchmarks/dispatch.py"""
    install("test")
    install("toolkit", TOOLKIT)
    known = sorted(p.stem for p in (ROOT / "benchmarks").glob("[!_]*.py"))
    name = os.environ.get("NAME", "")
    if name not in known:
        raise Stop(f"Say which: make bench NAME={'|'.join(known) or '(there is none yet)'}")
    run([PYTHON, "-m", f"benchmarks.{name}", *_words("ARGS")])


def lock() -> None:
    """Write the hash locks anew from requirements/*.in"""
    install("dev")
    for name in LOCKS:
        run(
            [
                VENV / "bin" / "uv", "pip", "compile", "--universal", "--generate-hashes",
                "--python-version", "3.11", "--no-emit-index-url", "--no-annotate", "--quiet",
                "--custom-compile-command", "make lock",
                REQUIREMENTS / f"{name}.in", "-o", REQUIREMENTS / f"{name}.lock",
            ]
        )  # fmt: skip


def migrations() -> None:
    """Write the migrations that the models need"""
    install("embedded")
    manage("makemigrations", *_words("ARGS"), env=WITHOUT_DATABASE)


def sim() -> None:
    """Run simulated AWS alone: PORT=5055"""
    install("embedded")
    run([PYTHON, "-m", "simulator", "--port", os.environ.get("PORT") or "5055", *_words("ARGS")])


def clean() -> None:
    """Remove data and caches; the installed packages stay"""
    for name in (".data", ".pytest_cache", ".mypy_cache", ".ruff_cache", "staticfiles"):
        shutil.rmtree(ROOT / name, ignore_errors=True)


def help_() -> None:
    """Say what there is"""
    for name, target in TARGETS.items():
        print(f"  make {name:<15} {target.__doc__}")


def module(says: str, *command: str, asks: tuple[str, str] | None = None) -> Callable[[], None]:
    """A target that runs one module of the tests. `asks` is the setting that it takes, and
    what that is when nobody says."""

    def target() -> None:
        install("test")
        install("toolkit", TOOLKIT)
        asked = [os.environ.get(asks[0]) or asks[1]] if asks else []
        run([PYTHON, "-m", *command, *asked, *_words("ARGS")])

    target.__doc__ = says
    return target


TARGETS = {
    "help": help_,
    "setup": setup,
    "demo": demo,
    "test": test,
    "journey": journey,
    "drills": drills,
    "journey-curl": module(
        "Run docs/api/journey.sh against a demo, a person approving on the page in between",
        "tests.journey.by_program", "curl",
    ),
    "journey-cli": module(
        "Run docs/api/journey-cli.sh against a demo, a person approving on the page in between",
        "tests.journey.by_program", "cli",
    ),
    "schemathesis": schemathesis,
    "authz": module(
        "Ask every address by every method as everybody, and name other teams' things in bodies",
        "tests.authorization",
    ),
    "test-fast": test_fast,
    "check": check,
    "fix": fix,
    "browser": browser,
    "stop-matrix": module(
        "Press Stop with each part dead or hung: TRIES=5 times each",
        "tests.stop_matrix", asks=("TRIES", "5"),
    ),
    "crash": module(
        "Play schedules of crashes with real processes that are killed: SEEDS=40, SEED=7 replays",
        "tests.harness.processes",
    ),
    "crash-inprocess": module(
        "Play schedules of crashes in one process a core: SEEDS=1000, SEED=7 replays one",
        "tests.harness.inprocess",
    ),
    "without-valkey": module(
        "Play whole exercises of RUNS=6 runs while Valkey is dead and while it hangs",
        "tests.harness.without_valkey",
    ),
    "planted-bugs": module(
        "See that the crash schedules catch every bug planted on purpose: BUG=name tries one",
        "tests.harness.planted_bugs",
    ),
    "invariants": module(
        "Take away each line that keeps a promise, and see a test miss it: ONLY=7 is one promise",
        "tests.invariants",
    ),
    "tamper": module(
        "Alter evidence packs in every way, CASES=1000 of them, and see that each is found",
        "tests.evidence", asks=("CASES", "1000"),
    ),
    "reproducible": module(
        "Render every report and pack of the demo's past in two processes, and compare the bytes",
        "tests.reproducible",
    ),
    "scenarios": module(
        "Run the worked examples, each flawed and mended, and see that each has its verdict",
        "tests.scenarios",
    ),
    "ledger": module(
        "Count generated game days a second time by an oracle: CASES=10000",
        "tests.score_ledger", asks=("CASES", "10000"),
    ),
    "fuzz": module(
        "Spoil template documents in every way, CASES=50000 of them, and see each one answered",
        "tests.fuzz", asks=("CASES", "50000"),
    ),
    "bypass": module(
        "Try the 26 ways around four eyes at every door, and each race TRIES=200 times",
        "tests.bypass",
    ),
    "time-properties": module(
        "Check recurrence and windows against every minute: CASES=100000",
        "tests.time_properties", asks=("CASES", "100000"),
    ),
    "bench": bench,
    "lock": lock,
    "migrations": migrations,
    "sim": sim,
    "shots": module("Take the README's pictures from a demo", "docs.shots.take"),
    "clean": clean,
}  # fmt: skip


# -- How commands are run ------------------------------------------------------------------


def run(command: list[str | Path], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | (env or {}), check=False)
    if done.returncode:
        sys.exit(done.returncode if done.returncode > 0 else 128 - done.returncode)


def tool(name: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    print(f"$ {name} {' '.join(arguments)}", flush=True)
    run([VENV / "bin" / name, *arguments], env)


def manage(*arguments: str, env: dict[str, str]) -> None:
    print(f"$ manage.py {' '.join(arguments)}", flush=True)
    run([PYTHON, "manage.py", *arguments], env)


def pytest(*arguments: str) -> None:
    run([PYTHON, "-m", "pytest", *arguments])


def _words(name: str) -> list[str]:
    import shlex

    return shlex.split(os.environ.get(name, ""))


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def _production() -> dict[str, str]:
    """A production environment to check against; the addresses are never reached."""
    return {
        "CHAOSPLANE_ENV": "production",
        "CHAOSPLANE_SECRET_KEY": hashlib.sha512(b"only for check --deploy").hexdigest(),
        "CHAOSPLANE_BASE_URL": "https://chaosplane.example.test",
        "CHAOSPLANE_ALLOWED_HOSTS": "chaosplane.example.test",
        "DATABASE_URL": "postgresql://chaosplane@db.example.test/chaosplane",
        "REDIS_URL": "redis://queue.example.test:6379/0",
        "AWS_ENDPOINT_URL": "",
        "CHAOSPLANE_TIME_SPEED": "1",
    }


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one can still read this file
        print("Python 3.11 or newer is needed, this is", sys.version.split()[0], file=sys.stderr)
        return 1
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in TARGETS:
        print(f"There is no {name!r}; there is: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    try:
        TARGETS[name]()
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
