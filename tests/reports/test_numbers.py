"""What each number of the report counts, and what it leaves out."""

from __future__ import annotations

from datetime import date
from typing import Any

from exercises.domain.report_numbers import (
    ApplicationFact,
    Facts,
    FindingFact,
    OverrideFact,
    Report,
    RunFact,
    headline,
    report,
)
from exercises.domain.report_periods import Month, Period

OCTOBER, JULY = Month(2026, 10), Month(2026, 7)
PERIOD = Period(OCTOBER)
BROKER = ApplicationFact(1, "Broker", team_id=1, team_name="Telemetry", tier=1)
LOCKS = ApplicationFact(2, "Locks", team_id=2, team_name="Digital Key", tier=1)
MAPS = ApplicationFact(3, "Maps", team_id=2, team_name="Digital Key", tier=3)


def ran(month: Month, application: ApplicationFact = BROKER, **over: Any) -> RunFact:
    values: dict[str, Any] = {"is_production": True, "verdict": "held", "outside_s": 0.0}
    return RunFact(month=month, application_id=application.id, **(values | over))


def found(pk: int = 1, **over: Any) -> FindingFact:
    values: dict[str, Any] = {
        "severity": 3,
        "found_on": date(2026, 8, 3),
        "due_on": date(2026, 10, 5),
        "verified_on": None,
    }
    return FindingFact(id=pk, **(values | over))


def of(*runs: RunFact, findings: tuple[FindingFact, ...] = (), **over: Any) -> Report:
    values: dict[str, Any] = {
        "as_of": date(2026, 10, 31),
        "runs": runs,
        "applications": (BROKER, LOCKS, MAPS),
        "findings": findings,
    }
    return report(PERIOD, Facts(**(values | over)))


def test_coverage_counts_critical_applications_once_each() -> None:
    numbers = of(ran(OCTOBER), ran(OCTOBER), ran(OCTOBER, MAPS))
    assert (numbers.coverage.part, numbers.coverage.whole) == (1, 2)
    assert numbers.coverage.percent == 50


def test_a_run_before_the_three_months_counts_for_the_comparison_only() -> None:
    numbers = of(ran(JULY))
    assert numbers.coverage.part == 0
    assert numbers.coverage_trend.before == 50
    assert numbers.coverage_trend.change == -50


def test_inconclusive_runs_say_nothing_of_the_hypotheses() -> None:
    numbers = of(
        ran(OCTOBER), ran(OCTOBER, verdict="not_held"), ran(OCTOBER, verdict="inconclusive")
    )
    assert (numbers.held.part, numbers.held.whole) == (1, 2)


def test_nothing_judged_is_no_number_rather_than_zero() -> None:
    numbers = of(ran(OCTOBER, verdict=""))
    assert numbers.held.percent is None
    assert numbers.recovery.now is None


def test_fixed_in_time_is_verified_by_the_day_it_was_due() -> None:
    on_the_day = found(1, verified_on=date(2026, 10, 5))
    a_day_late = found(2, verified_on=date(2026, 10, 6))
    not_due_yet = found(3, due_on=date(2026, 11, 20))
    never_due = found(4, due_on=None)
    numbers = of(findings=(on_the_day, a_day_late, not_due_yet, never_due))
    assert (numbers.in_time.part, numbers.in_time.whole) == (1, 2)


def test_overdue_is_open_after_its_day_and_says_nothing_of_what_comes() -> None:
    late, done = found(1), found(2, verified_on=date(2026, 10, 20))
    due_today = found(3, due_on=date(2026, 10, 31))
    assert of(findings=(late, done, due_today)).overdue == 1


def test_a_fix_that_was_verified_later_was_open_then() -> None:
    numbers = of(findings=(found(verified_on=date(2026, 11, 9)),))
    assert numbers.overdue == 1
    assert sum(numbers.ages[0].counts) == 1


def test_recovery_counts_only_runs_that_left_the_steady_state_and_came_back() -> None:
    numbers = of(
        ran(OCTOBER, outside_s=60.0),
        ran(OCTOBER, outside_s=180.0),
        ran(OCTOBER, outside_s=0.0),
        ran(OCTOBER, outside_s=None),
    )
    assert (numbers.recovery.now, numbers.recoveries) == (120.0, 2)


def test_a_team_stands_with_all_its_months_busiest_first() -> None:
    numbers = of(ran(OCTOBER, LOCKS), ran(OCTOBER, MAPS, is_production=False), ran(JULY))
    assert [row.name for row in numbers.teams] == ["Digital Key", "Telemetry"]
    assert numbers.teams[0].months[-1] == 2
    assert (numbers.teams[0].exercised.part, numbers.teams[0].exercised.whole) == (2, 2)


def test_a_frozen_month_is_not_zero_and_one_in_which_something_ran_is_not_frozen() -> None:
    frozen = frozenset({(1, OCTOBER), (2, OCTOBER)})
    numbers = of(ran(OCTOBER, LOCKS), frozen=frozen)
    key, telemetry = numbers.teams
    assert (key.months[-1], key.is_frozen[-1]) == (1, False)
    assert (telemetry.months[-1], telemetry.is_frozen[-1]) == (None, True)


def test_months_to_come_are_empty() -> None:
    numbers = of(as_of=date(2026, 9, 20))
    assert numbers.teams[0].months[-2:] == (0, None)


def test_outcomes_are_those_of_production() -> None:
    numbers = of(ran(OCTOBER, is_production=False), ran(OCTOBER, verdict="not_held"), ran(OCTOBER))
    last = numbers.outcomes[-1]
    assert (last.held, last.not_held, last.inconclusive) == (1, 1, 0)


def test_who_never_took_part_is_named_among_the_critical() -> None:
    assert [a.name for a in of(ran(JULY)).never_exercised] == ["Locks"]


def test_the_numbers_write_a_headline() -> None:
    more = of(ran(JULY, outside_s=90.0), ran(OCTOBER, outside_s=30.0), ran(OCTOBER, LOCKS))
    assert headline(more) == "We test more, and recover faster"
    less = of(ran(JULY), ran(JULY, LOCKS, outside_s=30.0), ran(OCTOBER, outside_s=90.0))
    assert headline(less) == "We test less, but recover slower"
    assert headline(of()) == "Nothing was exercised yet"


def test_a_headline_never_joins_bad_and_good_with_and() -> None:
    mixed = of(ran(JULY, outside_s=30.0), ran(OCTOBER, outside_s=90.0), ran(OCTOBER, LOCKS))
    assert headline(mixed) == "We test more, but recover slower"


def test_an_override_is_printed_for_every_period_in_which_it_was_in_force() -> None:
    def granted(on: date, until: date, slug: str) -> OverrideFact:
        return OverrideFact(slug, "Broker", "az-power", 4, "A lead", "New", on, until)

    before = granted(date(2026, 6, 1), date(2026, 7, 31), "before")
    into = granted(date(2026, 7, 1), date(2026, 8, 1), "into")
    last_day = granted(date(2026, 10, 31), date(2027, 1, 1), "last-day")
    after = granted(date(2026, 11, 1), date(2026, 11, 2), "after")
    numbers = of(overrides=(before, into, last_day, after))
    assert [o.slug for o in numbers.overrides] == ["last-day", "into"]
