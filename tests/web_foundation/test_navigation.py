"""Few places in the navigation; what belongs together stands beside each other as tabs."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def part(html: str, label: str) -> list[tuple[str, str]]:
    """The links of one nav: label and what is said of it, with the current one marked."""
    found = re.search(rf'<nav[^>]*aria-label="{label}">(.*?)</nav>', html, re.DOTALL)
    links = re.findall(r"<a ([^>]*)>(.*?)</a>", found[1], re.DOTALL) if found else []
    return [
        ("*" if "aria-current" in about else "", re.sub(r"<[^>]*>", "", text).strip())
        for about, text in links
    ]


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_setting_up_is_three_places(client: Client, cast: Cast) -> None:
    client.force_login(cast.auditor)
    html = page(client, "home")
    names = [name for _, name in part(html, "Main")]
    assert names[-3:] == ["API &amp; integrations", "Policy &amp; freezes", "Audit log"]
    assert part(html, "Pages beside this one") == []


@pytest.mark.parametrize(
    ("url_name", "place", "tab"),
    [
        ("tokens", "API &amp; integrations", "API tokens"),
        ("account_list", "API &amp; integrations", "AWS accounts"),
        ("freeze_list", "Policy &amp; freezes", "Freezes"),
        ("application_list", "Teams", "Applications"),
        ("schedule_list", "Exercises", "Schedules"),
    ],
)
def test_a_page_is_marked_with_its_place_and_beside_the_others(
    client: Client, cast: Cast, url_name: str, place: str, tab: str
) -> None:
    client.force_login(cast.outsider)
    html = page(client, url_name)
    assert [name for mark, name in part(html, "Main") if mark] == [place]
    assert [name for mark, name in part(html, "Pages beside this one") if mark] == [tab]


def test_below_a_page_its_place_is_marked_and_there_are_no_tabs_of_it(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.author)
    html = page(client, "application_detail", build.deployment(cast).application.slug)
    assert [name for mark, name in part(html, "Main") if mark] == ["Teams"]
    assert part(html, "Pages beside this one") == []


def test_a_tab_that_one_may_not_open_is_not_offered(client: Client, cast: Cast) -> None:
    offered = {}
    for name in ("lead", "outsider"):
        client.force_login(getattr(cast, name))
        links = part(page(client, "tokens"), "Pages beside this one")
        offered[name] = "Sign in from CI" in [text for _, text in links]
    assert offered == {"lead": True, "outsider": False}
