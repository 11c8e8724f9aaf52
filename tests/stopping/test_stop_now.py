"""Stop needs neither a session nor the database: a capability, the journal, and AWS."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.models import Exercise, Run, RunEvent
from exercises.services.stop_targets import write_down_targets
from exercises.stopping import capability
from exercises.stopping.capability import Capability
from exercises.stopping.journal import REFUSED, Journal
from exercises.web.stop_now import cookie_name
from tests.cast import Cast
from tests.drive import fresh, until, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def holder(client: Client, cast: Cast, settings: Any) -> Client:
    """A browser that holds nothing but a capability."""
    give(client, capability.capability_of(cast.actor("operator")), settings.SECRET_KEY)
    return client


def give(client: Client, what: Capability, key: str) -> None:
    client.cookies[cookie_name()] = capability.sign(what, key=key)


def refused(folder: Path) -> str:
    return (folder / REFUSED).read_text()


def stop(client: Client, exercise: Exercise) -> Any:
    url = reverse("stop_exercise", args=[exercise.slug])
    return client.post(url, {"confirm": "1"}, headers={"Accept": "application/json"})


def test_with_everything_up_it_ends_in_the_room_and_the_database_knows(
    holder: Client, scene: tuple[Exercise, Run], cast: Cast, journal: Journal
) -> None:
    exercise, run = scene
    done = holder.post(reverse("stop_exercise", args=[exercise.slug]), {"confirm": "1"})
    assert done.status_code == 302
    assert done["Location"] == reverse("live_room", args=[exercise.slug]) + "#stop"
    exercise.refresh_from_db()
    assert exercise.stopped_at is not None
    assert fresh(run).state == "stopping"
    asked = RunEvent.objects.get(run=run, kind="stop.requested")
    assert asked.author == cast.operator
    (entry,) = journal.under_way()
    assert entry.is_told
    assert set(entry.targets) == {run.experiment_ref}


def test_without_the_database_aws_is_asked_and_the_stop_is_on_disk(
    holder: Client,
    scene: tuple[Exercise, Run],
    journal: Journal,
    no_database: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exercise, run = scene
    done = stop(holder, exercise)
    assert done.status_code == 200, done.content
    told = json.loads(done.content)
    assert told["is_accepted"]
    assert not told["is_told"]
    assert [each["experiment"] for each in told["stopped"]] == [run.experiment_ref]
    (entry,) = journal.under_way()
    assert not entry.is_told
    assert entry.status[run.experiment_ref] == "stopping"
    page = holder.get("/stop-now/").content.decode()
    assert exercise.name in page
    again = holder.post(reverse("stop_exercise", args=[exercise.slug]), {"confirm": "1"})
    assert f'href="{reverse("live_room", args=[exercise.slug])}"' in again.content.decode()


@pytest.mark.parametrize("page", ["/stop/", "/exercises/{}/stop/", "/runs/{}/stop/"])
def test_without_the_database_every_page_about_stopping_leads_to_the_one_that_needs_none(
    holder: Client, scene: tuple[Exercise, Run], no_database: None, page: str
) -> None:
    exercise, run = scene
    asked = holder.get(page.format(run.pk if "runs" in page else exercise.slug))
    assert (asked.status_code, asked["Location"]) == (302, "/stop-now/")


def test_with_the_database_the_pages_about_stopping_are_themselves(
    holder: Client, scene: tuple[Exercise, Run], cast: Cast
) -> None:
    holder.force_login(cast.operator)
    for page in ("/stop/", reverse("stop_exercise", args=[scene[0].slug])):
        assert holder.get(page).status_code == 200


def test_what_started_after_the_list_was_written_is_found_by_its_tag(
    holder: Client,
    scene: tuple[Exercise, Run],
    stop_folder: Path,
    no_database: None,
) -> None:
    exercise, run = scene
    listed = json.loads((stop_folder / "targets.json").read_text())
    (stop_folder / "targets.json").write_text(json.dumps(listed | {"targets": []}))
    told = json.loads(stop(holder, exercise).content)
    assert [each["experiment"] for each in told["stopped"]] == [run.experiment_ref]


def test_a_forged_or_expired_capability_stops_nothing_and_is_journalled(
    client: Client,
    scene: tuple[Exercise, Run],
    cast: Cast,
    stop_folder: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exercise, run = scene
    mine = capability.capability_of(cast.actor("operator"))
    give(client, mine, "another key")
    assert stop(client, exercise).status_code == 403
    assert "signature" in refused(stop_folder)
    give(client, mine, settings.SECRET_KEY)
    monkeypatch.setattr(capability, "GOOD_FOR", timedelta(0))
    monkeypatch.setattr(
        capability.read, "__kwdefaults__", {"fallback_keys": (), "max_age": timedelta(seconds=-1)}
    )
    late = stop(client, exercise)
    assert late.status_code == 403
    assert "twelve hours" in json.loads(late.content)["detail"]
    assert fresh(run).state == "running"


def test_a_capability_of_another_team_stops_no_private_experiment(
    client: Client, scene: tuple[Exercise, Run], cast: Cast, stop_folder: Path, settings: Any
) -> None:
    exercise, run = scene
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    write_down_targets()
    give(client, capability.capability_of(cast.actor("outsider")), settings.SECRET_KEY)
    answer = stop(client, exercise)
    assert answer.status_code == 403
    assert "another team" in json.loads(answer.content)["detail"]
    assert cast.outsider.name in refused(stop_folder)
    assert fresh(run).state == "running"


def test_what_nobody_knows_without_the_database_is_not_confirmed_and_nothing_else_is_stopped(
    holder: Client, scene: tuple[Exercise, Run], stop_folder: Path, no_database: None
) -> None:
    url = "/runs/6c0b6f0e-1111-4222-8333-000000000000/stop/"
    answer = holder.post(url, {"confirm": "1"}, headers={"Accept": "application/json"})
    assert answer.status_code == 502
    told = json.loads(answer.content)
    assert not told["is_accepted"]
    assert told["stopped"] == []
    assert "AWS runs nothing of it" in told["problems"][0]


def test_a_run_that_has_ended_is_left_to_the_page_with_a_session(
    client: Client, scene: tuple[Exercise, Run], cast: Cast
) -> None:
    exercise, run = scene
    client.force_login(cast.operator)
    client.get(reverse("live_room", args=[exercise.slug]))
    stop(client, exercise)
    until(lambda: fresh(run).state == "stopped")
    write_down_targets()
    again = client.post(reverse("stop_run", args=[run.pk]), {"confirm": "1"})
    assert again.status_code == 302


def test_a_form_of_another_site_is_refused(
    scene: tuple[Exercise, Run], cast: Cast, settings: Any
) -> None:
    exercise, run = scene
    browser = Client(enforce_csrf_checks=True)
    give(browser, capability.capability_of(cast.actor("operator")), settings.SECRET_KEY)
    assert stop(browser, exercise).status_code == 403
    assert fresh(run).state == "running"


def test_people_get_a_capability_with_a_page_and_lose_it_when_they_sign_out(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.operator)
    cookie = client.get("/").cookies[cookie_name()]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie_name() not in client.get("/").cookies
    assert client.post(reverse("sign_out")).cookies[cookie_name()].value == ""


def test_the_safety_lever_stops_everything_there_and_keeps_all_from_starting(
    holder: Client, scene: tuple[Exercise, Run], cast: Cast
) -> None:
    _, run = scene
    place = run.experiment.deployment.place
    what = f"{place.account.account_id}/{place.region}"
    done = holder.post("/stop-now/", {"confirm": "1", "scope": "region", "what": what})
    assert done.status_code == 200, done.content.decode()
    lever = place.levers.get()
    assert lever.status in {"engaging", "engaged"}
    assert lever.engaged_by == cast.operator
    until(lambda: fresh(run).state == "stopped")
    work_off()


def test_members_do_not_pull_a_whole_accounts_lever(
    client: Client, scene: tuple[Exercise, Run], cast: Cast, settings: Any
) -> None:
    _, run = scene
    place = run.experiment.deployment.place
    give(client, capability.capability_of(cast.actor("author")), settings.SECRET_KEY)
    what = f"{place.account.account_id}/{place.region}"
    done = client.post("/stop-now/", {"confirm": "1", "scope": "region", "what": what})
    assert done.status_code == 403
    assert not place.levers.exists()
