"""A CI job signs in with the token its CI gave it, and acts as the service of a team.

RS256 and ES256 only, by a key that the issuer publishes now; the token is for us alone, is
valid now and for an hour at most; the first rule of the issuer that fits says which team and
which scopes. Nothing of the token is kept or logged but whose job it was.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from exercises.channels.safe_fetch import Reach
from exercises.domain.ci_claims import Problems, audience_problems, time_problems, why_not
from exercises.domain.errors import ChaosplaneError, Invalid
from exercises.models import OidcIssuer, OidcRule, User
from exercises.models.due_work import database_now
from exercises.services.ci_keys import ALGORITHMS, keys_of, read_key

log = logging.getLogger(__name__)

LONGEST: Final = 16_384
_NOTED_EVERY: Final = timedelta(minutes=1)
_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule, and the condition that kept the job out; empty where it lets it in."""

    row: OidcRule
    why_not: str


@dataclass(slots=True)
class Judgement:
    """What a token says, and everything that is wrong with it."""

    algorithm: str = ""
    kid: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    issuer: OidcIssuer | None = None
    problems: Problems = field(default_factory=list)
    tried: Sequence[Tried] = ()

    @property
    def lets_in(self) -> bool:
        return not self.problems

    @property
    def rule(self) -> OidcRule | None:
        """The first that fits."""
        return next((one.row for one in self.tried if not one.why_not), None)


@dataclass(frozen=True, slots=True)
class CiPass:
    """Let in: as whom, and no more than what."""

    user: User
    scopes: tuple[str, ...]
    expires_at: datetime
    vouched_by: frozenset[int]


class TokenRefused(ChaosplaneError):
    """A token of CI that lets nobody in. Names each claim and what is wrong with it."""

    code = "token_refused"

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems))


def is_of_ci(secret: str) -> bool:
    """Whether it looks like a JWT rather than one of our tokens."""
    return secret.count(".") == 2


def sign_in(token: str, *, reach: Reach | None = None) -> CiPass:
    """Let a job in. Raises TokenRefused, and EngineError when the keys cannot be read."""
    found = judge(token, reach=reach)
    if found.problems:
        raise TokenRefused(found.problems)
    row = found.rule
    assert row is not None, "a token that no rule fits has a problem"
    service = User.accounts.service_of(row.team)
    if not service.is_active:
        raise TokenRefused([("team", f"The service of {row.team.name} is suspended")])
    _note(row, found)
    assert found.issuer is not None
    ends_at = datetime.fromtimestamp(found.claims["exp"], UTC)
    return CiPass(service, tuple(row.scopes), ends_at, frozenset(found.issuer.vouched_by))


def judge(token: str, *, reach: Reach | None = None) -> Judgement:
    """Look at a token, and at every rule of its issuer. Raises EngineError (keys cannot be
    read); everything else is a problem of the judgement."""
    found = Judgement()
    try:
        _open(token, found)
        _find_issuer(found)
    except Invalid as error:
        found.problems += error.problems
        return found
    assert found.issuer is not None
    keys = keys_of(found.issuer, found.kid, reach=reach)
    found.problems += _signature_problems(token, found, keys)
    found.problems += audience_problems(found.claims, found.issuer.audience)
    found.problems += time_problems(found.claims, database_now().timestamp())
    rows = found.issuer.rules.select_related("team")
    found.tried = [Tried(row, why_not(row.rule, found.claims)) for row in rows]
    if found.rule is None:
        found.problems.append(("rules", f"no rule of {found.issuer.url} lets this job in"))
    return found


def _open(token: str, found: Judgement) -> None:
    """Header and claims, not to be believed yet. Raises Invalid."""
    if len(token) > LONGEST or not token.isascii() or not is_of_ci(token):
        raise Invalid("token", f"a JWT of three parts and at most {LONGEST:,} characters")
    try:
        parts = jwt.api_jws.decode_complete(token, options={"verify_signature": False})
        claims = json.loads(parts["payload"])
        json.dumps([parts["header"], claims], ensure_ascii=False).encode()
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Invalid("token", "cannot be read as a JWT") from error
    if not isinstance(claims, dict):
        raise Invalid("token", "its claims are no JSON object")
    header, found.claims = parts["header"], claims
    found.algorithm, found.kid = str(header.get("alg"))[:40], str(header.get("kid", ""))[:_TEXT]
    problems = []
    if found.algorithm not in ALGORITHMS:
        problems.append(("alg", f"is {found.algorithm}, not {' or '.join(ALGORITHMS)}"))
    if not found.kid:
        problems.append(("kid", "is missing: it says which key signed"))
    if problems:
        raise Invalid.of(problems)


def _find_issuer(found: Judgement) -> None:
    said = found.claims.get("iss")
    text = said if isinstance(said, str) and said.isprintable() else ""
    found.issuer = OidcIssuer.objects.filter(url=text[:_TEXT], is_active=True).first()
    if found.issuer is None or text != found.issuer.url:
        found.issuer = None
        raise Invalid("iss", f"“{text[:_TEXT]}” is not configured here")


def _signature_problems(token: str, found: Judgement, keys: Sequence[dict[str, str]]) -> Problems:
    assert found.issuer is not None
    named = [key for key in keys if key["kid"] == found.kid]
    if not named:
        return [("kid", f"{found.issuer.url} publishes no such key")]
    for row in named:
        try:
            key = read_key(row, found.algorithm)
            jwt.api_jws.decode(token, key, algorithms=[found.algorithm])
        except jwt.PyJWTError:
            continue
        return []
    return [("signature", "is not that of the key it names")]


def _note(row: OidcRule, found: Judgement) -> None:
    """That the rule was used, and by whose job; no part of the token."""
    now = database_now()
    if row.last_used_at is not None and now - row.last_used_at <= _NOTED_EVERY:
        return
    OidcRule.objects.filter(pk=row.pk).update(last_used_at=now)
    log.info(
        "ci.signed_in",
        extra={"team": row.team.slug, "subject": str(found.claims.get("sub", ""))[:_TEXT]},
    )
