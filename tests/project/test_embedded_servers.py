"""Embedded servers answer while their parent lives and never outlive it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from chaosplane import embedded
from chaosplane.embedded.folders import private_folder
from chaosplane.embedded.processes import CannotStart, command_of
from chaosplane.embedded.servers import Servers

PARENT = """
import os, sys, time
from pathlib import Path
from chaosplane.embedded.servers import Servers
servers = Servers(Path(sys.argv[1]), durable=False, given={})
servers.start()
print(*(child.process.pid for child in servers.children.values()), flush=True)
time.sleep(600)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    # Below the project, since pytest's own folders are closed to `nobody`.
    folder = Path(__file__).resolve().parents[2] / ".data" / "test" / f"own-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(embedded.addresses(folder).run_dir, ignore_errors=True)


def write_and_read(servers: Servers) -> None:
    with psycopg.connect(servers.environment["DATABASE_URL"]) as session:
        session.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    client = redis.Redis.from_url(servers.environment["REDIS_URL"])
    client.set("n", 1)
    client.close()


def gone(pid: int) -> bool:
    return not command_of(pid)


def wait_for(question, seconds=15.0) -> bool:
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_servers_answer_until_they_are_stopped_and_keep_their_data(home):
    with Servers(home, durable=False, given={}) as servers:
        write_and_read(servers)
        children = [child.process.pid for child in servers.children.values()]
    assert all(gone(pid) for pid in children)
    with (
        Servers(home, durable=False, given={}) as servers,
        psycopg.connect(servers.environment["DATABASE_URL"]) as session,
    ):
        assert session.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_home_has_one_holder(home):
    first = Servers(home, durable=False, given={})
    with pytest.raises(CannotStart, match="Another chaosplane runs on"):
        Servers(home, durable=False, given={})
    first.stop()
    Servers(home, durable=False, given={}).stop()


def test_servers_given_by_address_are_used_and_none_is_started(home):
    given = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://b:6379/0"}
    with Servers(home, durable=False, given=given) as servers:
        assert servers.children == {}
        assert servers.environment == given


def test_a_server_that_ends_unasked_is_started_again(home):
    with Servers(home, durable=False, given={}) as servers:
        servers.children["Valkey"].process.kill()
        servers.children["Valkey"].process.wait()
        assert servers.revive() == ["Valkey"]
        assert servers.revive() == []
        write_and_read(servers)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with the parent")
def test_servers_end_with_a_parent_that_was_killed(home):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_for(lambda: all(gone(pid) for pid in children))
    with Servers(home, durable=False, given={}) as servers:
        write_and_read(servers)


def test_a_start_right_after_the_parent_was_killed_replaces_what_is_left(home):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    assert parent.stdout.readline()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    with Servers(home, durable=False, given={}) as servers:
        write_and_read(servers)


def test_a_pid_file_that_names_another_program_is_no_hindrance(home):
    with Servers(home, durable=False, given={}):
        pass
    left = home / "pg" / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n{home / 'pg'}\n")
    with Servers(home, durable=False, given={}) as servers:
        write_and_read(servers)


def test_data_of_another_major_version_is_left_alone_and_named(home):
    with Servers(home, durable=False, given={}):
        pass
    (home / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="was made by PostgreSQL 9"):
        Servers(home, durable=False, given={}).start()
    assert (home / "pg" / "PG_VERSION").read_text() == "9\n"


def test_a_half_made_cluster_is_made_anew(home):
    (home / "pg" / "base").mkdir(parents=True)
    with Servers(home, durable=False, given={}) as servers:
        write_and_read(servers)


def test_a_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").symlink_to(tmp_path / "theirs")
    with pytest.raises(CannotStart, match="belongs to someone else"):
        private_folder(tmp_path / "ours")


def test_a_folder_of_ours_is_closed_to_others(tmp_path):
    (tmp_path / "ours").mkdir(mode=0o777)
    assert private_folder(tmp_path / "ours").stat().st_mode & 0o777 == 0o700


def test_sockets_stay_short_however_long_the_home(tmp_path):
    where = embedded.addresses(tmp_path / ("deep/" * 60))
    assert len(str(where.postgres_dir / ".s.PGSQL.5432")) < 100
    assert len(str(where.valkey_socket)) < 100


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as someone else")
def test_a_home_closed_to_nobody_keeps_its_data_beside(tmp_path):
    home = tmp_path / "closed"
    home.mkdir(mode=0o700)
    where = embedded.addresses(home)
    aside = Path("/var/tmp") / where.run_dir.name
    try:
        with Servers(home, durable=False, given={}) as servers:
            write_and_read(servers)
        assert (aside / "pg" / "PG_VERSION").exists()
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(where.run_dir, ignore_errors=True)
