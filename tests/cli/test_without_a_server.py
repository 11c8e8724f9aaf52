"""What the command line does before and without a server: addresses, files, answers, forms."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaosplane import cli
from chaosplane.client import following, sign_in, stopping
from chaosplane.client.progress import Progress, span
from chaosplane.client.results import Result, write
from chaosplane.client.server import Answer, NotDone, Request, Server, Unreachable


@pytest.mark.parametrize(
    "url", ["", "chaosplane.example.test", "ftp://a.test", "http://a.test", "https://me:pw@a.test"]
)
def test_a_token_goes_to_no_address_that_is_unsafe(url: str) -> None:
    with pytest.raises(sign_in.NotSignedIn):
        sign_in.read_url(url)


def test_this_machine_needs_no_encryption() -> None:
    assert sign_in.read_url("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nline", "ключ"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(sign_in.NotSignedIn, match="no token"):
        sign_in.read_token(token)


def test_a_kept_token_goes_to_no_other_address(tmp_path: Path) -> None:
    variables = {"XDG_CONFIG_HOME": str(tmp_path)}
    sign_in.keep(variables, sign_in.Access("https://a.example.test", "cpl_a"))
    assert sign_in.access(variables).token == "cpl_a"
    with pytest.raises(sign_in.NotSignedIn, match=r"kept is for https://a\.example\.test"):
        sign_in.access(variables | {"CHAOSPLANE_URL": "https://b.example.test"})


@pytest.mark.parametrize("text", ["", "[]", '{"url": 1}', '{"url": "https://a.test"}'])
def test_a_file_that_login_did_not_write_is_named(tmp_path: Path, text: str) -> None:
    variables = {"XDG_CONFIG_HOME": str(tmp_path)}
    path = sign_in.keep(variables, sign_in.Access("https://a.example.test", "cpl_a"))
    path.write_text(text)
    with pytest.raises(sign_in.NotSignedIn, match=r"login\.json is not what login wrote"):
        sign_in.access(variables)


class _Elsewhere(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_redirect_is_followed_with_a_token(elsewhere: str) -> None:
    with pytest.raises(NotDone, match="answers 302"):
        Server(elsewhere, "cpl_secret").get("me/")
    assert _Elsewhere.asked == ["/api/v1/me/"]


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        Server("http://127.0.0.1:9", "cpl_secret").get("me/")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, b"<html>", Unreachable),
        (503, b'{"detail": "later"}', Unreachable),
        (200, b"<html>", Unreachable),
        (404, b"<html>", NotDone),
        (401, b'{"detail": "This token is not valid."}', NotDone),
    ],
)
def test_an_answer_of_something_else_is_an_error(
    status: int, body: bytes, kind: type[Exception]
) -> None:
    server = Server("https://a.test", "cpl_a", lambda request: Answer(status, body))
    with pytest.raises(kind):
        server.get("me/")


def test_a_server_that_is_away_for_a_while_is_waited_for() -> None:
    run = {"state": "completed", "verdict": "held", "verdict_reason": "", "state_reason": ""}
    answers = iter((Unreachable("It is away."), {"results": [run], "next": None}))

    def send(request: Request) -> Answer:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return Answer(200, json.dumps(answer).encode())

    out = io.StringIO()
    ending = following.follow(
        Server("https://a.test", "cpl_a", send),
        1,
        Progress(out),
        timeout_s=60,
        pause=lambda seconds: None,
        clock=lambda: 0,
    )
    assert ending.word == "held"
    assert out.getvalue() == "It is away. Asking again.\n"


def test_a_line_changes_on_a_terminal_and_stands_once_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, live = io.StringIO(), Terminal()
    for out in (plain, live):
        progress = Progress(out)
        progress.show("EXP-1 is running", "0 m 01 s")
        progress.show("EXP-1 is running", "0 m 02 s")
        progress.end()
    assert plain.getvalue() == "EXP-1 is running\n"
    one, two = (f"\r\x1b[KEXP-1 is running  0 m 0{n} s" for n in (1, 2))
    assert live.getvalue() == f"{one}{two}\n"
    assert span(3720) == "1 h 02 m"


def test_junit_holds_nothing_that_xml_cannot() -> None:
    out = io.StringIO()
    odd = Result("a\x00<b>", False, "not\x1b held", "]]> & \ud800", "x\x08")
    write(out, "junit", suite="s\x01", results=[odd], document=None)
    assert "\x00" not in out.getvalue()
    out.getvalue().encode()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("run", "EXP-0"), "is not an experiment: EXP-17"),
        (("run", "EXP-1", "--timeout", "0"), "is not between 1 and 604800"),
        (("list", "--limit", "10001"), "is not between 1 and 10000"),
        (("list", "people"), "invalid choice"),
        (("gate",), "required: application"),
        (("stop",), "one of the arguments --run --exercise --all is required"),
    ],
)
def test_a_wrong_word_is_named(
    words: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(words)
    assert problem in capsys.readouterr().err


def test_stop_takes_the_run_that_is_under_way() -> None:
    asked: list[str] = []

    def send(request: Request) -> Answer:
        asked.append(request.url)
        rows = [{"id": "old", "state": "completed"}, {"id": "new", "state": "running"}]
        receipt = {"title": "One zone", "accepted": True, "message": "Stopping."}
        listed = {"results": rows, "next": None}
        return Answer(200, json.dumps(listed if request.method == "GET" else receipt).encode())

    said: list[str] = []
    server = Server("https://a.test", "cpl_a", send)
    assert stopping.stop(server, run="exp-7", exercise="", reason="pager", say=said.append)
    assert asked[-1] == "https://a.test/api/v1/runs/new/stop/"
    assert said == ["One zone: accepted. Stopping."]
    with pytest.raises(NotDone, match="EXP-17, or the id of a run"):
        stopping.stop(server, run="../me", exercise="", reason="", say=said.append)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--run", "EXP-7"), 1, "Straight to AWS: chaosplane stop --all --region REGION --wait"),
        (("--exercise", "2026-11"), 1, "Not stopped over the API"),
        (("--run", "0b2f5a1e-0000-4000-8000-000000000000"), 1, "Not stopped over the API"),
        (("--run", "EXP-7", "--directly"), 2, "--region is needed"),
        (("--all",), 2, "--region is needed"),
    ],
)
def test_a_server_that_is_away_is_said_with_the_way_around_it(
    words: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAOSPLANE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CHAOSPLANE_TOKEN", "cpl_a")
    assert cli.main(["stop", *words]) == code
    assert said in capsys.readouterr().err
