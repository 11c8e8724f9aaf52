"""Faults by configuration: three formats, one meaning, and nothing dropped in silence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.errors import Invalid
from exercises.domain.lambda_config import KINDS, Fault, Format, fault_of
from exercises.domain.lambda_formats import convert, format_of, is_off, read, write

CHAOS, FLAT, FLAGS = Format.CHAOS_LAMBDA, Format.FAILURE_LAMBDA_0, Format.FAILURE_LAMBDA_1

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
_PERCENT = st.integers(1, 100)
_COMMON = st.one_of(
    st.builds(
        lambda p, d: Fault("latency", p, delay_ms=d, most_delay_ms=d),
        _PERCENT,
        st.integers(1, 900_000),
    ),
    st.builds(lambda p, m: Fault("exception", p, message=m), _PERCENT, _TEXT),
    st.builds(lambda p, s: Fault("status_code", p, status=s), _PERCENT, st.integers(100, 599)),
)


@given(_COMMON, st.sampled_from(Format), st.sampled_from(Format))
def test_what_every_format_can_say_survives_any_conversion(
    fault: Fault, one: Format, other: Format
) -> None:
    text = write(one, [fault])

    assert read(one, text) == (fault,)
    assert convert(convert(text, one, other), other, one) == text


def test_each_format_is_written_as_its_library_reads_it() -> None:
    fault = Fault("latency", 50, delay_ms=400, most_delay_ms=400)

    assert json.loads(write(CHAOS, [fault])) == {
        "fault_type": "latency",
        "is_enabled": True,
        "delay": 400,
        "rate": 0.5,
    }
    assert json.loads(write(FLAT, [fault])) == {
        "isEnabled": True,
        "failureMode": "latency",
        "rate": 0.5,
        "minLatency": 400,
        "maxLatency": 400,
    }
    assert json.loads(write(FLAGS, [fault])) == {
        "latency": {"enabled": True, "percentage": 50, "min_latency": 400, "max_latency": 400}
    }


def test_several_faults_with_conditions_are_for_flags_alone() -> None:
    text = json.dumps(
        {
            "latency": {"enabled": True, "percentage": 20, "min_latency": 1, "max_latency": 9},
            "statuscode": {
                "enabled": True,
                "status_code": 503,
                "match": [{"path": "requestContext.stage", "operator": "eq", "value": "canary"}],
            },
            "denylist": {"enabled": False, "deny_list": ["s3.*"]},
        }
    )

    found = read(FLAGS, text)

    assert [fault.kind for fault in found] == ["latency", "status_code"]
    with pytest.raises(Invalid) as error:
        convert(text, FLAGS, CHAOS)
    assert dict(error.value.problems) == {
        "faults": "chaos_lambda injects one kind of fault at a time",
        "faults[0].most_delay_ms": "chaos_lambda waits for one fixed time",
        "faults[1].match": "chaos_lambda hits every invocation alike",
    }


@pytest.mark.parametrize("form", Format)
def test_the_off_form_of_each_format_is_off_in_it(form: Format) -> None:
    assert is_off(form, write(form, []))
    assert is_off(form, "{}")
    assert not is_off(form, write(form, [Fault("exception", message="x")]))


@pytest.mark.parametrize(
    ("form", "text", "field"),
    [
        (CHAOS, "[]", "value"),
        (CHAOS, "{", "value"),
        (CHAOS, '{"fault_type": "latency"}', "is_enabled"),
        (CHAOS, '{"is_enabled": true, "fault_type": "diskspace"}', "kind"),
        (FLAT, '{"isEnabled": 1}', "isEnabled"),
        (FLAT, '{"isEnabled": true, "failureMode": "latency", "rate": 2}', "rate"),
        (FLAT, '{"isEnabled": true, "failureMode": "latency", "latency": 2}', "latency"),
        (FLAGS, '{"latency": true}', "latency"),
        (FLAGS, '{"latency": {"enabled": true, "percentage": 150, "min_latency": 1}}', "rate"),
        (FLAGS, '{"isEnabled": true, "failureMode": "latency"}', "isEnabled"),
    ],
)
def test_a_value_that_no_library_reads_is_refused_by_its_place(
    form: Format, text: str, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        read(form, text)
    assert field in dict(error.value.problems)


@pytest.mark.parametrize(
    ("entry", "field", "limit"),
    [
        ({"kind": "gremlin"}, "kind", "latency"),
        ({"kind": "latency"}, "delay_ms", "900000"),
        ({"kind": "latency", "delay_ms": 900_001}, "delay_ms", "900000"),
        ({"kind": "latency", "delay_ms": 5, "most_delay_ms": 4}, "most_delay_ms", "delay_ms"),
        ({"kind": "status_code", "status": 600}, "status", "599"),
        ({"kind": "diskspace", "disk_mb": 10_241}, "disk_mb", "10240"),
        ({"kind": "denylist", "hosts": []}, "hosts", "20"),
        ({"kind": "exception", "message": "x" * 501}, "message", "500"),
        ({"kind": "corruption", "body": "x" * 2001}, "body", "2000"),
        ({"kind": "exception", "percent": 0}, "percent", "100"),
        ({"kind": "exception", "percent": True}, "percent", "100"),
        ({"kind": "exception", "percent": 0.001}, "percent", "0.01"),
        ({"kind": "exception", "delay_ms": 5}, "delay_ms", "exception"),
        ({"kind": "exception", "match": [{}] * 6}, "match", "5"),
        (
            {
                "kind": "exception",
                "match": [{"path": "a", "operator": "regex", "value": "(a+)+"}],
            },
            "match[0].value",
            "repetition",
        ),
        (
            {"kind": "exception", "match": [{"path": "a", "operator": "like", "value": "b"}]},
            "match[0].operator",
            "startsWith",
        ),
    ],
)
def test_a_fault_outside_its_limits_is_refused_with_field_and_limit(
    entry: dict[str, object], field: str, limit: str
) -> None:
    with pytest.raises(Invalid) as error:
        fault_of(entry)
    assert limit in dict(error.value.problems)[field]


def test_a_value_longer_than_a_standard_parameter_is_refused() -> None:
    hosts = tuple(f"{'x' * 190}{number:03}.*" for number in range(20))
    faults = [Fault("denylist", hosts=hosts), Fault("corruption", body="x" * 2000)]

    with pytest.raises(Invalid, match="4,096 bytes"):
        write(FLAGS, faults)


@pytest.mark.parametrize("form", Format)
def test_the_format_of_a_value_is_known_by_its_keys(form: Format) -> None:
    assert format_of(json.loads(write(form, [Fault("exception", message="x")]))) is form


def test_no_value_is_taken_for_another() -> None:
    assert format_of({"experimentTemplate": {}}) is None
    assert format_of({}) is None


def test_every_kind_can_be_written_for_the_newest_library() -> None:
    examples: dict[str, dict[str, object]] = {
        "latency": {"delay_ms": 100, "most_delay_ms": 400},
        "exception": {"message": "no"},
        "status_code": {"status": 503},
        "diskspace": {"disk_mb": 100},
        "denylist": {"hosts": ["s3.*.amazonaws.com"]},
        "timeout": {"buffer_ms": 50},
        "corruption": {"body": "{}"},
    }
    assert examples.keys() == KINDS.keys()

    for kind, own in examples.items():
        fault = fault_of({"kind": kind, "percent": 10, **own})
        assert read(FLAGS, write(FLAGS, [fault])) == (fault,)
