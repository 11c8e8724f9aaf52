"""Chat: a room gets what concerns it, and an address can neither be read nor misused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from exercises.channels import chat
from exercises.channels.protocol import Message
from exercises.channels.sealed import seal, unseal
from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import Announcement, Channel
from exercises.services import channels
from tests import build
from tests.cast import Cast
from tests.drive import tell_everyone

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


class Room(HTTPServer):
    """A chat server of our own: what was written, and what it answers."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []
        self.answer, self.location = 200, ""
        super().__init__(("127.0.0.1", 0), _Post)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/room"


class _Post(BaseHTTPRequestHandler):
    server: Room

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.written.append(json.loads(body))
        self.send_response(self.server.answer)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def room(settings: Any) -> Iterator[Room]:
    settings.CHAOSPLANE_CHAT_HOSTS = ["127.0.0.1"]
    server = Room()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


MESSAGE = Message(key="k", subject="Stopped", text="Stop all.", html="")


def test_a_message_is_written_into_the_room(room: Room) -> None:
    assert chat.send(room.address, MESSAGE).is_sent
    assert (room.written[0]["title"], room.written[0]["message"]) == ("Stopped", "Stop all.")


def test_a_room_that_refuses_is_not_called_sent_and_no_redirect_is_followed(room: Room) -> None:
    other = Room()
    threading.Thread(target=other.serve_forever, daemon=True).start()
    room.answer, room.location = 307, f"http://127.0.0.1:{other.server_port}/secret"
    assert not chat.send(room.address, MESSAGE).is_sent
    assert other.written == []
    other.shutdown()
    other.server_close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no address"),
        ("hello", "no address"),
        ("file:///etc/passwd", "no address"),
        ("json://169.254.169.254/latest", "the host 169.254.169.254 is not among"),
        ("mmosts://chat.internal/abcdefghijklmnopqrstuvwx", "chat.internal is not among"),
        ("syslog://local0", "no address"),
        ("mailto://user:pass@example.org", "no address"),
        (f"{SLACK}?wait=600&retry=10", "without the options retry, wait"),
        ("json://" + "a" * 1000, "at most 1,000"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(address: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        chat.check(address)


def test_what_is_shown_of_an_address_gives_nothing_away() -> None:
    shown = chat.check(SLACK)
    assert shown == "Slack"


def test_a_changed_key_is_said_and_its_former_one_still_opens(settings: Any) -> None:
    sealed = seal(SLACK)
    assert SLACK not in sealed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert unseal(sealed) == SLACK
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Invalid, match="enter the address again"):
        unseal(sealed)


@pytest.mark.django_db
def test_a_team_s_room_hears_what_concerns_the_team(cast: Cast, room: Room) -> None:
    channel = channels.add_chat_channel(
        actor=cast.actor("owner"), name="#telemetry", address=room.address, team=cast.team
    )
    channels.add_chat_channel(
        actor=cast.actor("lead"), name="#charging", address=room.address, team=cast.other_team
    )
    build.proposed(cast)
    tell_everyone()
    assert [line["title"] for line in room.written] == ["“Stop one broker” waits for your approval"]
    assert room.address not in str(Channel.objects.values().get(pk=channel.pk))
    channels.try_channel(actor=cast.actor("owner"), channel=channel)
    tell_everyone()
    assert room.written[-1]["title"] == "A test from chaosplane"
    assert Announcement.objects.filter(topic="test").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "team", "for_all"),
    [("author", True, False), ("outsider", True, False), ("owner", False, True)],
)
def test_only_owners_and_programme_leads_add_rooms_for_others(
    cast: Cast, name: str, team: bool, for_all: bool
) -> None:
    with pytest.raises(NotAllowed):
        channels.add_chat_channel(
            actor=cast.actor(name),
            name="#x",
            address=SLACK,
            team=cast.team if team else None,
            for_all=for_all,
        )
