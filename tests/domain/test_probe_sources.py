"""Where probes read their values: the fields of each kind, and what may be reached."""

from __future__ import annotations

from typing import cast

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.json_pointer import is_pointer, value_at
from exercises.domain.probe_sources import check_allowed, place_of
from exercises.domain.steady_state import probes_from_json

COMMON = {"key": "one", "name": "One", "period_s": 60, "grace_s": 0, "low": 1.0}
ALARM = {**COMMON, "kind": "alarm", "alarm": "arn:aws:cloudwatch:eu-central-1:1" + "1" * 11}
ALARM["alarm"] = f"{ALARM['alarm']}:alarm:too-few"
HTTP = {**COMMON, "kind": "http", "url": "https://shop.internal.example/health"}
JSON = {**HTTP, "reads": "json", "pointer": "/queue/depth"}
PROMETHEUS = {
    **COMMON,
    "kind": "prometheus",
    "url": "http://prometheus.example:9090",
    "query": "up",
}


RATIO = {
    **COMMON,
    "kind": "metric_math",
    "expression": "100 * answered / asked",
    "metrics": [
        {"id": name, "namespace": "Shop", "metric": name, "dimensions": {"A": "b"}, "stat": "Sum"}
        for name in ("asked", "answered")
    ],
}


def ratio(**change: object) -> dict[str, object]:
    """What changes in its first metric."""
    first, other = cast(list[dict[str, object]], RATIO["metrics"])
    return {"metrics": [{**first, **change}, other]}


JUDGEMENT = {**COMMON, "kind": "judgement"}


@pytest.mark.parametrize("row", [ALARM, HTTP, JSON, PROMETHEUS, JUDGEMENT, RATIO])
def test_each_kind_is_read_with_its_own_fields(row: dict[str, object]) -> None:
    [spec] = probes_from_json([row])
    assert {name: getattr(spec, name) for name in row} == row


@pytest.mark.parametrize(
    ("row", "change", "said"),
    [
        (HTTP, {"kind": "carrier-pigeon"}, "kind: must be one of cloudwatch, metric_math, alarm"),
        (HTTP, {"kind": ["http"]}, "kind: must be one of cloudwatch, metric_math, alarm"),
        (HTTP, {"metric": "Requests"}, "metric: belongs to no http probe"),
        (HTTP, {"query": "up"}, "query: belongs to no http probe"),
        (ALARM, {"url": "https://a.example"}, "url: belongs to no alarm probe"),
        (ALARM, {"alarm": "too-few"}, "alarm: a CloudWatch alarm ARN"),
        (ALARM, {"alarm": 7}, "alarm: a CloudWatch alarm ARN"),
        (HTTP, {"url": None}, "url: an address such as https://"),
        (HTTP, {"url": "ftp://shop.example"}, "url: starts with https:// or http://"),
        (HTTP, {"url": "https://a:b@shop.example"}, "url: without a name and password"),
        (HTTP, {"url": "https://shop.example/a b"}, "url: without spaces"),
        (HTTP, {"url": "https:///health"}, "url: names no host"),
        (HTTP, {"url": "https://shop.example:0/"}, "url: names no port"),
        (HTTP, {"url": "https://shop.example:99999/"}, "url: cannot be read"),
        (HTTP, {"url": "https://shop.example/" + "a" * 1000}, "url: 1 to 1,000 characters"),
        (HTTP, {"reads": "smell"}, "reads: one of status, latency_ms, json"),
        (HTTP, {"pointer": "/a"}, "pointer: say where in the JSON the number is, and only"),
        (JSON, {"pointer": ""}, "pointer: say where in the JSON the number is, and only"),
        (JSON, {"pointer": "queue"}, "pointer: a JSON Pointer such as"),
        (JSON, {"pointer": "/" + "a" * 200}, "pointer: a JSON Pointer such as"),
        (JUDGEMENT, {"low": 0.5}, "low: 1: steady is 1, not steady is 0"),
        (JUDGEMENT, {"high": [2]}, "high: nothing, or 1"),
        (JUDGEMENT, {"scale": 100}, "scale: 1: a judgement is steady or not"),
        (JUDGEMENT, {"query": "up"}, "query: belongs to no judgement probe"),
        (RATIO, {"metrics": []}, "metrics: a list of 1 to 10 metrics"),
        (RATIO, {"metrics": "asked"}, "metrics: a list of 1 to 10 metrics"),
        (RATIO, {"metrics": [7]}, "metrics[0]: must be an object"),
        (RATIO, ratio(id="Asked"), "metrics[0].id: letters, digits and _, at most 40"),
        (RATIO, ratio(id="answered"), "metrics[1].id: answered is used twice"),
        (RATIO, ratio(stat="Mean"), "metrics[0].stat: one of Average"),
        (RATIO, ratio(namespace=""), "metrics[0].namespace: 1 to 255 characters"),
        (RATIO, ratio(period_s=60), "metrics[0].period_s: is not known"),
        (RATIO, {"expression": " "}, "expression: 1 to 2,048 characters of metric math"),
        (RATIO, {"expression": "asked + answered" + " " * 2048}, "expression: 1 to 2,048"),
        (RATIO, {"metric": "asked"}, "metric: belongs to no metric_math probe"),
        (HTTP, {"expression": "asked"}, "expression: belongs to no http probe"),
        (PROMETHEUS, {"query": " "}, "query: a PromQL expression of 1 to 1,000 characters"),
        (PROMETHEUS, {"query": "a" * 1001}, "query: a PromQL expression of 1 to 1,000"),
    ],
)
def test_what_is_wrong_names_the_field(
    row: dict[str, object], change: dict[str, object], said: str
) -> None:
    with pytest.raises(Invalid) as error:
        probes_from_json([row | change])
    assert f"steady_state[0].{said}" in str(error.value)


def test_only_the_operators_schemes_hosts_and_ports_may_be_reached() -> None:
    allowed = ["https://shop.example", "http://prometheus.example:9090"]
    assert str(check_allowed("https://SHOP.example:443/health?x=1", allowed)) == allowed[0]
    for url in (
        "http://shop.example/health",
        "https://shop.example:8443/",
        "https://shop.example.evil.test/",
        "http://prometheus.example/",
        "https://other.example/",
    ):
        with pytest.raises(Invalid, match="is not among CHAOSPLANE_PROBE_ORIGINS"):
            check_allowed(url, allowed)


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert str(place_of("http://[fd00::1]:9090/metrics")) == "http://[fd00::1]:9090"


def test_a_pointer_leads_to_one_value() -> None:
    document = {"a/b": [{"~": 7}], "": 1}
    assert value_at(document, "") == document
    assert value_at(document, "/a~1b/0/~0") == 7
    assert value_at(document, "/") == 1
    for nowhere in ("/b", "/a~1b/1", "/a~1b/-", "/a~1b/00", "/a~1b/0/~0/x"):
        with pytest.raises(LookupError):
            value_at(document, nowhere)
    assert not is_pointer("/a~2")
