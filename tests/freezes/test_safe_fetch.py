"""An address that somebody typed leads to the public internet or nowhere."""

from __future__ import annotations

import gzip
import ipaddress
from dataclasses import replace

import pytest

from exercises.channels.safe_fetch import MAX_BYTES, Reach, check, fetch, is_public
from exercises.domain.errors import EngineError, Invalid
from tests.freezes.conftest import HOST, CalendarServer


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_of_this_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid, match="not on the public internet"):
        check(f"https://{host}/a.ics")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:220:1::1", "::ffff:93.184.215.14"])
def test_public_ones_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_one_private_address_among_several_refuses_the_name() -> None:
    both = [ipaddress.ip_address("93.184.215.14"), ipaddress.ip_address("10.0.0.1")]
    with pytest.raises(Invalid, match=r"10\.0\.0\.1"):
        check(f"https://{HOST}/", Reach(resolve=lambda host, port: both))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://calendar.example.test/", "https"),
        ("http://localhost/", "https"),
        ("file:///etc/passwd", "https"),
        ("https:///nowhere", "names no host"),
        ("https://user:secret@calendar.example.test/", "name and password"),
        ("https://calendar.example.test:22/", "port is 443"),
        ("https://calendar.example.test:99999/", "cannot be read"),
        ("https://calendar.example.test/a\r\nHost: evil", "line breaks"),
        ("https://calendar.example.test/" + "a" * 1000, "1,000 characters"),
        ("https://[::1/", "cannot be read"),
        ("https://kalender\u3002example/", "beyond ASCII"),
    ],
)
def test_other_addresses_are_refused_by_what_is_wrong(url: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as error:
        check(url)
    assert error.value.problems[0][0] == "url"


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost"])
def test_other_spellings_of_this_machine_are_looked_up_and_refused(host: str) -> None:
    with pytest.raises((Invalid, EngineError)):
        check(f"https://{host}/")


def test_the_checked_address_is_reached_by_the_name(calendar_server: CalendarServer) -> None:
    calendar_server.body, calendar_server.headers = b"BEGIN:VCALENDAR", {"ETag": '"1"'}
    found = fetch(f"{calendar_server.url}?a=b", etag='"0"', reach=calendar_server.reach)
    assert (found.content, found.etag) == (b"BEGIN:VCALENDAR", '"1"')
    [asked] = calendar_server.asked
    assert asked["Host"].split(":")[0] == HOST
    assert (asked["path"], asked["If-None-Match"]) == ("/freezes.ics?a=b", '"0"')


def test_the_name_is_asked_once_so_it_cannot_change_in_between(
    calendar_server: CalendarServer,
) -> None:
    answers = [[ipaddress.ip_address("127.0.0.1")]]
    reach = replace(calendar_server.reach, resolve=lambda host, port: answers.pop(0))
    fetch(calendar_server.url, reach=reach)
    assert answers == []


def test_a_certificate_for_another_name_is_refused(calendar_server: CalendarServer) -> None:
    with pytest.raises(EngineError, match="certificate"):
        fetch("https://other.example.test/", reach=calendar_server.reach)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(calendar_server: CalendarServer, status: int) -> None:
    calendar_server.status = status
    calendar_server.headers = {"Location": "https://169.254.169.254/"}
    with pytest.raises(Invalid, match=r"redirects to 169\.254\.169\.254; "):
        fetch(calendar_server.url, reach=calendar_server.reach)
    assert len(calendar_server.asked) == 1


def test_what_did_not_change_is_not_sent_again(calendar_server: CalendarServer) -> None:
    calendar_server.status = 304
    assert fetch(calendar_server.url, reach=calendar_server.reach).content is None


def test_an_error_of_the_server_is_said(calendar_server: CalendarServer) -> None:
    calendar_server.status = 503
    with pytest.raises(EngineError, match="503"):
        fetch(calendar_server.url, reach=calendar_server.reach)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_too_much_is_refused_packed_or_not(calendar_server: CalendarServer, encoding: str) -> None:
    plain = b"a" * (MAX_BYTES * 8)
    calendar_server.body = gzip.compress(plain) if encoding == "gzip" else plain
    calendar_server.headers = {"Content-Encoding": encoding}
    with pytest.raises(Invalid, match="larger than 2 MB"):
        fetch(calendar_server.url, reach=calendar_server.reach)


def test_what_cannot_be_unpacked_is_said(calendar_server: CalendarServer) -> None:
    calendar_server.body, calendar_server.headers = b"no gzip", {"Content-Encoding": "gzip"}
    with pytest.raises(EngineError, match="unpacked"):
        fetch(calendar_server.url, reach=calendar_server.reach)


def test_what_ends_early_is_no_answer(calendar_server: CalendarServer) -> None:
    calendar_server.body, calendar_server.headers = b"half", {"Content-Length": "8"}
    with pytest.raises(EngineError, match="ended before"):
        fetch(calendar_server.url, reach=calendar_server.reach)


def test_a_server_that_never_comes_to_an_end_is_left(
    calendar_server: CalendarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exercises.channels.safe_fetch.MAX_SECONDS", 0.5)
    calendar_server.trickles = True
    with pytest.raises(EngineError, match="longer than"):
        fetch(calendar_server.url, reach=calendar_server.reach)
