"""Probes read what CloudWatch has: ended periods, scaled, in as few calls as there can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import Invalid
from exercises.domain.metric_math import MAX_EXPRESSION, read_expression
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import ProbeSpec
from exercises.probes import registry
from exercises.probes.cloudwatch import newest_readings, read_many
from exercises.probes.protocol import Asking, ProbeRequest
from tests.simulated_aws import PLATFORM, access_to, stopped_clock

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
PROBE = ProbeSpec(
    key="answered",
    name="Answered",
    kind="cloudwatch",
    unit="%",
    is_business=True,
    namespace="Tests",
    metric="Answered",
    dimensions={"Service": "one"},
    stat="Average",
    period_s=60,
    low=99.0,
    high=None,
    grace_s=0,
)


@pytest.fixture(scope="module")
def access() -> Iterator[AccountAccess]:
    with stopped_clock():
        yield access_to(PLATFORM)


def publish(access: AccountAccess, metric: str, values: dict[float, float]) -> ProbeSpec:
    """Put values so many seconds before NOW; returns the probe that reads them."""
    client(access, "cloudwatch", Purpose.START).put_metric_data(
        Namespace="Tests",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "Service", "Value": "one"}],
                "Timestamp": NOW - timedelta(seconds=before),
                "Value": value,
            }
            for before, value in values.items()
        ],
    )
    return replace(PROBE, key=metric.lower(), metric=metric)


@contextmanager
def calls(access: AccountAccess) -> Iterator[list[dict[str, Any]]]:
    """The parameters of each GetMetricData meanwhile."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    events = client(access, "cloudwatch", Purpose.READ).meta.events
    name = "provide-client-params.cloudwatch.GetMetricData"
    events.register(name, note)
    try:
        yield asked
    finally:
        events.unregister(name, note)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_a_planned_minute_is_a_second_when_time_runs_60_times_faster(
    access: AccountAccess,
) -> None:
    spec = publish(access, "Fast", {3: 97.0, 2.5: 99.0, 2: 95.0})
    found = read_many(access, [ProbeRequest("run", spec, ago(5))], until=NOW, speed=60)
    assert [(r.probe, r.at, r.value) for r in found["run"]] == [
        ("fast", ago(3), 98.0),
        ("fast", ago(2), 95.0),
    ]


def test_the_open_period_is_left_out(access: AccountAccess) -> None:
    spec = publish(access, "Open", {2: 1.0, 0: 2.0})
    until = NOW + timedelta(seconds=0.5)
    found = read_many(access, [ProbeRequest("run", spec, ago(5))], until=until, speed=60)
    assert [r.value for r in found["run"]] == [1.0]


def test_a_value_that_came_late_is_still_read(access: AccountAccess) -> None:
    spec = publish(access, "Late", {3: 1.0})
    found = read_many(access, [ProbeRequest("run", spec, ago(1))], until=NOW, speed=60)
    assert [r.value for r in found["run"]] == [1.0]


def test_values_are_in_the_unit_shown(access: AccountAccess) -> None:
    spec = replace(publish(access, "Seconds", {2: 0.25}), scale=1000)
    found = read_many(access, [ProbeRequest("run", spec, ago(5))], until=NOW, speed=60)
    assert [r.value for r in found["run"]] == [250.0]


def test_probes_of_several_runs_share_one_call_and_one_query_a_metric(
    access: AccountAccess,
) -> None:
    first = publish(access, "First", {400: 1.0, 2: 2.0})
    second = publish(access, "Second", {2: 3.0})
    with calls(access) as asked:
        found = read_many(
            access,
            [
                ProbeRequest("old", first, ago(5)),
                ProbeRequest("old", second, ago(5)),
                ProbeRequest("new", first, ago(600)),
            ],
            until=NOW,
            speed=60,
        )
    assert [len(params["MetricDataQueries"]) for params in asked] == [2]
    assert [r.value for r in found["old"]] == [2.0, 3.0]
    assert [r.value for r in found["new"]] == [1.0, 2.0]


def over(expression: str, **metrics: ProbeSpec) -> ProbeSpec:
    """A probe of metric math over what these probes read."""
    rows = [
        {
            "id": name,
            "namespace": spec.namespace,
            "metric": spec.metric,
            "dimensions": spec.dimensions,
            "stat": spec.stat,
        }
        for name, spec in metrics.items()
    ]
    return replace(
        PROBE,
        key="math",
        kind="metric_math",
        namespace="",
        metric="",
        dimensions={},
        stat="",
        expression=expression,
        metrics=rows,
    )


