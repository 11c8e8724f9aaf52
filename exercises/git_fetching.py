"""The JSON files of a folder of a Git repository, read without checking anything out.

`git` fetches one commit over https into a bare repository in a folder of its own, and its files
are read as objects: no hook runs, no filter (LFS), no submodule, no symlink is followed. What it
takes in time and size is bounded here. The caller has decided that the address may be reached.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exercises.domain.errors import EngineError, Invalid
from exercises.fetching import failed

SECONDS: Final = 30.0
MOST_BYTES: Final = 50 * 1024 * 1024
MOST_FILES: Final = 50
MOST_LISTED: Final = 2_000_000
"""Bytes of one listing: a small repository can unfold to endless folders."""
_MEMORY_KIB: Final = 2 * 1024 * 1024
_FILES: Final = frozenset({"100644", "100755"})
_KEPT: Final = ("PATH", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "https_proxy", "HTTPS_PROXY", "no_proxy")
_OPTIONS: Final = (
    "protocol.allow=never",
    "protocol.https.allow=always",
    "http.followRedirects=false",
    "credential.helper=",
    "core.hooksPath=/dev/null",
    "core.symlinks=false",
    "core.bigFileThreshold=1m",
    "fetch.unpackLimit=1",
    "fetch.fsckObjects=false",
    "gc.auto=0",
    "pack.threads=1",
    "submodule.recurse=false",
)


@dataclass(frozen=True, slots=True)
class GitFile:
    """One file of a commit."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class GitFolder:
    """What a folder held at a commit. `passed_over` says what was not read, and why."""

    commit: str
    files: tuple[GitFile, ...]
    passed_over: tuple[str, ...]


def read_folder(url: str, ref: str, folder: str, *, most_file_bytes: int) -> GitFolder:
    """Every JSON file below the folder. Raises EngineError (not reached, too slow, too large,
    no git) and Invalid (no such folder, too many files)."""
    if shutil.which("git") is None:
        raise EngineError(
            "git is not installed where chaosplane runs", outcome="none", retryable=False
        )
    with tempfile.TemporaryDirectory(prefix="chaosplane-git-") as home:
        git = _Git(Path(home))
        git.run("init", "--quiet", "--bare", "--template=", ".")
        git.run(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules",
            "--no-auto-maintenance", url, ref,
        )  # fmt: skip
        commit = git.run("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()
        return _folder(git, commit, folder, most_file_bytes)


def _folder(git: _Git, commit: str, folder: str, most: int) -> GitFolder:
    entries = list(_entries(git, commit, folder))
    if not entries:
        raise Invalid("folder", "holds nothing at this commit, or is none")
    passed_over, wanted = [], []
    for mode, sha, size, path in entries:
        if not path.endswith(".json"):
            continue
        if mode not in _FILES:
            passed_over.append(f"{path}: a symlink or submodule, which is not followed")
        elif size > most:
            passed_over.append(f"{path}: {size:,} bytes; at most {most:,}")
        else:
            wanted.append((sha, path))
    if len(wanted) > MOST_FILES:
        said = f"holds {len(wanted):,} JSON files; at most {MOST_FILES}: name one with fewer"
        raise Invalid("folder", said)
    files = tuple(
        GitFile(path, git.run("cat-file", "blob", sha, most=most + 1)) for sha, path in wanted
    )
    return GitFolder(commit, files, tuple(passed_over))


def _entries(git: _Git, commit: str, folder: str) -> Iterator[tuple[str, str, int, str]]:
    """Mode, object, size and path of everything below the folder."""
    below = [f"{folder}/"] if folder else []
    listed = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, *below)
    for line in filter(None, listed.split(b"\0")):
        about, _, path = line.partition(b"\t")
        mode, _kind, sha, size = about.decode().split()
        name = path.decode("utf-8", "replace")
        yield mode, sha, int(size) if size.isdigit() else 0, name


class _Git:
    """Commands of git in one folder, together within the bounds of time and size."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._until = time.monotonic() + SECONDS
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._environment = {
            **kept,
            "HOME": str(home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }

    def run(self, *words: str, most: int = MOST_LISTED) -> bytes:
        """What the command prints. Raises EngineError, also when it takes too long."""
        options = [part for option in _OPTIONS for part in ("-c", option)]
        # POSIX counts files in blocks of 512 bytes.
        limits = f"ulimit -f {MOST_BYTES // 512} && ulimit -v {_MEMORY_KIB}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'{limits} && exec git "$@"', "git", *options, *words],
            cwd=self._home,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            printed, said = self._read(process, most)
            process.wait(timeout=max(0.1, self._until - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise _too_slow() from error
        finally:
            _end(process)
        if process.returncode:
            raise failed(_words(said, process.returncode))
        return printed

    def _read(self, process: subprocess.Popen[bytes], most: int) -> tuple[bytes, bytes]:
        """Both streams to their ends; the second only its beginning."""
        assert process.stdout is not None
        assert process.stderr is not None
        printed, said = bytearray(), bytearray()
        with selectors.DefaultSelector() as streams:
            streams.register(process.stdout, selectors.EVENT_READ, printed)
            streams.register(process.stderr, selectors.EVENT_READ, said)
            while streams.get_map():
                ready = streams.select(max(0.0, self._until - time.monotonic()))
                if not ready:
                    raise _too_slow()
                for key, _ in ready:
                    chunk = os.read(key.fd, 65_536)
                    if not chunk:
                        streams.unregister(key.fileobj)
                    elif len(key.data) <= most:
                        key.data.extend(chunk)
                if len(printed) > most:
                    raise failed(f"it holds more than can be listed in {most:,} bytes")
        return bytes(printed), bytes(said[:4_000])


def _end(process: subprocess.Popen[bytes]) -> None:
    """With whatever it started, such as the process that speaks https."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()


def _too_slow() -> EngineError:
    return failed(f"it took longer than {SECONDS:g} seconds")


def _words(said: bytes, code: int) -> str:
    """The last line that git printed about it, without its prefix."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    if any("invalid index-pack output" in line for line in lines):  # what a limit ends says no more
        size = f"{MOST_BYTES // 1024 // 1024} MB"
        return f"git could not keep it: larger than {size} at this commit, or damaged"
    found = next((line for line in lines if line.startswith(("fatal:", "error:"))), "")
    return f"git could not read it: {(found or f'it ended with {code}').partition(': ')[2][:200]}"
