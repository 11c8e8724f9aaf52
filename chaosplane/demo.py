"""The demo: the whole product and simulated AWS on one machine; `chaosplane demo` is the caller.

Everything started here ends with this process. The simulator holds AWS in its memory, so it is
there before the product and what it loses by a restart is said aloud.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chaosplane import started_by_make
from chaosplane.embedded.processes import CannotStart, Child, spawn, tail, wait_until
from chaosplane.embedded.servers import Servers
from chaosplane.supervision import Keeper, Kept

PROJECT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
# SIGHUP: the terminal was closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping(BaseException):
    """Ctrl-C and its like: unwinds whatever step the demo is in."""


@dataclass(frozen=True)
class Wishes:
    home: Path
    port: int
    speed: float
    open_browser: bool


def run(wishes: Wishes, variables: Mapping[str, str]) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises CannotStart with what is in the way."""
    port = _free_port() if wishes.port == 0 else _checked_port(wishes.port)
    url, simulator_url = f"http://{HOST}:{port}", f"http://{HOST}:{_free_port()}"
    servers = Servers(wishes.home, durable=True, given=variables)
    addresses = servers.environment | {
        "CHAOSPLANE_STOP_JOURNAL": str(wishes.home.resolve() / "stop-journal"),
        "CHAOSPLANE_TOOLKIT_DIR": str(wishes.home.resolve() / "toolkit"),
        "CHAOSPLANE_MAIL_FOLDER": str(wishes.home.resolve() / "mail"),
    }
    env = environment(variables, addresses, url, simulator_url, wishes.speed)
    keeper = Keeper(wishes.home / "logs", env, PROJECT)
    asked_through_make = started_by_make.watch()
    with _stopping_on_signals():
        try:
            servers.start()
            sign_ins = _bring_up(keeper, url, simulator_url, wishes.speed)
            print(
                sign_ins, f"simulated AWS: {simulator_url}/simulator/", f"ready: {url}/",
                sep="\n", flush=True,
            )  # fmt: skip
            if wishes.open_browser and _has_display(variables):
                webbrowser.open(url)
            while not asked_through_make():
                for name in servers.revive():
                    print(f"{name} ended unasked and was started again.", flush=True)
                keeper.look_after()
                time.sleep(0.2)
        except Stopping:
            pass
        finally:
            _ignore_signals()
            # The terminal may be gone, which must not keep us from stopping the rest.
            with suppress(OSError):
                print("Stopping.", flush=True)
            keeper.stop(seconds=4)
            servers.stop(seconds=4)


def environment(
    variables: Mapping[str, str],
    addresses: Mapping[str, str],
    url: str,
    simulator_url: str,
    speed: float,
) -> dict[str, str]:
    """What the demo's processes see.

    Nothing of the person's own AWS set-up is passed on: the demo must not be able to reach
    a real account, whatever is configured on the machine.
    """
    own = {
        name: value
        for name, value in variables.items()
        if not name.startswith(("AWS_", "CHAOSPLANE_", "DJANGO_"))
    }
    return own | dict(addresses) | {
        "PYTHONPATH": str(PROJECT),
        "CHAOSPLANE_ENV": "demo",
        "CHAOSPLANE_BASE_URL": url,
        "CHAOSPLANE_TIME_SPEED": f"{speed:g}",
        "CHAOSPLANE_PROBE_ORIGINS": simulator_url,
        "CHAOSPLANE_TOOLKIT_PYTHON": str(PROJECT / ".venv-toolkit" / "bin" / "python"),
        "DJANGO_SETTINGS_MODULE": "chaosplane.settings",
        "AWS_ENDPOINT_URL": simulator_url,
        "AWS_ACCESS_KEY_ID": "chaosplane",
        "AWS_SECRET_ACCESS_KEY": "chaosplane",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


def _bring_up(keeper: Keeper, url: str, simulator_url: str, speed: float) -> str:
    """Start everything in the order in which it needs each other; answers the sign-ins."""
    python, port = sys.executable, url.rpartition(":")[2]
    simulator = keeper.keep(
        Kept(
            "simulator",
            [
                python, "-m", "simulator", "--host", HOST,
                "--port", simulator_url.rpartition(":")[2], "--speed", f"{speed:g}",
                "--worlds", "all",
            ],
            loss="Simulated AWS began anew: runs that were under way end as failed.",
        )
    )  # fmt: skip
    _finish(keeper, "migrate", [python, "manage.py", "migrate", "--no-input"], 120)
    wait_until(simulator, lambda: _answers(f"{simulator_url}/simulator/state"), 60)
    web = keeper.keep(
        Kept(
            "web",
            [
                python, "-m", "uvicorn", "chaosplane.asgi:application", "--host", HOST,
                "--port", port, "--timeout-graceful-shutdown", "2", "--no-access-log",
            ],
        )
    )  # fmt: skip
    sign_ins = _finish(
        keeper, "demo_data", [python, "manage.py", "demo_data", "--print-sign-ins"], 120
    )
    celery = [python, "-m", "celery", "-A", "chaosplane"]
    keeper.keep(
        Kept(
            "worker",
            [
                *celery, "worker", "-c", "2", "-l", "warning",
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            ],
        )
    )  # fmt: skip
    keeper.keep(Kept("sentinel", [python, "manage.py", "sentinel"]))
    keeper.keep(Kept("beat", [*celery, "beat", "-l", "warning", "--pidfile="]))
    wait_until(web, lambda: _answers(f"{url}/readyz"), 60)
    return sign_ins


def _finish(keeper: Keeper, name: str, args: list[str], seconds: float) -> str:
    """Run one step to its end and answer what it wrote."""
    log = keeper.logs / f"{name}.log"
    log.unlink(missing_ok=True)
    step: Child = spawn(name, args, log=log, env=keeper.env, cwd=keeper.cwd)
    end = time.monotonic() + seconds
    try:
        while step.alive():
            if time.monotonic() > end:
                raise CannotStart(f"{name} is not done after {seconds:g} s: see {log}")
            time.sleep(0.02)
    finally:
        step.ask_to_stop()
        step.wait_or_end(2)
    if step.process.returncode:
        raise CannotStart(f"{name} failed, the end of {log}:\n{tail(log, 15)}")
    return log.read_text(encoding="utf-8").strip()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _checked_port(port: int) -> int:
    with socket.socket() as probe:
        # Like the server itself: the last demo's closed connections do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}): say PORT=<another>, or PORT=0"
                " for any free one."
            ) from error
    return port


def _has_display(variables: Mapping[str, str]) -> bool:
    if sys.platform != "linux":
        return True
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopping

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """A second Ctrl-C must not leave half of it running; the time to stop is bounded anyway."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
