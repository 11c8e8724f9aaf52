"""/metrics tells a scraper with the token how the installation is doing, and nobody else."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from exercises.domain.exposition import Metric, Sample, exposition, histogram
from exercises.models import Run, SignOfLife
from exercises.models.due_work import database_now
from exercises.queries.operations import operations, waiting
from exercises.services import due_work
from tests import build, past
from tests.cast import Cast

TOKEN = "0123456789abcdef"
OPERATIONS = Path(__file__).parents[2] / "docs/operations"


def scrape(client: Client, token: str = TOKEN, **more: Any) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}", **more})


def value(line: str) -> float:
    (found,) = (
        row for row in exposition(operations(database_now())).splitlines() if row.startswith(line)
    )
    return float(found.split()[-1])


def test_without_a_token_in_the_settings_there_is_nothing(client: Client) -> None:
    assert scrape(client).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer é{TOKEN}"]
)
def test_another_token_is_refused(client: Client, settings: Any, header: str) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.content == b""


def test_it_is_only_read(client: Client, settings: Any) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = TOKEN
    assert client.post("/metrics").status_code == 405


@pytest.mark.django_db
def test_with_the_token_every_line_is_a_number_or_explains_one(
    client: Client, settings: Any
) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = TOKEN
    answer = scrape(client, host="10.0.0.7:8000")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert "chaosplane_database_up 1" in lines
    assert "chaosplane_queue_up 1" in lines
    for line in lines:
        assert line.startswith(("# HELP chaosplane_", "# TYPE chaosplane_")) or (
            line.startswith("chaosplane_") and float(line.rpartition(" ")[2]) >= 0
        )


@pytest.mark.django_db
def test_without_the_queue_the_rest_is_still_told(client: Client, settings: Any) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = TOKEN
    settings.REDIS_URL = "unix:///nowhere/v.sock"
    said = scrape(client).content.decode()
    assert "chaosplane_queue_up 0" in said
    assert "chaosplane_due_lag_seconds" in said


def test_what_is_told_of_lateness_is_all_that_can_be_due() -> None:
    told = {rows.model for rows in waiting().values()}
    assert told == {Run, *(rows.model for rows in due_work._ROWS.values())}


@pytest.mark.django_db
def test_work_that_nobody_takes_is_late_by_its_age(cast: Cast) -> None:
    now = database_now()
    place = build.account()
    type(place).objects.update(due_at=now - timedelta(seconds=90), lease_until=None)
    assert 90 <= value('chaosplane_due_lag_seconds{kind="region"}') < 3600
    assert value('chaosplane_due_rows{kind="region"}') == 1
    type(place).objects.update(lease_until=now + timedelta(hours=1))
    assert value('chaosplane_due_lag_seconds{kind="region"}') == 0


@pytest.mark.django_db
def test_a_stop_is_counted_by_how_long_it_took(cast: Cast) -> None:
    run = past.run(cast, past.application(cast.team, "telemetry-store"), past.version())
    ended = database_now()
    Run.objects.filter(pk=run.pk).update(
        is_imported=False, stop_requested_at=ended - timedelta(seconds=4), ended_at=ended
    )
    assert value('chaosplane_stop_seconds_bucket{le="2"}') == 0
    assert value('chaosplane_stop_seconds_bucket{le="5"}') == 1
    assert value("chaosplane_stop_seconds_sum") == 4
    assert value('chaosplane_runs{state="completed"}') == 1


@pytest.mark.django_db
def test_a_tick_says_when_it_was_seen() -> None:
    SignOfLife.objects.create(name="tick", at=database_now() - timedelta(seconds=30))
    assert 30 <= value('chaosplane_seen_seconds{part="tick"}') < 3600


def metric_names(text: str) -> set[str]:
    return {
        re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"chaosplane_\w+", text)
    }


@pytest.mark.django_db
def test_alerts_and_dashboard_and_page_ask_for_numbers_that_there_are(
    client: Client, settings: Any
) -> None:
    settings.CHAOSPLANE_METRICS_TOKEN = TOKEN
    told = set(re.findall(r"# TYPE (\w+)", scrape(client).content.decode()))
    rules = yaml.safe_load((OPERATIONS / "prometheus/alerts.yml").read_text())
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    board = json.loads((OPERATIONS / "prometheus/dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert all(metric_names(expression) for expression in alerts + asked)
    assert metric_names(" ".join(alerts)) <= told
    assert metric_names(" ".join(asked)) == told, "the dashboard shows every number"
    page = (OPERATIONS / "deployment.md").read_text()
    assert metric_names(page) == told, "the page explains every number"


def test_a_histogram_adds_up_and_counts_what_lies_beyond() -> None:
    found = histogram("x_seconds", "How long.", [0.5, 1, 3, 99], (1, 2, 5))
    assert exposition([found]).splitlines()[2:] == [
        'x_seconds_bucket{le="1"} 2',
        'x_seconds_bucket{le="2"} 2',
        'x_seconds_bucket{le="5"} 3',
        'x_seconds_bucket{le="+Inf"} 4',
        "x_seconds_sum 103.5",
        "x_seconds_count 4",
    ]


def test_labels_and_words_are_escaped() -> None:
    metric = Metric("x", "gauge", "a\nb", [Sample(1, {"name": 'a"b\\c'})])
    assert exposition([metric]) == '# HELP x a\\nb\n# TYPE x gauge\nx{name="a\\"b\\\\c"} 1\n'