def test_an_expression_is_read_in_the_same_call_as_plain_metrics(access: AccountAccess) -> None:
    asked_of = publish(access, "Asked", {4: 50.0, 3: 0.0, 2: 20.0})
    answered = publish(access, "Done", {4: 45.0, 3: 0.0, 2: 20.0})
    ratio = over("100 * done / asked", done=answered, asked=asked_of)
    other = replace(over("done - asked", done=asked_of, asked=answered), key="lost")
    with calls(access) as asked:
        found = read_many(
            access,
            [ProbeRequest("run", each, ago(5)) for each in (answered, ratio, other)],
            until=NOW,
            speed=60,
        )
    [params] = asked
    returned = [each for each in params["MetricDataQueries"] if each.get("ReturnData", True)]
    assert (len(params["MetricDataQueries"]), len(returned)) == (7, 3)
    values = {
        key: [(r.at, r.value) for r in found["run"] if r.probe == key] for key in ("math", "lost")
    }
    # What is divided by nought is no data; two probes may call different metrics the same.
    assert values["math"] == [(ago(4), 90.0), (ago(2), 100.0)]
    assert values["lost"] == [(ago(4), 5.0), (ago(3), 0.0), (ago(2), 0.0)]


def test_services_read_an_expression_as_any_probe(access: AccountAccess) -> None:
    twice = over("2 * one", one=publish(access, "One", {2: 4.0}))
    asking = Asking(access=access, until=NOW, speed=60)
    answers = registry.read_many(asking, [ProbeRequest("run", twice, ago(5))])
    assert [r.value for r in answers.readings["run"]] == [8.0]
    newest = registry.newest(asking, [twice])["math"]
    assert newest is not None
    assert newest.value == 8.0


def test_no_call_has_more_queries_than_cloudwatch_takes(access: AccountAccess) -> None:
    spec = publish(access, "Many", {2: 1.0})
    probes = [over(f"one + two + {n}", one=spec, two=spec) for n in range(170)]
    with calls(access) as asked:
        found = read_many(
            access,
            [ProbeRequest(str(n), p, ago(5)) for n, p in enumerate(probes)],
            until=NOW,
            speed=60,
        )
    assert [len(params["MetricDataQueries"]) for params in asked] == [498, 12]
    assert [found[str(n)][0].value for n in (0, 169)] == [2.0, 171.0]


def test_an_expression_that_is_accepted_fits_wherever_it_stands_in_a_call(
    access: AccountAccess,
) -> None:
    spec = publish(access, "Long", {2: 1.0})
    text, longer = (f"MAX([{', '.join(['m1'] * uses)}])" for uses in (227, 228))
    assert read_expression(text, ["m1"])
    with pytest.raises(Invalid):
        read_expression(longer, ["m1"])
    probes = [replace(spec, metric=f"Plain{n}") for n in range(498)]
    probes.append(over(text, m1=spec))
    with calls(access) as asked:
        requests = [ProbeRequest(str(n), p, ago(5)) for n, p in enumerate(probes)]
        found = read_many(access, requests, until=NOW, speed=60)
    [params] = asked
    sent = params["MetricDataQueries"][-1]["Expression"]
    assert "m498_m1" in sent
    assert len(sent) == MAX_EXPRESSION
    assert [r.value for r in found["498"]] == [1.0]


def test_nothing_asked_is_nothing_read(access: AccountAccess) -> None:
    assert read_many(access, [], until=NOW, speed=60) == {}


def test_the_newest_reading_of_each_probe_and_none_for_a_silent_one(
    access: AccountAccess,
) -> None:
    spec = publish(access, "Newest", {4: 1.0, 2: 2.0})
    long_ago = publish(access, "LongAgo", {900: 1.0})
    silent = replace(PROBE, key="silent", metric="Nothing")
    found = newest_readings(access, [spec, long_ago, silent], until=NOW, speed=60)
    assert found["newest"] is not None
    assert found["newest"].value == 2.0
    assert found["longago"] is None
    assert found["silent"] is None


def test_time_at_its_own_speed_reads_whole_minutes(access: AccountAccess) -> None:
    minute = NOW.replace(second=0)
    before = (NOW - minute).total_seconds()
    spec = publish(access, "Slow", {before + 60: 2.0, before + 90: 4.0, before + 30: 6.0})
    found = read_many(
        access, [ProbeRequest("run", spec, ago(300))], until=NOW + timedelta(minutes=1), speed=1
    )
    assert [(r.at, r.value) for r in found["run"]] == [
        (minute - timedelta(minutes=2), 4.0),
        (minute - timedelta(minutes=1), 4.0),
    ]
