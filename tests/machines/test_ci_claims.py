"""Rules on the claims of a CI job: exact or with *, whose job it is always pinned down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.ci_claims import (
    LONGEST_LIFE_S,
    MOST_CONDITIONS,
    MOST_RULES,
    Condition,
    Rule,
    audience_problems,
    fits,
    read_rules,
    rule_problems,
    time_problems,
    why_not,
)
from exercises.domain.errors import Invalid

NOW = 1_800_000_000.0
OURS = Condition("repository", "org/app")


def _rule(
    *conditions: Condition, team: str = "telemetry", scopes: tuple[str, ...] = ("read",)
) -> Rule:
    return Rule(team, scopes, conditions or (OURS,))


@pytest.mark.parametrize(
    ("pattern", "value", "is_it"),
    [
        ("org/app", "org/app", True),
        ("org/app", "org/app2", False),
        ("org/app", "ORG/app", False),
        ("org/*", "org/app", True),
        ("org/*", "organised/app", False),
        ("refs/heads/*", "refs/heads/release/1", True),
        ("refs/*/main", "refs/heads/main", True),
        ("refs/*/main", "refs/main", False),
        ("a*a", "a", False),
        ("*a*b*", "xaxxbx", True),
        ("*b*a*", "xaxxbx", False),
        ("org/a.p", "org/aXp", False),
        ("org/[a]*", "org/app", False),
    ],
)
def test_a_star_stands_for_any_characters_and_nothing_else_is_special(
    pattern: str, value: str, is_it: bool
) -> None:
    assert fits(pattern, value) is is_it


@given(st.lists(st.text("ab/", max_size=4), min_size=1, max_size=5), st.data())
def test_what_a_pattern_is_filled_with_fits_it(parts: list[str], data: st.DataObject) -> None:
    filled = parts[0] + "".join(data.draw(st.text("ab/", max_size=4)) + part for part in parts[1:])
    assert fits("*".join(parts), filled)


def test_a_pattern_made_to_be_slow_is_answered_at_once() -> None:
    assert not fits("*a" * 150, "a" * 149 + "b" * 10_000)


def test_rules_are_read_as_they_are_written() -> None:
    text = (
        "# pipelines\n\n"
        "telemetry: read, write if repository = org/app and ref = refs/heads/main\n"
        "charging: stop if sub = repo:org/charging:environment:production\n"
    )
    rules = read_rules(text)
    assert [rule.team for rule in rules] == ["telemetry", "charging"]
    assert rules[0].scopes == ("read", "write")
    assert rules[1].conditions[0].pattern == "repo:org/charging:environment:production"
    assert read_rules("\n".join(map(str, rules))) == rules
    assert rule_problems(rules) == []


@pytest.mark.parametrize(
    "line", ["telemetry", "telemetry: read", "telemetry read if a = b", "t: read if a"]
)
def test_a_line_that_is_no_rule_is_named_by_its_number(line: str) -> None:
    with pytest.raises(Invalid, match="line 2"):
        read_rules(f"\n{line}")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (_rule(team="two words"), "short name"),
        (_rule(scopes=()), "read, write, stop"),
        (_rule(scopes=("incidents",)), "read, write, stop"),
        (_rule(*[OURS] * (MOST_CONDITIONS + 1)), str(MOST_CONDITIONS)),
        (_rule(OURS, Condition("a b", "x")), "name of a claim"),
        (_rule(OURS, Condition("ref", "")), "1 to 300"),
        (_rule(OURS, Condition("ref", "x" * 301)), "1 to 300"),
        (_rule(OURS, Condition("ref", "a\nb")), "printable"),
        (_rule(OURS, Condition("ref", "this and that")), "and"),
        (_rule(Condition("ref", "refs/heads/main")), "whose job"),
        (_rule(Condition("repository", "*")), "whose job"),
        (_rule(Condition("repository", "org*")), "whose job"),
        (_rule(Condition("sub", "repo:org*")), "whose job"),
    ],
)
def test_bad_rules_are_named_with_their_limit(rule: Rule, says: str) -> None:
    [(field, problem)] = rule_problems([_rule(), rule])
    assert field == "rules"
    assert problem.startswith("rule 2: ")
    assert says in problem


def test_there_is_a_limit_to_how_many() -> None:
    assert rule_problems([_rule()] * MOST_RULES) == []
    assert rule_problems([_rule()] * (MOST_RULES + 1)) == [("rules", "at most 50")]


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"repository": "org/app", "ref": "main", "ref_protected": True}, ""),
        ({"repository": ["x", "org/app"], "ref": "main", "ref_protected": "true"}, ""),
        ({"ref": "main", "ref_protected": True}, "there is no repository"),
        ({"repository": "evil/app"}, "repository is “evil/app”, not “org/app”"),
        ({"repository": {"org": "app"}}, "neither text nor a number"),
        ({"repository": "org/app", "ref": "dev"}, "ref is “dev”, not “main”"),
        ({"repository": "org/app", "ref": "main", "ref_protected": False}, "is “false”"),
    ],
)
def test_it_is_said_which_condition_does_not_hold(claims: dict[str, object], says: str) -> None:
    rule = _rule(OURS, Condition("ref", "main"), Condition("ref_protected", "true"))
    found = why_not(rule, claims)
    assert says in found if says else found == ""


@pytest.mark.parametrize(
    ("audience", "is_ours"),
    [
        ("https://chaos", True),
        (["https://chaos"], True),
        (["https://chaos", "https://other"], False),
        ("https://chaos/", False),
        (None, False),
    ],
)
def test_the_audience_is_us_alone(audience: object, is_ours: bool) -> None:
    assert (audience_problems({"aud": audience}, "https://chaos") == []) is is_ours


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"exp": NOW - 59}, []),
        ({"exp": NOW - 60}, ["exp"]),
        ({"iat": NOW + 60, "exp": NOW + 100}, []),
        ({"iat": NOW + 61, "exp": NOW + 100}, ["iat"]),
        ({"nbf": NOW + 60}, []),
        ({"nbf": NOW + 61}, ["nbf"]),
        ({"nbf": "soon"}, ["nbf"]),
        ({"exp": NOW - 10 + LONGEST_LIFE_S}, []),
        ({"exp": NOW - 9 + LONGEST_LIFE_S}, ["exp"]),
        ({"exp": None}, ["exp"]),
        ({"exp": True}, ["exp"]),
        ({"exp": float("inf")}, ["exp"]),
        ({"exp": 10**400}, ["exp"]),
        ({"iat": None}, ["iat"]),
    ],
)
def test_times_are_kept_to_with_a_minute_for_the_clocks(
    change: dict[str, object], fields: list[str]
) -> None:
    claims = {"iat": NOW - 10, "exp": NOW + 300} | change
    assert [field for field, _ in time_problems(claims, NOW)] == fields
