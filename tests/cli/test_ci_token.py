"""A job signs in without a stored secret: with the token it was given, or one it asks for."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from chaosplane.client import sign_in
from chaosplane.client.ci_token import Job, TokenOfJob
from chaosplane.client.commands import Desk
from chaosplane.client.server import Answer, Request, Unreachable

URL = "https://chaos.example.test"
GITHUB = {
    "CHAOSPLANE_URL": f"{URL}/",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.example.test/token?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
}


def _jwt(exp: object) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


class GitHub:
    """Gives tokens that last five minutes; and a server that takes them."""

    def __init__(self) -> None:
        self.now, self.asked, self.calls = 1000.0, [], []  # type: ignore[var-annotated]

    def send(self, request: Request) -> Answer:
        if request.url.startswith("https://pipelines.example.test/"):
            self.asked.append(request)
            return Answer(200, json.dumps({"value": _jwt(self.now + 300)}).encode())
        self.calls.append(request)
        return Answer(200, b"{}")


def test_a_token_of_the_environment_is_used_as_it_is(tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path), "CHAOSPLANE_URL": URL}
    assert sign_in.access(home | {"CHAOSPLANE_OIDC_TOKEN": "a.b.c"}).token == "a.b.c"
    both = home | {"CHAOSPLANE_OIDC_TOKEN": "a.b.c", "CHAOSPLANE_TOKEN": "cpl_a"}
    assert sign_in.access(both).token == "cpl_a"
    assert sign_in.access(GITHUB | {"CHAOSPLANE_TOKEN": "cpl_a"}).job is None


def test_a_job_of_github_asks_for_a_token_for_this_server_and_no_other() -> None:
    github = GitHub()
    server = Desk(GITHUB, send=github.send).server()
    server.get("me/")
    [asked] = github.asked
    assert asked.url.endswith("/token?api-version=2.0&audience=https%3A%2F%2Fchaos.example.test")
    assert asked.headers["Authorization"] == "Bearer of-the-job"
    [call] = github.calls
    assert call.url == f"{URL}/api/v1/me/"
    assert "of-the-job" not in call.headers["Authorization"]
    other = GITHUB | {"CHAOSPLANE_OIDC_AUDIENCE": "chaos"}
    job = sign_in.access(other).job
    assert job is not None
    assert job.audience == "chaos"


def test_a_new_one_is_asked_for_a_minute_before_the_end() -> None:
    github = GitHub()
    token = TokenOfJob(
        Job("https://pipelines.example.test/", "x", URL), github.send, lambda: github.now
    )
    first = token()
    github.now += 239
    assert token() == first
    github.now += 1
    assert token() != first
    assert len(github.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (403, b"", "403"),
        (200, b"<html>", "cannot be read"),
        (200, b'{"value": 1}', "cannot be read"),
        (200, b'{"value": "no-jwt"}', "no JWT"),
        (200, json.dumps({"value": _jwt("soon")}).encode(), "no JWT"),
    ],
)
def test_what_gives_no_token_is_said(status: int, body: bytes, says: str) -> None:
    token = TokenOfJob(Job("https://a.test", "x", URL), lambda request: Answer(status, body))
    with pytest.raises(Unreachable, match=says):
        token()


def test_a_request_address_that_is_not_https_is_not_asked(tmp_path: Path) -> None:
    variables = GITHUB | {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://pipelines.example.test/",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    with pytest.raises(sign_in.NotSignedIn, match="CHAOSPLANE_OIDC_TOKEN"):
        sign_in.access(variables)
