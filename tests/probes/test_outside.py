"""Probes beside AWS: HTTP and Prometheus, and what hangs or lies is silence and nothing worse."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from exercises.domain.errors import EngineError, Invalid
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import ProbeSpec
from exercises.probes import outside, registry
from exercises.probes.outside import Reach, fetch
from exercises.probes.protocol import Asking, ProbeRequest
from tests.probed_service import ENDLESS, HANGS, Service

NOW = datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)
NOBODY = AccountAccess(
    account_id="111111111111",
    region="eu-central-1",
    read_role_arn="",
    start_role_arn="",
    stop_role_arn="",
    external_id="",
)
PROBE = ProbeSpec(
    key="one", name="One", kind="http", unit="", is_business=True, period_s=60, low=1, high=None,
    grace_s=0,
)  # fmt: skip


def asked(service: Service, speed: float = 1) -> Asking:
    return Asking(NOBODY, NOW, speed, frozenset({service.origin}))


def probe(service: Service, path: str, **changes: object) -> ProbeSpec:
    return replace(PROBE, url=service.origin + path, **changes)  # type: ignore[arg-type]


def read(
    service: Service, *specs: ProbeSpec, since: datetime | None = None
) -> tuple[list[float | None], str]:
    """The values in the order read, and the problems in one text."""
    requests = [ProbeRequest("run", s, since or NOW - timedelta(minutes=10)) for s in specs]
    answers = registry.read_many(asked(service), requests)
    assert answers.is_complete, "that AWS did not answer is another thing"
    values = [reading.value for reading in answers.readings.get("run", ())]
    return values, "; ".join(answers.problems)


def test_the_status_is_a_value_whatever_it_is(service: Service) -> None:
    service.answers["/down"] = (503, b"sorry")
    assert read(service, probe(service, "/down")) == ([503.0], "")


def test_a_redirect_is_an_answer_and_is_not_followed(service: Service) -> None:
    service.answers["/"] = (302, b"")
    service.headers["Location"] = "http://169.254.169.254/latest/meta-data/"
    assert read(service, probe(service, "/")) == ([302.0], "")
    assert service.asked == ["/"]


def test_probes_of_one_address_share_one_question(service: Service) -> None:
    service.answers["/health"] = (200, b'{"queue": {"depth": 4}}')
    depth = probe(service, "/health", key="depth", reads="json", pointer="/queue/depth", scale=2.0)
    time = probe(service, "/health", key="time", reads="latency_ms")
    (status, doubled, took), _ = read(service, probe(service, "/health"), depth, time)
    assert (status, doubled) == (200.0, 8.0)
    assert took is not None
    assert took > 0
    assert service.asked == ["/health"]


def test_an_error_page_has_neither_a_time_nor_a_number(service: Service) -> None:
    service.answers["/"] = (500, b'{"depth": 1}')
    quick = probe(service, "/", reads="latency_ms")
    depth = probe(service, "/", key="depth", reads="json", pointer="/depth")
    assert read(service, quick, depth) == ([], "One: it answered 500")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"depth": "many"}', "no finite number"),
        (b'{"depth": true}', "no finite number"),
        (b'{"depth": null}', "no finite number"),
        (b'{"depth": [1]}', "no finite number"),
        (b'{"depth": NaN}', "no JSON"),
        (b'{"depth": Infinity}', "no JSON"),
        (b'{"depth": 1e999}', "no finite number"),
        (b'{"depth": ' + b"9" * 5000 + b"}", "no JSON"),
        (b'{"depth": ' + b"9" * 400 + b"}", "no finite number"),
        (b'{"deep": 1}', "nothing at /depth"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"", "no JSON"),
    ],
)
def test_what_is_no_number_is_no_data(service: Service, body: bytes, said: str) -> None:
    service.answers["/"] = (200, body)
    values, problems = read(service, probe(service, "/", reads="json", pointer="/depth"))
    assert values == []
    assert said in problems


def test_an_endless_body_is_left_at_its_limit(service: Service) -> None:
    values, problems = read(service, probe(service, ENDLESS, reads="json", pointer="/depth"))
    assert values == []
    assert "larger than 256 KB" in problems


def test_one_that_hangs_is_no_data_and_delays_no_other(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TIMEOUT_S", 1.5)
    monkeypatch.setattr(registry, "TIMEOUT_S", 1.5)
    values, problems = read(
        service, probe(service, HANGS), probe(service, "/", key="two", name="Two")
    )
    assert values == [200.0]
    assert "One: it took longer than 1.5 seconds" in problems


def test_nobody_there_is_no_data(service: Service) -> None:
    gone = replace(PROBE, url="http://127.0.0.1:9/")
    asking = replace(asked(service), allowed=frozenset({"http://127.0.0.1:9"}))
    answers = registry.read_many(asking, [ProbeRequest("run", gone, NOW - timedelta(hours=1))])
    assert answers.readings == {}
    assert "did not answer" in str(answers.problems)


def test_a_probe_is_asked_once_a_period(service: Service) -> None:
    spec = probe(service, "/")
    assert read(service, spec, since=NOW - timedelta(seconds=30)) == ([], "")
    assert read(service, spec, since=NOW - timedelta(seconds=60)) == ([200.0], "")


def test_what_the_operator_did_not_allow_is_not_reached(service: Service) -> None:
    spec = replace(PROBE, url="http://elsewhere.example/")
    values, problems = read(service, spec)
    assert values == []
    assert "http://elsewhere.example is not among CHAOSPLANE_PROBE_ORIGINS" in problems
    assert service.asked == []


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "224.0.0.1", "fe80::1", "fd00:ec2::254",
     "::ffff:169.254.169.254", "::ffff:127.0.0.1"],
)  # fmt: skip
def test_a_name_may_not_lead_to_this_machine_or_to_its_cloud(address: str) -> None:
    reach = Reach(resolve=lambda host, port: [ipaddress.ip_address(address)])
    with pytest.raises(Invalid, match="which no probe may reach"):
        fetch("http://shop.example/", allowed=["http://shop.example"], reach=reach)


def test_an_unknown_name_is_said() -> None:
    def unknown(host: str, port: int) -> list[ipaddress.IPv4Address]:
        raise OSError("no such host")

    with pytest.raises(EngineError, match=r"the host shop\.example is not known"):
        fetch("http://shop.example/", allowed=["http://shop.example"], reach=Reach(unknown))


def matrix(*lines: list[object], kind: str = "matrix") -> tuple[int, bytes]:
    result = [{"metric": {}, "values": values} for values in lines]
    body = {"status": "success", "data": {"resultType": kind, "result": result}}
    return 200, json.dumps(body).encode()


def prometheus(service: Service, *lines: list[object], **changes: object) -> ProbeSpec:
    service.answers["/prom/api/v1/query_range"] = matrix(*lines)
    return probe(service, "/prom/", kind="prometheus", query="sum(up)", **changes)


def seconds(ago: float) -> float:
    return NOW.timestamp() - ago


def test_prometheus_is_asked_for_a_range_with_its_past(service: Service) -> None:
    spec = prometheus(service, [[seconds(60), "1.5"], [seconds(0), "2"]], scale=10.0)
    assert read(service, spec, since=NOW - timedelta(minutes=2)) == ([15.0, 20.0], "")
    [path] = service.asked
    window = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    assert window["query"] == "sum(up)"
    assert window["step"] == "60"
    assert float(window["start"]) % 60 == 0
    assert float(window["start"]) <= seconds(120)
    assert float(window["end"]) == seconds(0)


def test_a_long_silence_is_read_again_no_further_than_500_steps(service: Service) -> None:
    read(service, prometheus(service, []), since=NOW - timedelta(days=30))
    start = float(parse_qs(urlsplit(service.asked[0]).query)["start"][0])
    assert start >= seconds(501 * 60)


def test_points_of_a_clock_that_is_off_are_left_out(service: Service) -> None:
    spec = prometheus(service, [[seconds(86_400), "1"], [seconds(-3600), "2"], [seconds(5), "3"]])
    assert read(service, spec, since=NOW - timedelta(minutes=2)) == ([3.0], "")


def test_points_that_are_no_number_are_left_out(service: Service) -> None:
    spec = prometheus(
        service,
        [[seconds(9), "NaN"], [seconds(8), "+Inf"], [seconds(7), "1e999"], ["soon", "1"],
         [seconds(6)], "x", [1e300, "1"], [seconds(5), "4"]],
    )  # fmt: skip
    assert read(service, spec) == ([4.0], "")


def test_no_line_is_no_data_and_several_are_said(service: Service) -> None:
    assert read(service, prometheus(service)) == ([], "")
    spec = prometheus(service, [[seconds(1), "1"]], [[seconds(1), "2"]])
    assert read(service, spec) == (
        [],
        "One: it gives 2 lines where one is judged; sum them or choose one",
    )


@pytest.mark.parametrize(
    "answer",
    [
        (200, b'{"status": "success"}'),
        (200, b"[]"),
        (200, b'{"data": {"resultType": "matrix", "result": [7]}}'),
        matrix([], kind="vector"),
        (200, b"<html>"),
        (422, b"{}"),
    ],
)
def test_what_does_not_answer_as_prometheus_does_is_no_data(
    service: Service, answer: tuple[int, bytes]
) -> None:
    spec = prometheus(service)
    service.answers["/prom/api/v1/query_range"] = answer
    values, problems = read(service, spec)
    assert values == []
    assert problems.startswith(("One: it ", "One: what it sends is no JSON"))


def test_the_newest_of_each_probe(service: Service) -> None:
    silent = prometheus(service, [[seconds(7), "1"], [seconds(3), "2"]], key="line")
    found = registry.newest(asked(service), [silent, probe(service, "/", key="now")])
    assert {key: reading and reading.value for key, reading in found.items()} == {
        "line": 2.0,
        "now": 200.0,
    }
