"""Probes that only say how it is now: read right before the start, then along the run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from exercises.domain.errors import EngineError, Invalid
from exercises.models import AccountRegion, Run
from exercises.models.due_work import claim
from exercises.probes.cloudwatch import CloudWatchSource
from exercises.queries.plans import planned_wall
from exercises.services.judge import judgement_of
from exercises.services.start import start_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off
from tests.probed_service import Service, probed_service

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db

COMMON = {"is_business": False, "unit": "", "period_s": 60, "grace_s": 120, "low": None}
ARN = f"arn:aws:cloudwatch:{build.REGION}:111111111111:alarm:mqtt-undelivered-high"
PROMETHEUS = {
    **COMMON,
    "kind": "prometheus",
    "key": "errors",
    "name": "Errors",
    "query": "sum(errors)",
    "high": 5,
}
ALARM = {**COMMON, "kind": "alarm", "key": "quiet", "name": "Alarm", "alarm": ARN, "high": 0}


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    with probed_service() as running:
        settings.CHAOSPLANE_PROBE_ORIGINS = [running.origin]
        yield running


def with_health(service: Service) -> list[dict[str, object]]:
    url = f"{service.origin}/health"
    health = {**COMMON, "kind": "http", "key": "health", "name": "Health", "url": url, "high": 299}
    return [*build.PROBES, ALARM, health]


def test_they_are_read_before_the_fault_and_along_it(
    cast: Cast, estate: Simulator, service: Service
) -> None:
    _, run = build.live(cast, steady_state=with_health(service))
    work_off()
    started_at = fresh(run).started_at
    assert started_at is not None
    before = run.samples.filter(at__lt=started_at, probe__in=["quiet", "health"])
    assert sorted(before.values_list("probe", "value")) == [("health", 200.0), ("quiet", 0.0)]
    later = run.samples.filter(at__gte=started_at)
    until(lambda: set(later.values_list("probe", flat=True)) >= {"quiet", "health"})
    judged = {p.key: p for p in judgement_of(fresh(run), now=started_at + planned_wall(60)).probes}
    assert judged["health"].baseline_ok
    assert judged["quiet"].baseline_ok


def test_nothing_starts_while_one_of_them_is_outside(
    cast: Cast, estate: Simulator, service: Service
) -> None:
    service.answers["/health"] = (503, b"")
    _, run = build.live(cast, steady_state=with_health(service))
    work_off()
    skipped = fresh(run)
    assert skipped.state == "skipped"
    assert skipped.state_reason == (
        "Not inside right before the start: Health is at 503, expected at most 299."
    )
    assert not skipped.experiment_ref


def test_nothing_starts_while_one_of_them_says_nothing(
    cast: Cast, estate: Simulator, service: Service
) -> None:
    probes = [*build.PROBES, {**ALARM, "alarm": ARN.replace("undelivered", "nowhere")}]
    _, run = build.live(cast, steady_state=probes)
    work_off()
    assert fresh(run).state == "skipped"
    assert "Alarm: no data, expected at most 0" in fresh(run).state_reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"low": 101.0},
            r"Messages delivered was outside in (\d+) of \1 readings, last \S+ %, .+ 101 %\.",
        ),
        (
            {"metric": "Nowhere"},
            r"Messages delivered: no data in the last 10 min, expected at least 99\.5 %\.",
        ),
    ],
)
def test_nothing_starts_while_a_metric_was_not_steady_before(
    cast: Cast, estate: Simulator, change: dict[str, object], said: str
) -> None:
    delivered, clusters = build.PROBES
    _, run = build.live(cast, steady_state=[{**delivered, **change}, clusters])
    work_off()
    skipped = fresh(run)
    assert (skipped.state, skipped.asked_at, skipped.experiment_ref) == ("skipped", None, "")
    words = f"Not inside right before the start: {said}"
    assert re.fullmatch(words, skipped.state_reason), skipped.state_reason


def test_nothing_starts_while_prometheus_knows_nothing_from_before(
    cast: Cast, estate: Simulator, service: Service
) -> None:
    _, run = build.live(cast, steady_state=[*build.PROBES, PROMETHEUS | {"url": service.origin}])
    work_off()
    assert "Errors: no data in the last 10 min, expected at most 5." in fresh(run).state_reason
    assert fresh(run).state == "skipped"


def test_that_aws_does_not_answer_is_no_silence_of_a_probe(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*args: object, **kwargs: object) -> Any:
        raise EngineError("Could not read metrics: throttled", outcome="none", retryable=True)

    _, run = build.live(cast)
    with monkeypatch.context() as patch:
        patch.setattr(CloudWatchSource, "read", denied)
        work_off()
        assert fresh(run).state == "scheduled"
        assert fresh(run).state_reason == "Could not read metrics: throttled"
    until(lambda: fresh(run).started_at is not None)


def test_one_that_breaks_off_costs_no_other_and_the_room_is_told(
    cast: Cast, estate: Simulator, service: Service
) -> None:
    service.answers["/health"] = (200, b'{"depth": 4}')
    [health] = with_health(service)[-1:]
    depth = {**health, "key": "depth", "name": "Depth", "reads": "json", "pointer": "/depth"}
    _, run = build.live(cast, steady_state=[*build.PROBES, depth])
    start_run(run_id=str(run.pk), fence=claim(Run.objects.filter(pk=run.pk), ahead_s=2.0)[0].fence)
    service.answers["/health"] = (200, b"no number")
    until(lambda: "Depth" in AccountRegion.objects.get().scan_problem)
    assert "Depth: what it sends is no JSON" in AccountRegion.objects.get().scan_problem
    metrics = run.samples.filter(probe="delivered")
    known = metrics.count()
    until(lambda: metrics.count() > known)
    assert run.samples.filter(probe="depth").count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"kind": "http", "alarm": "", "url": "https://elsewhere.example/"},
            r"steady_state\[2\]\.url: https://elsewhere\.example is not among CHAOSPLANE_PROBE",
        ),
        (
            {"alarm": ARN.replace("1" * 12, "2" * 12)},
            r"steady_state\[2\]\.alarm: lies in 222222222222 eu-central-1, not in 111111111111",
        ),
    ],
)
def test_what_cannot_be_read_from_here_is_not_proposed(
    cast: Cast, change: dict[str, object], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        build.proposed(cast, steady_state=[*build.PROBES, {**ALARM, **change}])
