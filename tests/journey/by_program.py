"""`python -m tests.journey.by_program curl|cli`: a script of docs/api against a demo.

The script proposes and waits; a person approves on the page, with the form that the page
has. Called by `make journey-curl` and `make journey-cli`; prints one line with its figure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from html import unescape
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urljoin

from tests.journey.demo_process import PROJECT, Demo, running_demo

SCRIPTS: Final = {"curl": "docs/api/journey.sh", "cli": "docs/api/journey-cli.sh"}
ENGINEER: Final = "Telemetry engineer"
OWNER: Final = "Telemetry service owner"
TITLES: Final = {
    "curl": "One broker stops, proposed by curl",
    "cli": "One broker stops, proposed by the command line",
}
VERDICTS: Final = {
    0: re.compile(r"^EXP-\d+[^:]*?:? held\b", re.MULTILINE),
    1: re.compile(r"^EXP-\d+[^:]*?:? not[ _]held\b", re.MULTILINE),
}
NEVER: Final = re.compile(r"(?!)")
WITHIN_S: Final = 300


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what its hidden fields and last button send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], str]] = []
        self._open: tuple[str, dict[str, str], list[str]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = (given.get("action", ""), {}, [])
        elif (
            self._open and given.get("name") and (tag == "button" or given.get("type") == "hidden")
        ):
            self._open[1][given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[2].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            action, fields, words = self._open
            self.found.append((action, fields, " ".join(words)))
            self._open = None


class Person:
    """Somebody with a browser's cookies who reads pages and sends their forms."""

    def __init__(self, demo: Demo, role: str) -> None:
        self._url = demo.url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        forms = Forms(self.read("sign-in/")).found
        action, fields, _ = next(form for form in forms if role in form[2])
        self.send(action, fields)

    def read(self, path: str) -> str:
        with self._opener.open(urljoin(self._url, path), timeout=30) as answer:
            return str(answer.read().decode())

    def send(self, path: str, fields: dict[str, str] | list[tuple[str, str]]) -> str:
        request = urllib.request.Request(
            urljoin(self._url, path), urlencode(fields).encode(), {"Referer": self._url}
        )
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())

    def token(self, *scopes: str) -> str:
        action = "settings/tokens/"
        form = next(f for f in Forms(self.read(action)).found if "Issue token" in f[2])
        fields = [*form[1].items(), ("name", "journey"), ("days", "1")]
        page = self.send(action, fields + [("scopes", scope) for scope in scopes])
        found = re.search(r'id="secret">(cpl_[\w-]+)<', page)
        assert found, "the page shows no token"
        return found[1]

    def approves(self, title: str) -> bool:
        """Approve what has this title, as it stands on the page; False: it does not wait here."""
        link = re.search(
            rf'href="(\?[^"]*experiment=\d+)"[^>]*><span class="r"><b>{re.escape(title)}<',
            self.read("approvals/"),
        )
        if link is None:
            return False
        page = self.read(f"approvals/{unescape(link[1])}")
        for action, fields, words in Forms(page).found:
            if "Approve" in words and re.search(r"approvals/EXP-\d+/", action):
                self.send(action, {**fields, "verdict": "approve"})
                return True
        return False


def main(name: str) -> int:
    with running_demo() as demo:
        return play(demo, name)


def play(demo: Demo, name: str) -> int:
    """The script beside the person; 0 when one approval on the page led to a verdict.

    Whether it held is the estate's to say; the script has to say the same in its exit code.
    """
    token = Person(demo, ENGINEER).token("read", "write")
    owner, began, approved = Person(demo, OWNER), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        script = subprocess.Popen(
            [PROJECT / SCRIPTS[name]],
            cwd=PROJECT,
            env=_environment(demo, token, Path(folder)),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            while script.poll() is None and time.monotonic() < began + WITHIN_S:
                approved += owner.approves(TITLES[name])
                time.sleep(1)
        finally:
            if script.poll() is None:
                script.terminate()
            said, _ = script.communicate()
    took = time.monotonic() - began
    print(said, end="")
    print(
        f"journey-{name}: exit {script.returncode}, {approved} approved on the page,"
        f" proposal to verdict in {took:.0f} s (at most {WITHIN_S})"
    )
    is_told = VERDICTS.get(script.returncode, NEVER).search(said) is not None
    return 0 if is_told and approved == 1 else 1


def _environment(demo: Demo, token: str, folder: Path) -> dict[str, str]:
    """The command line is the one of this tree; nothing of its own configuration is used."""
    command = folder / "chaosplane"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m chaosplane.cli "$@"\n')
    command.chmod(0o755)
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return kept | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "XDG_CONFIG_HOME": str(folder),
        "CHAOSPLANE_URL": demo.url,
        "CHAOSPLANE_TOKEN": token,
        "PATIENCE_S": str(WITHIN_S),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
