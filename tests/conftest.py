"""What every test may use: servers, the cast, the simulator, a worker, a browser.

Django reads its settings from the environment, so the servers are there first.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import pytest_django

from tests import migrated, servers

os.environ["CHAOSPLANE_ENV"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "chaosplane.settings"
os.environ["CHAOSPLANE_STOP_JOURNAL"] = tempfile.mkdtemp(prefix="chaosplane-stops-")
SERVERS = servers.start(os.environ)

import django  # noqa: E402

try:
    django.setup()
except BaseException:
    if SERVERS:
        SERVERS.stop()
    raise
# The settings are read. Left in the environment the name would make workers of pytest-xdist
# read them before this file has given them a queue of their own.
del os.environ["DJANGO_SETTINGS_MODULE"]

from django.db import connection  # noqa: E402
from django.db.backends.base.creation import TEST_DATABASE_PREFIX  # noqa: E402

from tests.emptying import end_other_sessions, lifting  # noqa: E402

if TYPE_CHECKING:
    from chaosplane.embedded.processes import Child
    from simulator.server import Simulator
    from tests.cast import Cast

CHROMIUM = next(
    filter(
        None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    ),
    None,
)


# Machines are slow and busy at times, which says nothing about a rule.
hypothesis.settings.register_profile(
    "unhurried",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
)
hypothesis.settings.load_profile("unhurried")


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVERS:
        SERVERS.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright leaves an event loop running in its thread for the rest of the session, so
    # nothing else may follow. Workers of pytest-xdist keep this order, too.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if CHROMIUM:
        return
    without = pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(without)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """A test that reaches for the internet fails at once instead of sometimes."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise PermissionError(f"a test tried to reach {host}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_use_migrations: bool
) -> migrated.Copy | None:
    if not django_db_use_migrations:
        return None
    copy = migrated.Copy(servers.database_url(connection.settings_dict))
    if copy.is_there:
        connection.settings_dict["TEST"]["TEMPLATE"] = copy.name
    return copy


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: migrated.Copy | None,
    django_db_setup: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[None]:
    copy = django_db_modify_db_settings
    # Where no test asks for a database pytest-django makes none: there is nothing to keep then.
    is_made = connection.settings_dict["NAME"].startswith(TEST_DATABASE_PREFIX)
    if copy and not copy.is_there and not is_made:
        copy.leave()
    elif copy and not copy.is_there:
        with django_db_blocker.unblock():
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
            copy.keep(connection.settings_dict["NAME"])
    operations = type(connection.ops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", lifting(operations.sql_flush))
        yield
    with django_db_blocker.unblock():
        end_other_sessions()


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.cast import assemble

    return assemble()


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Simulator]:
    """Simulated AWS on a port of its own, which every client of this process then talks to."""
    from exercises.aws.sessions import forget_clients
    from simulator.server import start

    running = start(port=0)
    for name, value in {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_ACCESS_KEY_ID": "chaosplane",
        "AWS_SECRET_ACCESS_KEY": "chaosplane",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    settings.SIMULATED_AWS = ["AWS_ENDPOINT_URL"]
    forget_clients()
    try:
        yield running
    finally:
        forget_clients()
        running.stop()


@pytest.fixture
def celery_worker_process(transactional_db: None, tmp_path: Path) -> Iterator[Child]:
    """A real worker on the test database. Ask for `simulator` first if it is to reach AWS."""
    from tests.workers import running_worker

    env = servers.environment_of_a_process(connection.settings_dict)
    with running_worker(f"t{os.getpid()}", env, tmp_path / "worker.log") as child:
        yield child


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    # Chromium refuses its sandbox to root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session", autouse=True)
def the_database_comes_before_a_browser(request: pytest.FixtureRequest) -> None:
    """And goes after it: it is made and dropped while no loop of Playwright runs here."""
    if any(item.get_closest_marker("browser") for item in request.session.items):
        request.getfixturevalue("django_db_setup")


@pytest.fixture(autouse=True)
def browsers_run_an_event_loop(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Playwright's loop runs in the thread of the test, where Django would refuse queries."""
    if request.node.get_closest_marker("browser"):
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
