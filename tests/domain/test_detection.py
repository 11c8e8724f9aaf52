"""The chain of a detection, from the log while it happens and from the verdict after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from exercises.domain.detection import (
    ACKNOWLEDGED,
    CLEARED,
    FIRED,
    INSIDE,
    OUTSIDE,
    UNREADABLE,
    Chain,
    Logged,
    Step,
    alarm_lines,
    chain_of,
)

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NAMES = {"answered": "Answered", "latency": "Latency"}


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def chain(*lines: Logged, judged: list[dict[str, object]] | None = None, speed: float = 1) -> Chain:
    return chain_of(lines, injected_at=BEGAN, names=NAMES, judged=judged, speed=speed)


def after(step: Step | None) -> tuple[float, str] | None:
    return (step.after_s, step.what) if step else None


def row(key: str, first: float | None, back: float | None) -> dict[str, object]:
    return {
        "key": key,
        "first_outside": None if first is None else at(first).isoformat(),
        "back_inside": None if back is None else at(back).isoformat(),
        "recovered": first is None or back is not None,
    }


def test_nothing_has_come_yet() -> None:
    assert chain() == Chain(BEGAN, None, None, None, None, is_over=False)


def test_each_step_is_the_first_of_its_kind_after_the_injection() -> None:
    found = chain(
        Logged(OUTSIDE, at(-5), "latency"),
        Logged(FIRED, at(-4), "too-few"),
        Logged(OUTSIDE, at(2), "answered"),
        Logged(OUTSIDE, at(3), "latency"),
        Logged(FIRED, at(4), "too-few"),
        Logged(FIRED, at(5), "too-slow"),
        Logged(ACKNOWLEDGED, at(6)),
        speed=60,
    )
    assert after(found.moved) == (120, "Answered")
    assert after(found.alarmed) == (240, "too-few")
    assert after(found.acknowledged) == (360, "")
    assert found.steady is None


def test_it_is_steady_again_when_the_last_probe_is_back_and_stays() -> None:
    lines = [
        Logged(OUTSIDE, at(1), "answered"),
        Logged(OUTSIDE, at(2), "latency"),
        Logged(INSIDE, at(3), "answered"),
    ]
    assert chain(*lines).steady is None
    lines.append(Logged(INSIDE, at(5), "latency"))
    assert after(chain(*lines).steady) == (5, "Latency")
    lines.append(Logged(OUTSIDE, at(6), "latency"))
    assert chain(*lines).steady is None


def test_the_verdict_counts_once_there_is_one() -> None:
    """It knows of silence, which is no line of the log."""
    judged = [row("answered", 60, 90), row("latency", 70, 140), row("quiet", None, None)]
    found = chain(Logged(OUTSIDE, at(99), "latency"), judged=judged)
    assert (after(found.moved), after(found.steady)) == ((60, "Answered"), (140, "Latency"))
    assert found.is_over


def test_one_probe_that_did_not_come_back_keeps_it_from_being_steady() -> None:
    assert chain(judged=[row("answered", 60, 90), row("latency", 70, None)]).steady is None


def test_verdicts_from_before_know_the_longest_time_outside() -> None:
    old = {"key": "answered", "outside_from": at(5).isoformat(), "outside_to": at(9).isoformat()}
    found = chain(judged=[old | {"recovered": True}])
    assert (after(found.moved), after(found.steady)) == ((5, "Answered"), (9, "Answered"))


def test_an_alarm_is_logged_when_it_is_another_than_the_last_line_says() -> None:
    told = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "d": "UNKNOWN", "e": "MISSING"}
    assert alarm_lines({}, told) == [("a", FIRED), ("c", UNREADABLE), ("e", UNREADABLE)]
    before = {"a": FIRED, "b": FIRED, "c": UNREADABLE, "d": FIRED}
    assert alarm_lines(before, told) == [("b", CLEARED), ("e", UNREADABLE)]
