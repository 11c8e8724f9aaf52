"""Which CI is taken at its word, and which of its jobs act for which team. For programme leads.

An issuer and its ordered rules are one thing: they are written together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from exercises.channels.safe_fetch import Reach, host_of
from exercises.domain.actors import Actor
from exercises.domain.ci_claims import Problems, Rule, rule_problems
from exercises.domain.errors import Conflict, Invalid
from exercises.models import OidcIssuer, OidcRule, Team
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.ci_keys import read_keys
from exercises.services.ci_sign_in import Judgement, judge

MOST: Final = 20
LONGEST: Final = 300
AUDIENCE: Final = r"[!-~]+"


def add_issuer(
    *,
    actor: Actor,
    url: str,
    audience: str,
    rules: Sequence[Rule],
    is_active: bool = True,
    reach: Reach | None = None,
) -> OidcIssuer:
    """Take tokens of this CI from now on, and read its keys. Raises NotAllowed, Invalid.

    Keys that cannot be read are said on it and asked for again when a job comes.
    """
    authorize(actor, "ci.configure")
    issuer = OidcIssuer(
        url=url.strip(), audience=audience.strip(), is_active=is_active,
        created_by_id=actor.person_id, vouched_by=[actor.person_id],
    )  # fmt: skip
    teams = _checked(issuer, rules)
    with transaction.atomic():
        issuer.save()
        _write(issuer, rules, teams)
        record(actor, "ci_issuer.add", issuer, **_said(issuer, rules))
    read_keys(issuer, reach=reach)
    return issuer


def change_issuer(
    *,
    actor: Actor,
    issuer: OidcIssuer,
    audience: str,
    rules: Sequence[Rule],
    is_active: bool = True,
) -> OidcIssuer:
    """Another audience, other rules, or off; whose keys they are stays. Raises NotAllowed,
    Invalid, Conflict (it was removed)."""
    authorize(actor, "ci.configure")
    issuer.audience, issuer.is_active = audience.strip(), is_active
    teams = _checked(issuer, rules)
    with transaction.atomic():
        vouched = _lock(issuer).vouched_by
        issuer.vouched_by = sorted({*vouched, actor.person_id})
        issuer.save(update_fields=["audience", "is_active", "vouched_by"])
        _write(issuer, rules, teams)
        record(actor, "ci_issuer.change", issuer, **_said(issuer, rules))
    return issuer


def remove_issuer(*, actor: Actor, issuer: OidcIssuer) -> None:
    """None of its tokens lets anybody in any more. Raises NotAllowed, Conflict."""
    authorize(actor, "ci.configure")
    with transaction.atomic():
        _lock(issuer)
        record(actor, "ci_issuer.remove", issuer, url=issuer.url)
        issuer.delete()


def try_token(*, actor: Actor, token: str, reach: Reach | None = None) -> Judgement:
    """What would come of a token, and why. It is neither kept nor logged, and lets nobody in.
    Raises NotAllowed, EngineError (keys cannot be read)."""
    authorize(actor, "ci.configure")
    return judge(token.strip(), reach=reach)


def _lock(issuer: OidcIssuer) -> OidcIssuer:
    """As it is by now. Raises Conflict."""
    found = OidcIssuer.objects.select_for_update(no_key=True).filter(pk=issuer.pk).first()
    if found is None:
        raise Conflict("this issuer was removed")
    return found


def _said(issuer: OidcIssuer, rules: Sequence[Rule]) -> dict[str, object]:
    return {
        "url": issuer.url,
        "audience": issuer.audience,
        "is_active": issuer.is_active,
        "rules": [str(rule) for rule in rules],
    }


def _checked(issuer: OidcIssuer, rules: Sequence[Rule]) -> dict[str, Team]:
    """The teams that the rules name, by short name. Raises Invalid with all that is wrong."""
    problems = [*_url_problems(issuer), *rule_problems(rules)]
    if len(issuer.audience) > LONGEST or not re.fullmatch(AUDIENCE, issuer.audience):
        problems.append(("audience", f"1 to {LONGEST} characters of ASCII, without spaces"))
    teams = {team.slug: team for team in Team.objects.filter(slug__in={r.team for r in rules})}
    problems += [
        ("rules", f"rule {number}: there is no team {rule.team[:50]}")
        for number, rule in enumerate(rules, 1)
        if rule.team not in teams
    ]
    if problems:
        raise Invalid.of(problems)
    return teams


def _url_problems(issuer: OidcIssuer) -> Problems:
    if len(issuer.url) > LONGEST:
        return [("url", f"at most {LONGEST} characters")]
    try:
        host_of(issuer.url)
    except Invalid as error:
        return list(error.problems)
    if "?" in issuer.url or "#" in issuer.url:
        return [("url", "without ? and #: as iss in its tokens says")]
    if not issuer._state.adding:
        return []
    if OidcIssuer.objects.filter(url=issuer.url).exists():
        return [("url", "is there already; change that one")]
    return [("url", f"{MOST} issuers at most")] if OidcIssuer.objects.count() >= MOST else []


def _write(issuer: OidcIssuer, rules: Sequence[Rule], teams: dict[str, Team]) -> None:
    """All of them anew; a rule that stays keeps when it was last used."""
    used = {str(row.rule): row.last_used_at for row in issuer.rules.select_related("team")}
    issuer.rules.all().delete()
    OidcRule.objects.bulk_create(
        OidcRule(
            issuer=issuer,
            position=position,
            team=teams[rule.team],
            scopes=list(rule.scopes),
            conditions=[[one.claim, one.pattern] for one in rule.conditions],
            last_used_at=used.get(str(rule)),
        )
        for position, rule in enumerate(rules, 1)
    )
