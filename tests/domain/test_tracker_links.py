"""A link to a ticket: https with a host, and nothing that could be more."""

from __future__ import annotations

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.tracker_links import LONGEST, host_of, read_link


def test_a_ticket_is_linked_and_its_host_can_be_read() -> None:
    assert read_link(" https://tracker.example.test/browse/OPS-12?x=1#c ") == (
        "https://tracker.example.test/browse/OPS-12?x=1#c"
    )
    assert read_link("  ") == ""
    assert host_of("https://tracker.example.test:8443/OPS-12") == "tracker.example.test"


@pytest.mark.parametrize(
    "link",
    [
        "http://tracker.example.test/1",
        "javascript:alert(1)",
        "https:///1",
        "https://",
        "//tracker.example.test/1",
        "tracker.example.test/1",
        "https://a b.example.test",
        "https://example.test/\u202etxt",
        "https://[::1",
        "https://example.test:99999999/",
        "https://name:secret@tracker.example.test/1",
        "https://tracker.example.test@evil.example.test/1",
        f"https://example.test/{'x' * LONGEST}",
    ],
)
def test_what_is_no_plain_https_link_is_refused_by_its_field(link: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_link(link)
    assert caught.value.problems[0][0] == "tracker_url"


def test_an_old_link_that_is_none_has_no_host() -> None:
    assert host_of("http://tracker.example.test/1") == ""
    assert host_of("https://[::1") == ""
