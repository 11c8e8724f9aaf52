"""What a CI job says of itself in its token, and the rules that let it act for a team.

A rule names a team, scopes and conditions on claims; the first rule of an issuer that fits
decides. Called by services.ci_sign_in and services.ci_issuers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Invalid

LEEWAY_S: Final = 60
LONGEST_LIFE_S: Final = 3600
MOST_RULES: Final = 50
MOST_CONDITIONS: Final = 10
LONGEST_PATTERN: Final = 300
SCOPES: Final = ("read", "write", "stop")
WHOSE: Final = (
    "sub", "repository", "repository_id", "repository_owner", "repository_owner_id",
    "project_path", "project_id", "namespace_path", "namespace_id", "client_id", "azp",
)  # fmt: skip
"""Claims that say whose job it is. At an issuer of the public everybody has a token, so every
rule pins one of these down."""

_CLAIM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,99}")
_TEAM: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
_AND: Final = " and "
_WRITTEN_AS: Final = "team: scopes if claim = pattern and claim = pattern"

Claims = Mapping[str, object]
Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Condition:
    """`*` in the pattern stands for any characters, as in StringLike of AWS."""

    claim: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.claim} = {self.pattern}"


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions together let a job act as the service of `team`, with these scopes."""

    team: str
    scopes: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return f"{self.team}: {' '.join(self.scopes)} if {_AND.join(map(str, self.conditions))}"


def read_rules(text: str) -> list[Rule]:
    """A rule a line, as `Rule.__str__` writes it; raises Invalid that names every bad line."""
    rules, problems = [], []
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    for number, line in [(n, line) for n, line in lines if line and not line.startswith("#")]:
        try:
            rules.append(_read(line))
        except ValueError as error:
            problems.append(("rules", f"line {number}: {error}"))
    if problems:
        raise Invalid.of(problems)
    return rules


def _read(line: str) -> Rule:
    team, colon, rest = line.partition(":")
    scopes, word, conditions = rest.partition(" if ")
    if not colon or not word:
        raise ValueError(f"is written as “{_WRITTEN_AS}”")
    pairs = [each.partition("=") for each in conditions.split(_AND)]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError("every condition is written as “claim = pattern”")
    return Rule(
        team.strip(),
        tuple(scopes.replace(",", " ").split()),
        tuple(Condition(claim.strip(), pattern.strip()) for claim, _, pattern in pairs),
    )


def rule_problems(rules: Sequence[Rule]) -> Problems:
    """What is wrong with each rule, by its number."""
    if len(rules) > MOST_RULES:
        return [("rules", f"at most {MOST_RULES}")]
    return [
        ("rules", f"rule {number}: {problem}")
        for number, rule in enumerate(rules, 1)
        for problem in _problems_of(rule)
    ]


def _problems_of(rule: Rule) -> list[str]:
    found = []
    if not _TEAM.fullmatch(rule.team):
        found.append("names no team by its short name")
    if not rule.scopes or set(rule.scopes) - set(SCOPES):
        found.append(f"scopes are one or more of {', '.join(SCOPES)}")
    if not 1 <= len(rule.conditions) <= MOST_CONDITIONS:
        found.append(f"1 to {MOST_CONDITIONS} conditions")
    for one in rule.conditions:
        if not _CLAIM.fullmatch(one.claim):
            found.append(f"“{one.claim[:40]}” is no name of a claim (at most 100 characters)")
        if not 1 <= len(one.pattern) <= LONGEST_PATTERN or not one.pattern.isprintable():
            found.append(f"{one.claim}: a pattern of 1 to {LONGEST_PATTERN} printable characters")
        elif one.pattern != one.pattern.strip() or _AND in one.pattern:
            found.append(f"{one.claim}: without blanks around it, and without “{_AND}” in it")
    if not any(_is_pinned(one) for one in rule.conditions):
        found.append(
            "say whose job it is: one of " + ", ".join(WHOSE) + ", whole or with * after a /"
        )
    return found


def _is_pinned(condition: Condition) -> bool:
    """`org/*` is one organisation's; `org*` is also that of whoever registers organised-crime."""
    begin, star, _ = condition.pattern.partition("*")
    return condition.claim in WHOSE and bool(begin) and (not star or "/" in begin)


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value is as the pattern says; in time of the lengths' product at most."""
    first, *others = pattern.split("*")
    if not others:
        return value == pattern
    *between, last = others
    if len(value) < len(first) + len(last):
        return False
    if not (value.startswith(first) and value.endswith(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for part in between:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def why_not(rule: Rule, claims: Claims) -> str:
    """The first condition that does not hold, in words; empty when the rule lets the job in."""
    for one in rule.conditions:
        if one.claim not in claims:
            return f"there is no {one.claim}"
        said = _texts(claims[one.claim])
        if not said:
            return f"{one.claim} is neither text nor a number"
        if not any(fits(one.pattern, text) for text in said):
            return f"{one.claim} is “{said[0][:LONGEST_PATTERN]}”, not “{one.pattern}”"
    return ""


def _texts(value: object) -> list[str]:
    """A claim as the texts it holds: one, or each of a list."""
    if isinstance(value, list):
        return [text for each in value if not isinstance(each, list) for text in _texts(each)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, str | int) else []


def audience_problems(claims: Claims, audience: str) -> Problems:
    """The token is for us and for nobody else: what is for two can be passed on by the other."""
    said = claims.get("aud")
    if said in (audience, [audience]):
        return []
    return [("aud", f"is not “{audience}” alone")]


def time_problems(claims: Claims, now_s: float) -> Problems:
    """Not yet, no longer, or for too long; a minute of difference between clocks is let pass."""
    exp, iat = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    problems: Problems = []
    if exp is None:
        problems.append(("exp", "is missing, or no number"))
    elif exp + LEEWAY_S <= now_s:
        problems.append(("exp", "has passed: it is no longer valid"))
    if iat is None:
        problems.append(("iat", "is missing, or no number"))
    elif iat - LEEWAY_S > now_s:
        problems.append(("iat", "lies in the future: it is not valid yet"))
    if "nbf" in claims:
        nbf = _seconds(claims["nbf"])
        if nbf is None:
            problems.append(("nbf", "is no number"))
        elif nbf - LEEWAY_S > now_s:
            problems.append(("nbf", "lies in the future: it is not valid yet"))
    if exp is not None and iat is not None and exp - iat > LONGEST_LIFE_S:
        problems.append(("exp", f"is more than {LONGEST_LIFE_S // 60} minutes after iat"))
    return problems


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and abs(seconds) < 2**40 else None
