"""Coverage debt: whose turn it is, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from exercises.domain.rotation import debt_of

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_the_debt_is_the_weight_of_the_tier_times_the_months() -> None:
    last = {
        "instance-loss": NOW - timedelta(days=155),
        "az-power": None,
        "network-loss": NOW - timedelta(days=3),
    }
    debt = debt_of(1, last, now=NOW)
    assert debt.score == 3 * (12 + 5 + 0)
    assert debt.sum_words == "3 × (12 + 5 + 0) = 51"
    assert debt.reason == "power loss of a zone never, instance loss 5 m ago"


def test_what_is_long_ago_counts_like_what_never_was() -> None:
    long_ago = debt_of(3, {"az-power": NOW - timedelta(days=900)}, now=NOW)
    never = debt_of(3, {"az-power": None}, now=NOW)
    assert long_ago.score == never.score == 12
    assert debt_of(1, {"az-power": None}, now=NOW).score == 36


def test_who_tried_everything_owes_nothing() -> None:
    debt = debt_of(1, {"az-power": NOW}, now=NOW)
    assert (debt.score, debt.reason) == (0, "everything was tried this month")
    assert debt_of(1, {}, now=NOW).score == 0
